"""Whether generated items are copies of those that were learned from."""

from __future__ import annotations

import numpy as np

from hiddenspace.errors import DataError
from hiddenspace.metrics.distances import squared_distances

AT_A_TIME = 500
PERCENTILE = 1.0


def nearest(items: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each item the nearest one among others, by Euclidean distance.

    Parameters
    ----------
    items, among : ndarray (n, ...), (m, ...)
        Of the same shape but for the first axis.

    Returns
    -------
    positions : ndarray (n,)
        Among the others.
    distances : ndarray (n,)
        float64.

    Raises
    ------
    DataError
        If they are of different shapes, or there is none.
    """
    if items.shape[1:] != among.shape[1:] or not len(items) or not len(among):
        raise DataError(f"nearest items need two sets of one shape, not {items.shape} and {among.shape}.")
    flat, others = (np.ascontiguousarray(x.reshape(len(x), -1), np.float32) for x in (items, among))
    parts = [
        squared_distances(flat[start : start + AT_A_TIME], others).argmin(1) for start in range(0, len(flat), AT_A_TIME)
    ]
    positions = np.concatenate(parts)
    # not from the products above, which lose the digits of small distances
    distances = np.sqrt(((flat.astype(np.float64) - others[positions]) ** 2).sum(1))
    return positions, distances


def copied_share(generated: np.ndarray, training: np.ndarray, held_out: np.ndarray) -> float:
    """The share of generated items that are suspiciously near to an item that was learned from.

    Suspicious is what is nearer than 99 of 100 held-out items are, so that 0.01 is what honest items of the same kind
    would have. Blurred items are nearer to everything: compare with the reconstructions of held-out items.

    Parameters
    ----------
    generated, training, held_out : ndarray (n, ...), (m, ...), (h, ...)
        Items, or features of them.

    Returns
    -------
    float
        From 0 to 1.
    """
    threshold = np.percentile(nearest(held_out, training)[1], PERCENTILE)
    return float((nearest(generated, training)[1] < threshold).mean())
