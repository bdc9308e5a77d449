"""A kernel density over whitened codes."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from hiddenspace.space.density import held_out, normal_logs

BANDWIDTHS = np.geomspace(0.1, 1.5, 20)
"""Those that are tried, in units of Silverman's rule."""
AT_A_TIME = 500
"""Codes that are held against all centres at once."""


class Kernel:
    """A Gaussian about each of many codes (Parzen 1962).

    Parameters
    ----------
    centres : ndarray (c, k)
    bandwidth : float
        Standard deviation of each, in every direction.
    """

    def __init__(self, centres: np.ndarray, bandwidth: float) -> None:
        self.centres, self.bandwidth = centres, bandwidth

    @classmethod
    def fit(cls, white: np.ndarray, rng: np.random.Generator) -> Kernel:
        """The bandwidth is that under which held-out codes are most probable, among 20 about Silverman's (1986)."""
        learned, judged = held_out(white, rng)
        size = white.shape[1]
        silverman = (4 / ((size + 2) * len(learned))) ** (1 / (size + 4))
        squares = _squares(judged[:AT_A_TIME], learned)
        means = [_logs(squares, silverman * times, size).mean() for times in BANDWIDTHS]
        return cls(np.vstack([learned, judged]), silverman * float(BANDWIDTHS[int(np.argmax(means))]))

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        chosen = self.centres[rng.integers(len(self.centres), size=n)]
        return chosen + self.bandwidth * rng.standard_normal(chosen.shape)

    def log_density(self, white: np.ndarray) -> np.ndarray:
        parts = (white[start : start + AT_A_TIME] for start in range(0, len(white), AT_A_TIME))
        size = self.centres.shape[1]
        return np.concatenate([_logs(_squares(part, self.centres), self.bandwidth, size) for part in parts])


def _squares(white: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared distances (n, c)."""
    lengths = (white**2).sum(1)[:, None] + (centres**2).sum(1)
    squares: np.ndarray = np.maximum(lengths - 2 * white @ centres.T, 0)
    return squares


def _logs(squares: np.ndarray, bandwidth: float, size: int) -> np.ndarray:
    logs: np.ndarray = logsumexp(normal_logs(squares / bandwidth**2, size), axis=1)
    shared: np.ndarray = logs - np.log(squares.shape[1]) - size * np.log(bandwidth)
    return shared
