"""The idx format of MNIST and its successors: a magic number, the sizes, big-endian numbers."""

import gzip
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiddenspace.errors import DataError

GZIP = b"\x1f\x8b"
TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def is_idx_file(path: Path) -> bool:
    """Whether the file begins as idx does, gzipped or not: two zero bytes, a type, the number of axes."""
    try:
        start = _read(path, 4)
    except (OSError, EOFError, zlib.error):
        return False
    return len(start) == 4 and start[:2] == b"\0\0" and start[2] in TYPES and start[3] > 0


def read_idx(path: Path) -> NDArray[Any]:
    """The array of an idx file, gzipped or not, in the machine's own byte order.

    Raises
    ------
    DataError
        If it is no idx file, or holds fewer or more bytes than its header says.
    """
    try:
        data = _read(path)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path.name} cannot be unpacked ({error}); download it again.") from error
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in TYPES:
        raise DataError(f"{path.name} is not an idx file; its first bytes are {data[:4]!r}.")
    axes = data[3]
    start = 4 + 4 * axes
    shape = np.frombuffer(data[4:start], ">u4").tolist() if len(data) >= start else []
    dtype = np.dtype(TYPES[data[2]])
    wanted = start + dtype.itemsize * int(np.prod(shape, dtype=object))
    if len(shape) != axes or len(data) != wanted:
        raise DataError(f"{path.name} holds {len(data)} bytes where its header asks for {wanted}; download it again.")
    return np.frombuffer(data, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))


def _read(path: Path, size: int = -1) -> bytes:
    with path.open("rb") as file:
        packed = file.read(2) == GZIP
    opener = gzip.open if packed else open
    with opener(path, "rb") as file:
        return bytes(file.read(size))
