"""Whether generated items are copies of those that were learned from."""

from __future__ import annotations

import numpy as np
from scipy.stats import betabinom

from hiddenspace.errors import DataError
from hiddenspace.metrics.distances import about_one_centre, squared_distances

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
    moved, about_zero = about_one_centre(flat, others)
    starts = range(0, len(flat), AT_A_TIME)
    parts = [squared_distances(moved[start : start + AT_A_TIME], about_zero).argmin(1) for start in starts]
    positions = np.concatenate(parts)
    # not from the products above, which lose the digits of small distances
    distances = np.sqrt(((flat.astype(np.float64) - others[positions]) ** 2).sum(1))
    return positions, distances


def copied_share(generated: np.ndarray, training: np.ndarray, held_out: np.ndarray) -> float:
    """The share of generated items that are suspiciously near to an item that was learned from.

    Suspicious is what is nearer than 99 of 100 held-out items are, so that 0.01 is what honest items of the same kind
    would have. Blurred items are nearer to everything: compare with the reconstructions of held-out items. Held-out
    items that repeat one learned from exactly, as rows of a table do, do not count among the 100, and their share is
    taken off.

    Parameters
    ----------
    generated, training, held_out : ndarray (n, ...), (m, ...), (h, ...)
        Items, or features of them.

    Returns
    -------
    float
        From 0 to 1.
    """
    return suspicious_share(nearest(generated, training)[1], nearest(held_out, training)[1])


def suspicious_share(generated: np.ndarray, held_out: np.ndarray) -> float:
    """`copied_share` by the distances (n,) and (h,) of both to the nearest item that was learned from."""
    apart = held_out[held_out > 0]
    if not len(apart):
        return 0.0
    repeats = 1 - len(apart) / len(held_out)
    return max(0.0, float((generated < np.percentile(apart, PERCENTILE)).mean()) - repeats)


def honest_share(generated: int, held_out: int) -> float:
    """The `copied_share` that so many honest items exceed in fewer than one of 100 cases.

    The fewer are held out, the less is known of how near 1 of 100 comes. The threshold lies below the k-th smallest of
    m distances with k = floor((m - 1) / 100) + 2, and below that falls a Beta(k, m + 1 - k) share of honest items,
    whatever their distribution.
    """
    k = min(held_out, int((held_out - 1) * PERCENTILE / 100) + 2)
    return float(betabinom.ppf(0.99, generated, k, held_out + 1 - k)) / generated
