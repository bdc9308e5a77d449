"""Arrays as few bytes, and back."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

import numpy as np

from hiddenspace.errors import DataError

LARGEST = 2**31
"""Bytes that a block may have when it is unpacked."""

Kind = tuple[str, tuple[int, ...]]
"""Type and shape of an array; little endian."""


def packed(*arrays: np.ndarray) -> bytes:
    """Arrays one after the other, first their lowest bytes, then the next, and so on: high bytes are mostly alike."""
    planes = [np.ascontiguousarray(a.astype(a.dtype.newbyteorder("<"))).reshape(-1, 1).view(np.uint8).T for a in arrays]
    return zlib.compress(b"".join(plane.tobytes() for plane in planes), 9)


def unpacked(block: bytes, kinds: Sequence[Kind]) -> list[np.ndarray]:
    """What `packed` made of arrays of these types and shapes.

    Raises
    ------
    DataError
        If the block holds more or fewer bytes.
    """
    sizes = [np.dtype(kind).itemsize * math.prod(shape) for kind, shape in kinds]
    raw = inflated(block, sum(sizes))
    if len(raw) != sum(sizes):
        raise DataError("the header does not hold what it should.")
    arrays, start = [], 0
    for (kind, shape), size in zip(kinds, sizes, strict=True):
        planes = np.frombuffer(raw, np.uint8, size, start).reshape(np.dtype(kind).itemsize, -1)
        arrays.append(np.ascontiguousarray(planes.T).view(np.dtype(kind)).reshape(shape))
        start += size
    return arrays


def inflated(block: bytes, most: int = LARGEST) -> bytes:
    """Unpacks at most so many bytes.

    Raises
    ------
    DataError
        If there are more, or it is no packed block.
    """
    try:
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(block, max(1, min(most, LARGEST)))
    except zlib.error as error:
        raise DataError(f"a part of it cannot be unpacked ({error}).") from error
    if not unpacker.eof:
        raise DataError("a part of it is larger or smaller than it should be.")
    return raw
