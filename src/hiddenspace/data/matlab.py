"""MATLAB 5 files (.mat, to version 7): their numeric arrays by name.

Read here and not by scipy, which a damaged file can crash together with the whole process.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiddenspace.errors import DataError

HEADER = 128
VERSION_5, VERSION_73 = b"\x00\x01IM", b"\x00\x02IM"
"""Ends of the header; IM says that small bytes come first, as on all machines that MATLAB still runs on."""
TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
"""Of numbers as they are stored."""
CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
"""Of arrays as they are in MATLAB, which may be stored in a smaller type."""
MATRIX, COMPRESSED = 14, 15
COMPLEX = 0x0800
DAMAGE = (struct.error, zlib.error, ValueError)

Element = tuple[int, memoryview]
"""A type, and what is in it."""


def read_matlab(path: Path) -> dict[str, NDArray[Any]]:
    """The real numeric arrays of a file, by name; others are passed over.

    Raises
    ------
    DataError
        If it is no such file, or is damaged.
    """
    data = memoryview(path.read_bytes())
    if data[HEADER - 4 : HEADER] == VERSION_73:
        raise DataError(f"{path.name} is a MATLAB file of version 7.3; save it with -v7, or as .npz.")
    if data[HEADER - 4 : HEADER] != VERSION_5:
        raise DataError(f"{path.name} is no MATLAB file of version 5 to 7; give another, or save arrays as .npz.")
    try:
        return dict(array for matrix in _matrices(data[HEADER:]) for array in _arrays(matrix))
    except DAMAGE as error:
        raise DataError(f"{path.name} is damaged ({' '.join(str(error).split())}); download it again.") from error


def _matrices(data: memoryview) -> Iterator[memoryview]:
    """What is in each matrix of the file, which may be compressed by itself."""
    for outer, content in _elements(data):
        inner = _elements(memoryview(zlib.decompress(content))) if outer == COMPRESSED else [(outer, content)]
        yield from (matrix for kind, matrix in inner if kind == MATRIX)


def _elements(data: memoryview) -> Iterator[Element]:
    """One after the other."""
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        start, end = at + 8, at + 8 + size + (0 if kind == COMPRESSED else -size % 8)
        if kind >> 16:  # a small one, which is in its own tag
            kind, size, start, end = kind & 0xFFFF, kind >> 16, at + 4, at + 8
        content = data[start : start + size]
        if len(content) < size or start + size > end:
            raise ValueError("it ends too early")
        yield kind, content
        at = end


def _arrays(matrix: memoryview) -> Iterator[tuple[str, NDArray[Any]]]:
    """The name and the array of a matrix, if this holds real numbers."""
    parts = _elements(matrix)
    (_, flags), (_, sizes), (_, name) = (next(parts, (0, memoryview(b""))) for _ in range(3))
    (flag,) = struct.unpack("<I", flags[:4])
    if flag & 0xFF not in CLASSES or flag & COMPLEX:
        return
    kind, numbers = next(parts, (0, memoryview(b"")))
    shape = np.frombuffer(sizes, "<i4")
    if kind not in TYPES:
        raise ValueError(f"{kind} is no type of numbers")
    stored = np.frombuffer(numbers, "<" + TYPES[kind])
    if (shape < 0).any() or stored.size != np.prod(shape, dtype=object):
        raise ValueError(f"{stored.size} numbers for a shape of {tuple(shape.tolist())}")
    with np.errstate(invalid="ignore"):  # damaged floats as whole numbers
        array = stored.reshape(shape, order="F").astype(CLASSES[flag & 0xFF], copy=False)
    yield bytes(name).decode("ascii"), array
