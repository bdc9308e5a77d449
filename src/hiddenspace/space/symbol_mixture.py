"""The probabilities by which whole numbers are coded: a mixture of normal distributions, itself in whole numbers.

An item belongs to one of k components, which is coded first; then each of its numbers is predicted from those before
it, linearly and by its component, and what remains is coded as normal about zero. That is a mixture with full
covariances, factored as p(q_1) p(q_2 | q_1) ... (by Cholesky). Naming the component costs more than a mixture has to
(bits back would save it): 0.01 bytes for a digit of MNIST with ten components.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from hiddenspace.space.normal_tables import PARTS, PRECISION, Table, index_of_width, width
from hiddenspace.space.packing import packed
from hiddenspace.space.quantiser import FARTHEST

SHIFTS = 8
"""Means are eighths of a step, coefficients 2^-8 of that of a step."""
UNIT = 16
"""Coefficients are stored in sixteenths, in units of the standard deviations that they connect."""
FINEST = 3 + SHIFTS
LEAST_ROWS = 3
"""Items for each number that a component's parameters are estimated from, at least."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """Probabilities of whole numbers (n, r).

    Attributes
    ----------
    weights : (k,) uint16
        How common each component is, in parts of their sum; at least 1.
    widths : (k, r) uint8
        Indices of the standard deviations.
    means : (k, r) int64
        Eighths: what is expected where all numbers before are zero.
    links : (k, r, r) int8
        How each number depends on those before it, below the diagonal; or (k, 0, 0) where no number does.
    """

    weights: np.ndarray
    widths: np.ndarray
    means: np.ndarray
    links: np.ndarray

    @property
    def linked(self) -> bool:
        """Whether numbers are predicted from those before."""
        return bool(self.links.shape[1])

    def coefficients(self, component: int) -> np.ndarray:
        """(r, r) int64, in 2^-11: the links in units of steps, which only literals and products make."""
        widths = width(self.widths[component])
        ratio = widths[:, None] / widths[None]
        exact = self.links[component] / UNIT * ratio * 2.0**FINEST
        return np.clip(np.rint(exact), -(2.0**20), 2.0**20).astype(np.int64)  # type: ignore[no-any-return]

    def expected(self, component: int, before: np.ndarray, number: int, coefficients: np.ndarray | None) -> np.ndarray:
        """What a number is expected to be, (m,) int64 in eighths, given the (m, number) before it."""
        mean = np.full(len(before), self.means[component, number])
        if coefficients is not None:
            mean += (before @ coefficients[number, :number] + (1 << SHIFTS - 1)) >> SHIFTS
        clipped: np.ndarray = np.clip(mean, -FARTHEST * PARTS, FARTHEST * PARTS)
        return clipped

    def common(self) -> Table:
        """Of the components."""
        return Table(self.weights / self.weights.sum())

    def costs(self, symbols: np.ndarray) -> np.ndarray:
        """Bits of items (n, r) in each component, (n, k), to a good approximation."""
        costs = np.empty((len(symbols), len(self.weights)))
        for k, share in enumerate(self.weights / self.weights.sum()):
            expected = np.broadcast_to(self.means[k] / PARTS, symbols.shape)
            if self.linked:
                expected = expected + symbols @ (self.coefficients(k).T * 2.0**-FINEST)
            variance = width(self.widths[k]) ** 2 + 1 / 12
            squares = np.minimum((symbols - expected) ** 2 / variance, 2.0 * PRECISION)
            bits = 0.5 * (squares / np.log(2) + np.log2(2 * np.pi * variance))
            costs[:, k] = np.maximum(bits, 0).sum(1) - np.log2(share)
        return costs


def best_mixture(symbols: np.ndarray, examples: np.ndarray) -> Mixture:
    """The mixture with the fewest bytes for symbols and its own parameters together.

    Parameters
    ----------
    symbols : (n, r) int64
        What shall be coded.
    examples : (m, r)
        Such numbers before they are rounded, to which it is fitted.

    Notes
    -----
    One component, or 8, 16 and 32 of them, unlinked or linked, as long as more can pay.
    """
    best = single(examples)
    least = _bytes(best, symbols)
    for components, linked in ((8, False), (8, True), (16, True), (32, True)):
        numbers = components * symbols.shape[1] * (1 + linked * symbols.shape[1] / 2)
        rows = LEAST_ROWS * components * symbols.shape[1]
        if not 0 < numbers < least / 4 or len(examples) < rows:
            continue
        tried = fitted(examples, components, linked=linked)
        size = _bytes(tried, symbols)
        if size < least:
            best, least = tried, size
        elif linked:
            break
    return best


def single(examples: np.ndarray) -> Mixture:
    """One component, no number of which depends on another."""
    return _mixture(np.ones(1), examples.mean(0)[None], examples.var(0)[None], np.zeros((1, 0, 0)))


def fitted(examples: np.ndarray, components: int, *, linked: bool) -> Mixture:
    """A mixture fitted by expectation and maximisation."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    kind = "full" if linked else "diag"
    # variances are differences of squares, which of very large numbers lose more digits than usual regularisation adds
    least = max(1e-2, 1e-13 * float(np.square(examples, dtype=np.float64).max(initial=0.0)))
    model = GaussianMixture(components, covariance_type=kind, max_iter=30, tol=1e-2, reg_covar=least, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # also where there are fewer different items
        model.fit(examples)
    if not linked:
        return _mixture(model.weights_, model.means_, model.covariances_, np.zeros((components, 0, 0)))
    lower = np.linalg.cholesky(model.covariances_)
    deviations = np.diagonal(lower, axis1=1, axis2=2)
    links = np.eye(lower.shape[1]) - np.linalg.inv(lower / deviations[:, None, :])
    return _mixture(model.weights_, model.means_, deviations**2, links)


def _mixture(weights: np.ndarray, means: np.ndarray, variances: np.ndarray, links: np.ndarray) -> Mixture:
    """From means (k, r), variances (k, r) of what is not predicted, and links in units of steps, all exact."""
    rounding = (links**2).sum(2) / 12 if links.shape[1] else 0.0  # of the numbers that others are predicted from
    widths = index_of_width(np.sqrt(variances + rounding))
    shares = np.maximum(1, np.rint(weights / weights.sum() * (2**15))).astype(np.uint16)
    if links.shape[1]:
        deviations = width(widths)
        links = links * (UNIT * deviations[:, None, :] / deviations[:, :, None])
    whole = np.tril(np.clip(np.rint(links), -127, 127).astype(np.int8), -1)
    made = Mixture(shares, widths, np.zeros(means.shape, np.int64), whole)
    bound = float(FARTHEST * PARTS)
    if made.linked:
        means = np.stack([m - made.coefficients(k) * 2.0**-FINEST @ m for k, m in enumerate(means)])
    return replace(made, means=np.rint(np.clip(means * PARTS, -bound, bound)).astype(np.int64))


def _bytes(mixture: Mixture, symbols: np.ndarray) -> float:
    """Of items and parameters together."""
    costs = sum(float(mixture.costs(part).min(1).sum()) for part in chunks(symbols))
    return costs / 8 + len(packed(mixture.weights, mixture.widths, mixture.means, mixture.links))


def chunks(symbols: np.ndarray) -> Iterator[np.ndarray]:
    """4096 items at a time."""
    for start in range(0, len(symbols), 4096):
        yield symbols[start : start + 4096]
