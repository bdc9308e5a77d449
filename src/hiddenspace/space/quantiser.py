"""Codes as whole numbers and back: a lattice of equal steps, turned and stretched so that equal steps are best.

An error e of the code costs e^T M e in the items, where M is the decoder's metric. In y = V^T M^(1/2) (z - mean), with
V the eigenvectors of M^(1/2) C M^(1/2) and C the covariance of the codes, errors cost their squared length and the
numbers are uncorrelated, so that one step for all of them is optimal, and a number of variance below the error of the
step (step^2 / 12, the water level) is better left out (reverse water-filling; Cover and Thomas 2006, section 10.3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

FARTHEST = 2**30 - 1
"""Whole numbers stay within this; a code farther away is moved there."""
TURNED = 1024
"""Longer codes are not turned: the matrix would have more than a million numbers."""
MANTISSA = 15
"""Bits of the numbers from which codes are restored."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """Whole numbers -> codes, with the same bits on every machine: sums of whole numbers, one product, one sum.

    Attributes
    ----------
    centre : (d,) float32
        The code of zeros.
    exponents : (d,) int16
        Of two, for each number of the code.
    mantissas : (d, r) int16, or (d,) where the lattice is not turned and r = d
        Times two to the exponent: what a step of each whole number adds to the code.
    """

    centre: np.ndarray
    exponents: np.ndarray
    mantissas: np.ndarray

    @property
    def rank(self) -> int:
        """Whole numbers for each code."""
        return int(self.mantissas.shape[-1])

    def restore(self, symbols: np.ndarray) -> np.ndarray:
        """(n, r) int64 -> codes (n, d) float32."""
        whole = self.mantissas.astype(np.int64)
        sums = symbols * whole if whole.ndim == 1 else symbols @ whole.T
        codes = sums.astype(np.float64) * np.ldexp(1.0, self.exponents.astype(np.int64))
        return np.clip(codes + self.centre, *_FLOAT32).astype(np.float32)  # type: ignore[no-any-return]


@dataclass(frozen=True, eq=False)
class Quantiser:
    """Codes -> whole numbers, and the lattice that leads back.

    Attributes
    ----------
    analysis : (r, d), or (d,) where the lattice is not turned
        What is rounded is analysis (code - centre).
    lattice : Lattice
    """

    analysis: np.ndarray
    lattice: Lattice

    def position(self, codes: np.ndarray) -> np.ndarray:
        """(n, d) codes -> (n, r) float64, in steps, not yet rounded, but within what can be coded."""
        away = codes.astype(np.float64) - self.lattice.centre
        position: np.ndarray = away * self.analysis if self.analysis.ndim == 1 else away @ self.analysis.T
        return np.clip(position, -FARTHEST, FARTHEST)  # type: ignore[no-any-return]

    def quantise(self, codes: np.ndarray) -> np.ndarray:
        """(n, d) codes -> (n, r) int64, the nearest whole numbers."""
        return np.rint(self.position(codes)).astype(np.int64)  # type: ignore[no-any-return]


@dataclass(frozen=True, eq=False)
class Axes:
    """Directions of code space for which equal steps are best, before a step is chosen.

    Attributes
    ----------
    mean : (d,)
    forward : (d, d), or (d,) where they are not turned
        Takes code - mean to coordinates whose squared errors are those of the items.
    backward : like forward
        And back.
    variances : (d,)
        Of the coordinates.
    """

    mean: np.ndarray
    forward: np.ndarray
    backward: np.ndarray
    variances: np.ndarray

    def quantiser(self, step: float) -> Quantiser:
        """With this step in every coordinate, and without those that lie under the water level."""
        kept = self.variances > step**2 / 12
        if self.forward.ndim == 1:
            return _quantiser(self.mean, np.where(kept, self.forward / step, 0.0), self.backward * step)
        return _quantiser(self.mean, self.forward[kept] / step, self.backward[:, kept] * step)

    def unturned(self, metric: np.ndarray, spread: np.ndarray) -> Axes:
        """Along the numbers of the code themselves: fewer parameters, for few items."""
        scale = np.sqrt(np.diag(metric)) / spread
        return replace(self, forward=scale, backward=1 / scale, variances=(scale * spread) ** 2)


def spread_of(codes: np.ndarray) -> np.ndarray:
    """Standard deviations (d,), 1 where a number of the code is the same for all."""
    spread = codes.astype(np.float64).std(0)
    unit = 1e-6 * np.abs(codes).max(0, initial=0.0).astype(np.float64)
    positive: np.ndarray = np.where(spread > unit, spread, np.maximum(1.0, unit))
    return positive


def axes_of(codes: np.ndarray, metric: np.ndarray, spread: np.ndarray) -> Axes:
    """The axes for codes (n, d) under a metric in units of their spread.

    Directions that the decoder hardly sees get a millionth of the mean sensitivity, so that codes can be restored.
    """
    mean = codes.astype(np.float64).mean(0)
    unit = (codes - mean) / spread
    values, vectors = np.linalg.eigh(metric)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    variances, turn = np.linalg.eigh(root @ (unit.T @ unit / len(unit)) @ root)
    variances, turn = variances[::-1], turn[:, ::-1]
    inverse = (vectors / np.sqrt(np.maximum(values, np.finfo(float).tiny))) @ vectors.T
    forward = (turn.T @ root) / spread
    backward = (inverse @ turn) * spread[:, None]
    return Axes(mean, forward, backward, np.maximum(variances, 0))


def regularised(metric: np.ndarray) -> np.ndarray:
    """A metric (d, d) that is positive: a millionth of its mean is added to every direction."""
    mean = np.trace(metric) / len(metric)
    return metric + (1e-6 * mean if mean > 0 else 1.0) * np.eye(len(metric))


_FLOAT32 = (np.finfo(np.float32).min, np.finfo(np.float32).max)


def _quantiser(mean: np.ndarray, analysis: np.ndarray, synthesis: np.ndarray) -> Quantiser:
    """With what is stored for restoring rounded: the centre to half precision where that reaches so far."""
    rough = mean.astype(np.float16) if np.abs(mean).max(initial=0) < 2**15 else mean
    largest = np.abs(synthesis) if synthesis.ndim == 1 else np.abs(synthesis).max(1, initial=0)
    exponents = np.frexp(largest)[1] - MANTISSA
    scaled = np.ldexp(synthesis, -exponents if synthesis.ndim == 1 else -exponents[:, None])
    mantissas = np.clip(np.rint(scaled), -(2**MANTISSA) + 1, 2**MANTISSA - 1).astype(np.int16)
    return Quantiser(analysis, Lattice(rough.astype(np.float32), exponents.astype(np.int16), mantissas))
