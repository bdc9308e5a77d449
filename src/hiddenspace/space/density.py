"""What a density of whitened codes is, the simplest one, and how codes are held out to choose a better one."""

from __future__ import annotations

from typing import Protocol

import numpy as np

MOST = 20_000
"""Codes that a mixture or a kernel density is fitted to, drawn at random from more."""
HELD_OUT, MOST_HELD_OUT = 0.1, 1_000
"""The part of them by which the number of components, or the bandwidth, is chosen."""


class Density(Protocol):
    """Of k numbers with zero mean and unit covariance."""

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """(n, k) float64."""
        ...

    def log_density(self, white: np.ndarray) -> np.ndarray:
        """(n, k) -> (n,) in nats."""
        ...


class StandardNormal:
    """N(0, 1) in each dimension: of whitened codes this is the Gaussian with full covariance.

    Parameters
    ----------
    size : int
        Dimensions.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.standard_normal((n, self.size))

    def log_density(self, white: np.ndarray) -> np.ndarray:
        return normal_logs((white**2).sum(1), white.shape[1])


def normal_logs(squares: np.ndarray, size: int) -> np.ndarray:
    """Log N(z; 0, 1) of z with these squared lengths, in `size` dimensions."""
    logs: np.ndarray = -0.5 * (squares + size * np.log(2 * np.pi))
    return logs


def held_out(white: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Some of the codes at random, in two parts: to learn from, and to choose by."""
    some = white[rng.permutation(len(white))[:MOST]]
    count = min(MOST_HELD_OUT, max(1, int(HELD_OUT * len(some))))
    return some[count:], some[:count]
