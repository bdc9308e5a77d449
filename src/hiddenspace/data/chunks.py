"""Figures about arrays that may be larger than memory, a piece at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeGuard

import numpy as np

BYTES = 32 * 2**20
CACHED = 2**20
"""So much still lies in the processor's cache at a second look."""


def in_memory(x: Any) -> TypeGuard[np.ndarray]:
    """Whether it is an array that is all there, and no memory map."""
    return isinstance(x, np.ndarray) and not isinstance(x, np.memmap)


def chunks(x: Any, bytes_: int = BYTES) -> Iterator[np.ndarray]:
    """Consecutive pieces of an array, a memory map or lazily read rows, of about so many bytes."""
    per_row = int(np.prod(x.shape[1:], dtype=np.int64)) * np.dtype(x.dtype).itemsize
    rows = max(1, bytes_ // max(1, per_row))
    for start in range(0, len(x), rows):
        stop = min(start + rows, len(x))
        yield np.asarray(x[start:stop] if isinstance(x, np.ndarray) else x[np.arange(start, stop)])


def extremes(x: Any) -> tuple[float, float]:
    """The smallest and the largest value."""
    lows, highs = zip(*((float(part.min()), float(part.max())) for part in chunks(x, CACHED)), strict=True)
    return min(lows), max(highs)


def mean_and_std(x: Any) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column in float64, in two passes."""
    count = len(x)
    mean = np.sum([part.sum(axis=0, dtype=np.float64) for part in chunks(x)], axis=0) / count
    squares = np.sum([((part - mean) ** 2).sum(axis=0) for part in chunks(x)], axis=0)
    return mean, np.sqrt(squares / count)


class Mapped:
    """An array-like whose rows pass through a function when they are read.

    Parameters
    ----------
    source : array-like
        Has `shape` and indexing by an integer array.
    function : callable
        Rows -> float32 rows of the same shape.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, source: Any, function: Callable[[np.ndarray], np.ndarray]) -> None:
        self.source, self.function = source, function
        self.shape = tuple(source.shape)

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: Any) -> np.ndarray:
        return self.function(np.asarray(self.source[index]))


def mapped(x: Any, function: Callable[[np.ndarray], np.ndarray]) -> Any:
    """What is in memory is converted now, piece by piece; anything else when it is read."""
    if not in_memory(x):
        return Mapped(x, function)
    converted = np.empty(x.shape, np.float32)
    start = 0
    for part in chunks(x):
        converted[start : start + len(part)] = function(part)
        start += len(part)
    return converted


def sample(x: Any, most: int) -> np.ndarray:
    """At most so many rows, evenly spaced."""
    if len(x) <= most:
        return np.asarray(x[:] if isinstance(x, np.ndarray) else x[np.arange(len(x))])
    return np.asarray(x[np.linspace(0, len(x) - 1, most).astype(np.intp)])
