"""Precision and recall of generated items: are they like real ones, and are all real ones among them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hiddenspace.errors import DataError, UsageError

AT_A_TIME = 1_000


class PrecisionRecall(NamedTuple):
    """Each from 0 to 1."""

    precision: float
    recall: float


def precision_recall(real: np.ndarray, generated: np.ndarray, k: int = 3) -> PrecisionRecall:
    """The share of generated items that lie in the manifold of the real ones, and the other way round.

    A manifold is the union of balls about its items, each as large as the distance to its k-th nearest neighbour
    among them (Kynkäänniemi et al. 2019; k = 3 as there).

    Parameters
    ----------
    real, generated : ndarray (n, d), (m, d)
        Features, of more than k items each.
    k : int
        1 or more. Larger balls forgive more.

    Raises
    ------
    DataError
        If the sets do not have the same features, or not more than k items.
    UsageError
        If k is below 1.
    """
    if k < 1:
        raise UsageError(f"k={k} is no number of neighbours; use 1 or more.")
    if real.ndim != 2 or generated.ndim != 2 or real.shape[1] != generated.shape[1]:
        raise DataError(f"both sets must be (n, d) of the same features, not {real.shape} and {generated.shape}.")
    if min(len(real), len(generated)) <= k:
        raise DataError(f"k={k} needs more than {k} items in each set, not {len(real)} and {len(generated)}.")
    return PrecisionRecall(_share_within(real, generated, k), _share_within(generated, real, k))


def _share_within(items: np.ndarray, others: np.ndarray, k: int) -> float:
    """The share of the others that lie in the manifold of the items."""
    radii = np.concatenate([_radii(items, start, k) for start in range(0, len(items), AT_A_TIME)])
    parts = (others[start : start + AT_A_TIME] for start in range(0, len(others), AT_A_TIME))
    within = [(squared_distances(part, items) <= radii).any(1) for part in parts]
    return float(np.concatenate(within).mean())


def _radii(items: np.ndarray, start: int, k: int) -> np.ndarray:
    """Squared distances to the k-th neighbour, of the items from `start` on."""
    some = items[start : start + AT_A_TIME]
    squares = squared_distances(some, items)
    squares[np.arange(len(some)), start + np.arange(len(some))] = np.inf  # nobody is a neighbour of itself
    radii: np.ndarray = np.partition(squares, k - 1, axis=1)[:, k - 1]
    return radii


def squared_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(n, d), (m, d) -> (n, m), at least 0, in the type of the arrays."""
    lengths = (first**2).sum(1)[:, None] + (second**2).sum(1)
    squares: np.ndarray = np.maximum(lengths - 2 * first @ second.T, 0)
    return squares
