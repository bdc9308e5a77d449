"""Arrays in files: .npy, .npz, one idx file, and a folder of idx files."""

import re
import tokenize
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hiddenspace.data.arrays import Channels, from_array
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.idx import read_idx
from hiddenspace.errors import DataError, UsageError

MAPPED = 256 * 2**20  # bytes from which on a .npy file is mapped and not read

ITEMS = ("x", "images", "data", "items", "features", "imgs", "arr_0")
LABELS = ("y", "labels", "label", "target", "targets", "arr_1")
TESTS = frozenset({"t10k", "test", "testing", "val", "valid", "validation"})

DAMAGE = (ValueError, EOFError, RuntimeError, tokenize.TokenError, zipfile.BadZipFile, zlib.error)
"""What numpy and its helpers raise where a file is damaged, or is no array."""


def read_npy(path: Path, *, labels: ArrayLike | None, channels: Channels) -> Dataset:
    """One array; of a large file only a map, whose pages are read when they are needed."""
    try:
        if path.stat().st_size > MAPPED:
            array: NDArray[Any] = np.lib.format.open_memmap(path, mode="r")
        else:
            with path.open("rb") as file:
                array = np.lib.format.read_array(file, allow_pickle=False)
    except DAMAGE as error:
        raise DataError(
            f"{path.name} is no array of numbers ({_one_line(error)}); save one with numpy.save."
        ) from error
    return from_array(array, name=path.name, labels=labels, channels=channels)


def read_npz(path: Path, *, labels: ArrayLike | str | None, channels: Channels) -> Dataset:
    """Arrays by name: x, images, data ... with y, labels ...; x_train and x_test where the file is split.

    Where no name is known, the only array of three or four axes is taken, else the only one there is. `labels`
    may name the array that holds them.
    """
    try:
        with path.open("rb") as stream, np.lib.npyio.NpzFile(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (*DAMAGE, OSError) as error:
        raise DataError(
            f"{path.name} is no archive of numeric arrays ({_one_line(error)}); save one with numpy.savez."
        ) from error
    items = _find_items(arrays, path.name)
    key = _find_labels(arrays, items, labels)
    data = from_array(arrays[items], name=path.name, labels=arrays[key] if key else labels, channels=channels)
    used = {items, key}
    if test := _counterpart(items, arrays):
        test_key = _counterpart(key, arrays) if key else None
        known = arrays[test_key] if test_key else None
        part = from_array(arrays[test], name=f"{path.name} (test)", labels=known, channels=channels)
        data = replace(data, test=part)
        used |= {test, test_key}
    if rest := [name for name in arrays if name not in used]:
        note = f"Of {path.name} {', '.join(rest)} {'was' if len(rest) == 1 else 'were'} left out; labels= takes one."
        data = replace(data, notes=(*data.notes, note))
    return data


def read_idx_file(path: Path, *, labels: ArrayLike | None, channels: Channels) -> Dataset:
    """One idx file as images or vectors."""
    return from_array(read_idx(path), name=path.name, labels=labels, channels=channels)


def read_idx_folder(folder: Path, files: Sequence[Path], *, channels: Channels) -> Dataset:
    """The four files of MNIST and its successors: images and labels, for training and for testing.

    Raises
    ------
    DataError
        If there are no images for training, or more than one file for the same.
    """
    roles: dict[tuple[str, str], Path] = {}
    for path in sorted(files, key=lambda path: path.suffix != ".gz"):  # of two of one name, the unpacked one comes last
        other = roles.get(_role(path), path)
        if other.name.removesuffix(".gz") != path.name.removesuffix(".gz"):
            part, what = _role(path)
            raise DataError(
                f"{folder} has more than one idx file of {part} {what}, {other.name} and {path.name}; give a folder "
                "of one data set."
            )
        roles[_role(path)] = path
    if ("train", "images") not in roles:
        raise DataError(f"{folder} has idx files but none of training images, such as train-images-idx3-ubyte.")
    parts = {}
    for part in ("train", "test"):
        if (part, "images") in roles:
            known = read_idx(roles[part, "labels"]) if (part, "labels") in roles else None
            name = folder.name if part == "train" else f"{folder.name} (test)"
            parts[part] = from_array(read_idx(roles[part, "images"]), name=name, labels=known, channels=channels)
    return replace(parts["train"], test=parts.get("test"))


def _role(path: Path) -> tuple[str, str]:
    name = path.name.lower()
    tested = not TESTS.isdisjoint(re.split(r"[^a-z0-9]+", name))
    return "test" if tested else "train", "labels" if "label" in name else "images"


def _find_items(arrays: Mapping[str, NDArray[Any]], name: str) -> str:
    lower = {key.lower(): key for key in arrays}
    for known in ITEMS:
        for candidate in (f"{known}_train", f"train_{known}", known):
            if candidate in lower:
                return lower[candidate]
    images = [key for key, array in arrays.items() if array.ndim in (3, 4)]
    tables = images or [key for key, array in arrays.items() if array.ndim == 2]
    if len(tables) != 1:
        raise DataError(
            f"{name} holds {', '.join(arrays) or 'nothing'}, which does not say what the items are; name the array x."
        )
    return tables[0]


def _find_labels(arrays: Mapping[str, NDArray[Any]], items: str, labels: ArrayLike | str | None) -> str | None:
    if isinstance(labels, str):
        if labels not in arrays:
            raise UsageError(f"There is no array {labels!r}; the file has {', '.join(arrays)}.")
        return labels
    if labels is not None:
        return None
    lower = {key.lower(): key for key in arrays}
    for known in LABELS:
        for candidate in (f"{known}_train", f"train_{known}", known):
            key = lower.get(candidate)
            if key is not None and key != items and arrays[key].shape[:1] == arrays[items].shape[:1]:
                return key
    return None


def _counterpart(key: str, arrays: Mapping[str, NDArray[Any]]) -> str | None:
    """The name of the test array for that of a training array, in whatever case it is written."""
    lower = {name.lower(): name for name in arrays}
    training = key.lower()
    return lower.get(training.replace("train", "test") if "train" in training else f"{training}_test")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
