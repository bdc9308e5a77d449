"""SVHN and USPS, which are domains of digits beside MNIST: their files, and folders of these, as data sets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from numpy.typing import ArrayLike

from hiddenspace.data.array_files import TESTS
from hiddenspace.data.arrays import from_array
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.svhn import read_svhn
from hiddenspace.data.usps import is_usps_text, read_usps_h5, read_usps_text
from hiddenspace.errors import DataError

MATLAB, HDF5 = ".mat", frozenset({".h5", ".hdf5"})
SUFFIXES = frozenset({MATLAB, *HDF5, ".bz2", ".t", ".train", ".test"})
"""Endings of names under which these files go round."""
PACKED = frozenset({".gz", ".bz2"})
RANGE = "The values of USPS, -1 to 1, were brought to 0 to 1."


def is_digit_file(path: Path) -> bool:
    """Whether it is a file of SVHN or USPS, by its name or by its first line."""
    return path.suffix.lower() in (MATLAB, *HDF5) or is_usps_text(path)


def read_digit_file(path: Path, *, labels: ArrayLike | None = None, name: str | None = None) -> Dataset:
    """One of these files by itself, with the labels it has unless others are given.

    Raises
    ------
    DataError
        If it holds anything else.
    """
    name = name or path.name
    if path.suffix.lower() in HDF5:
        (images, known), (more, more_known) = read_usps_h5(path)
        data = from_array(images, name=name, labels=known if labels is None else labels)
        return replace(data, test=from_array(more, name=f"{name} (test)", labels=more_known))
    if path.suffix.lower() == MATLAB:
        pictures, known = read_svhn(path)
        return from_array(pictures, name=name, labels=known if labels is None else labels, channels="last")
    images, known = read_usps_text(path)
    return replace(from_array(images, name=name, labels=known if labels is None else labels), notes=(RANGE,))


def read_digit_folder(folder: Path, files: Sequence[Path]) -> Dataset:
    """The files of one data set: of training, perhaps of testing; what is called extra is left out.

    Raises
    ------
    DataError
        If there is none of training, or more than one of a part.
    """
    roles: dict[str, Path] = {}
    for path in sorted(
        files, key=lambda path: path.suffix not in PACKED
    ):  # of two of one name, the unpacked comes last
        other = roles.get(_role(path), path)
        if _unpacked(other) != _unpacked(path):
            raise DataError(
                f"{folder} has more than one file of {_role(path)} digits, {other.name} and {path.name}; give one of "
                "them, or a folder of one data set."
            )
        roles[_role(path)] = path
    if "train" not in roles:
        raise DataError(f"{folder} has digits but none for training; give {next(iter(roles.values()))} itself.")
    data = read_digit_file(roles["train"], name=folder.name)
    if "extra" in roles:
        note = f"{roles['extra'].name} was left out; give it by itself to read it."
        data = replace(data, notes=(*data.notes, note))
    return replace(data, test=read_digit_file(roles["test"], name=f"{folder.name} (test)")) if "test" in roles else data


def _role(path: Path) -> str:
    words = set(re.split(r"[^a-z0-9]+", path.name.lower()))
    if words & {*TESTS, "t"}:
        return "test"
    return "extra" if "extra" in words else "train"


def _unpacked(path: Path) -> str:
    return path.stem if path.suffix in PACKED else path.name
