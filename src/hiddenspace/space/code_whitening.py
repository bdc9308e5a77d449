"""Codes turned and scaled to unit covariance, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage

RANK = 1e-6
"""Directions whose variance is below this part of the largest do not vary."""
LEAST = 1e-8
"""Of the largest variance, the least that a direction is given."""


@dataclass(frozen=True, eq=False)
class Whitening:
    """white = (code - mean) directions / scales.

    Parameters
    ----------
    mean : ndarray (d,)
    directions : ndarray (d, d)
        Columns, those of the largest variance first.
    scales : ndarray (d,)
        Standard deviations along them.
    rank : int
        How many of the first directions codes vary in.
    """

    mean: np.ndarray
    directions: np.ndarray
    scales: np.ndarray
    rank: int

    @classmethod
    def of(cls, codes: np.ndarray) -> Self:
        """By the covariance of codes (n, d), shrunk towards a multiple of the identity (Ledoit and Wolf 2004).

        Directions that never vary are left out of that where there are more codes than dimensions: they are constant
        then, and not only unseen.
        """
        centred = codes.astype(np.float64)
        mean = centred.mean(0)
        centred -= mean
        variances, directions = np.linalg.eigh(centred.T @ centred / len(codes))
        variances, directions = np.maximum(variances[::-1], 0), directions[:, ::-1]
        rounding = 1e-14 * float((mean**2).max())  # float32 codes far from zero seem to vary
        rank = int((variances > max(RANK * variances[0], rounding)).sum())
        least = max(LEAST * variances[0], rounding, 1e-30)
        seen = rank if len(codes) > len(mean) else len(mean)
        if rank:
            shrinkage = ledoit_wolf_shrinkage(centred @ directions[:, :seen], assume_centered=True)
            variances[:seen] = (1 - shrinkage) * variances[:seen] + shrinkage * variances[:seen].mean()
        return cls(mean, directions, np.sqrt(np.maximum(variances, least)), rank)

    @classmethod
    def none(cls, size: int) -> Self:
        """Leaves codes of this size as they are."""
        return cls(np.zeros(size), np.eye(size), np.ones(size), size)

    @property
    def size(self) -> int:
        """Numbers in a code."""
        return len(self.mean)

    @property
    def log_determinant(self) -> float:
        """Of the way there: added to the log density of whitened codes it gives that of codes."""
        return -float(np.log(self.scales).sum())

    def there(self, codes: np.ndarray) -> np.ndarray:
        """(n, d) -> whitened (n, d) float64."""
        white: np.ndarray = (codes.astype(np.float64) - self.mean) @ self.directions / self.scales
        return white

    def back(self, white: np.ndarray) -> np.ndarray:
        """Whitened (n, d) -> codes (n, d) float32."""
        codes: np.ndarray = (white * self.scales) @ self.directions.T + self.mean
        return codes.astype(np.float32)
