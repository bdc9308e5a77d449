"""Euclidean distances between features, some rows at a time, so that memory does not grow with the square of a set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

AT_A_TIME = 1_000

Floats = NDArray[np.floating]


def squared_distances(first: Floats, second: Floats) -> Floats:
    """(n, d), (m, d) -> (n, m), at least 0, in the type of the arrays."""
    lengths = (first**2).sum(1)[:, None] + (second**2).sum(1)
    squares: Floats = np.maximum(lengths - 2 * first @ second.T, 0)
    return squares


def about_one_centre(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Both sets moved so that the second has its mean at zero: far from it, squared distances lose their digits."""
    centre = second.mean(0, dtype=np.float64)
    moved, at_zero = ((x - centre).astype(np.result_type(x, np.float32), copy=False) for x in (first, second))
    return moved, at_zero


@dataclass(frozen=True, eq=False)
class Balls:
    """A closed ball about each item of a set.

    Attributes
    ----------
    centres : (n, d)
    squared_radii : (n,)
    """

    centres: Floats
    squared_radii: Floats

    def holding(self, others: Floats) -> Iterator[NDArray[np.bool_]]:
        """Which balls hold which of the others (m, d): blocks of rows (b, n) that make up (m, n)."""
        for start in range(0, len(others), AT_A_TIME):
            yield squared_distances(others[start : start + AT_A_TIME], self.centres) <= self.squared_radii


class Neighbourhoods:
    """How far the nearest items of a set are from each other.

    Parameters
    ----------
    items
        (n, d), of more than `most` items.
    most
        How many neighbours of each are known.
    """

    def __init__(self, items: Floats, most: int) -> None:
        self.items = items
        blocks = [_nearest(items, start, most) for start in range(0, len(items), AT_A_TIME)]
        self._squares = np.concatenate(blocks)  # (n, most), the nearest first

    def balls(self, k: int) -> Balls:
        """About each item, as large as the distance to its k-th neighbour."""
        return Balls(self.items, self._squares[:, k - 1])


def _nearest(items: Floats, start: int, most: int) -> Floats:
    """Squared distances to the nearest others, of a block of items from `start` on."""
    some = items[start : start + AT_A_TIME]
    squares = squared_distances(some, items)
    squares[np.arange(len(some)), start + np.arange(len(some))] = np.inf  # nobody is a neighbour of itself
    return np.sort(np.partition(squares, most - 1, axis=1)[:, :most], axis=1)
