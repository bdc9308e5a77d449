"""The digits of USPS, as they go round: in LIBSVM's lines, in those of a book, and as HDF5."""

from __future__ import annotations

import bz2
import gzip
import re
import zlib
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from hiddenspace.data.idx import GZIP
from hiddenspace.errors import DataError

Digits = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Images (n, 16, 16) in [0, 1] and labels (n,), 0 to 9."""

SIDE = 16
BZIP2 = b"BZh"
DAMAGE = (OSError, EOFError, ValueError, zlib.error)
SNIFFED = 2**14
"""Bytes within which the first line ends."""
SPARSE, NUMBER = re.compile(rb"\s*[-+.\w]+\s+\d+:[-+.\w]+\s"), re.compile(rb"[-+]?\d+(\.\d*)?")


def is_usps_text(path: Path) -> bool:
    """Whether the first line has labelled values by number, as LIBSVM's have, or a label and 256 values."""
    try:
        with _opened(path) as file:
            line = file.read(SNIFFED).split(b"\n")[0] + b"\n"
    except DAMAGE:
        return False
    numbers = line.split()
    dense = len(numbers) == 1 + SIDE**2 and all(NUMBER.fullmatch(number) for number in numbers[:2])
    return dense or bool(SPARSE.match(line))


def read_usps_text(path: Path) -> Digits:
    """Lines of "label 1:value 2:value ..." with 10 for the digit 0 ... or of "label value value ...".

    The first are those of LIBSVM's `usps`, whose labels are one more than the digit; the second those of `zip.train` of
    Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning". Values are in [-1, 1] in both. Either may
    be packed by gzip or bzip2.

    Raises
    ------
    DataError
        If the file holds anything else.
    """
    try:
        with _opened(path) as file:
            data = file.read()
        sparse = bool(SPARSE.match(data[:SNIFFED]))
        values, labels = _sparse(data) if sparse else _dense(data)
    except DAMAGE as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise DataError(
            f"{path.name} does not hold the digits of USPS ({reason}); give usps.bz2 or zip.train.gz as they are."
        ) from error
    return _digits(path.name, (values + 1) / 2, labels - sparse)


def read_usps_h5(path: Path) -> tuple[Digits, Digits]:
    """The training and the test part of `usps.h5`: groups train and test, each of data (n, 256) and target (n,).

    Raises
    ------
    DataError
        If h5py is not installed, or the file holds anything else.
    """
    try:
        h5py = import_module("h5py")
    except ImportError as error:
        raise DataError(f"{path.name} is read by h5py, which is missing; pip install h5py.") from error
    try:
        with h5py.File(path, "r") as file:
            found = [(np.asarray(file[part]["data"]), np.asarray(file[part]["target"])) for part in ("train", "test")]
    except (*DAMAGE, KeyError, TypeError) as error:
        raise DataError(
            f"{path.name} lacks train and test, each of data and target, as usps.h5 has them; give another file."
        ) from error
    train, test = (_digits(path.name, values, labels) for values, labels in found)
    return train, test


def _opened(path: Path) -> IO[bytes] | gzip.GzipFile | bz2.BZ2File:
    with path.open("rb") as file:
        start = file.read(3)
    if start.startswith(GZIP):
        return gzip.open(path)
    return bz2.open(path) if start == BZIP2 else path.open("rb")


def _sparse(data: bytes) -> tuple[NDArray[Any], NDArray[Any]]:
    from sklearn.datasets import load_svmlight_file  # heavy, and only needed here

    values, labels = load_svmlight_file(BytesIO(data), n_features=SIDE**2, zero_based=False)
    return values.toarray(), labels


def _dense(data: bytes) -> tuple[NDArray[Any], NDArray[Any]]:
    table = np.loadtxt(BytesIO(data), ndmin=2)
    return table[:, 1:], table[:, 0]


def _digits(name: str, values: NDArray[Any], labels: NDArray[Any]) -> Digits:
    """Checked, and in one form."""
    if values.ndim != 2 or values.shape[1] != SIDE**2 or values.dtype.kind != "f" or not len(values):
        raise DataError(f"{name} does not hold {SIDE}x{SIDE} numbers for each digit, as USPS does; give another file.")
    if not ((values >= 0) & (values <= 1)).all():
        raise DataError(f"{name} holds values out of the range of USPS; give another file.")
    if labels.shape != (len(values),) or not np.isin(labels, np.arange(10)).all():
        raise DataError(f"{name} holds labels that are no digits of USPS; give another file.")
    return values.reshape(-1, SIDE, SIDE).astype(np.float32), labels.astype(np.int64)
