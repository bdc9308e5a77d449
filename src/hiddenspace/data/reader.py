"""From a source to what reads it: what the source is, and which arguments make sense for it."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image

from hiddenspace.data import array_files, arrays, digit_files, hub, image_folders, samples, table_files, tables
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.idx import is_idx_file
from hiddenspace.data.image_source import SUFFIXES, ImageSource
from hiddenspace.data.images import load_images
from hiddenspace.data.options import Options
from hiddenspace.errors import DataError, UsageError

READABLE = "images, .npy, .npz, .csv, .tsv, .parquet, .zip of images, idx files, or the files of SVHN or USPS"

NOTHING: frozenset[str] = frozenset()
LABELS = frozenset({"labels"})  # one for each item
SPLIT = frozenset({"split"})  # looked at by the reader, rather than once all is read
TABLE = LABELS | {"named labels", "columns"}


@dataclass(frozen=True)
class Reader:
    """What a source is, in words; which arguments it takes; and how it is read."""

    what: str
    takes: frozenset[str]
    read: Callable[[Options], Dataset]

    def check(self, options: Options) -> None:
        """Refuses arguments that make no sense for such a source.

        Raises
        ------
        UsageError
            If there is one.
        """
        if isinstance(options.labels, str) and "labels" in self.takes and "named labels" not in self.takes:
            raise UsageError(
                f"labels={options.labels!r} names a column, and {self.what} has none; give a label for each item."
            )
        for name in ("labels", "columns"):
            if getattr(options, name) is not None and name not in self.takes:
                raise UsageError(f"{name}= makes no sense for {self.what}; leave it out.")


def find_reader(source: Any) -> Reader:
    """What reads this source.

    Raises
    ------
    DataError
        If nothing does.
    UsageError
        If the source is an empty text.
    """
    if isinstance(source, Dataset):
        return Reader("a Dataset", NOTHING, lambda o: source)
    if isinstance(source, str | os.PathLike):
        return _of_text(os.fspath(source), named=isinstance(source, str))
    if hub.is_hub_object(source):
        return Reader(hub.WHAT, TABLE | SPLIT, partial(hub.from_object, source, "dataset"))
    if isinstance(source, pd.Series):
        source = source.to_frame()
    if hasattr(source, "to_pandas"):  # tables of pyarrow and polars
        source = source.to_pandas()
    if isinstance(source, pd.DataFrame):
        return Reader("a table", TABLE, lambda o: tables.from_frame(source, labels=o.labels, columns=o.columns))
    if isinstance(source, Image.Image):
        source = [source]
    if isinstance(source, Sequence) and len(source) and all(isinstance(item, Image.Image) for item in source):
        pictures = [ImageSource(f"image {i}", item) for i, item in enumerate(source)]
        return Reader("a list of images", LABELS, partial(_read_images, pictures))
    if isinstance(source, Sequence) and len(source) and all(_is_image_path(item) for item in source):
        files = [ImageSource(os.fspath(item), Path(item)) for item in source]
        return Reader("a list of images", LABELS, partial(_read_images, files))
    return Reader("an array", LABELS, partial(_read_numbers, source))


def _read_images(sources: Sequence[ImageSource], options: Options, name: str = "images") -> Dataset:
    return load_images(sources, name=name, labels=options.labels, size=options.size, storage=options.storage)


def _read_sample(sample: Dataset, options: Options) -> Dataset:
    """Some columns of a sample that is a table; its own labels unless others are given."""
    chosen = tables.from_frame(sample.items, name=sample.name, labels=options.labels, columns=options.columns)
    return chosen if options.labels is not None else replace(chosen, labels=sample.labels)


def _read_numbers(source: Any, options: Options) -> Dataset:
    said: dict[str, Any] = {"labels": options.labels, "channels": options.channels}
    if isinstance(source, torch.Tensor):
        tensor = source.detach().cpu()
        array = (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
        return arrays.from_array(array, tie="chw", **said)
    if isinstance(source, np.ndarray):
        return arrays.from_array(source, **said)
    if hasattr(source, "toarray"):
        raise DataError("Sparse data not supported; give X.toarray().")
    if isinstance(source, Sequence):
        return arrays.from_list(source, **said)
    if hasattr(source, "__array__"):
        return arrays.from_array(np.asarray(source), **said)
    raise DataError(
        f"A {type(source).__name__} is no source of data; give an array, tensor, DataFrame, list, path or name."
    )


def _is_image_path(item: Any) -> bool:
    return isinstance(item, str | os.PathLike) and Path(item).suffix.lower() in SUFFIXES


def _of_text(text: str, *, named: bool) -> Reader:
    """A path if there is something at it, else a sample, else a name on the Hub."""
    if not text:
        raise UsageError("The source is an empty text; give a path or a name ('.' is the current folder).")
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:
        raise DataError(f"{text} is in the home folder of somebody unknown here; give the whole path.") from error
    if path.exists():
        return _of_folder(path) if path.is_dir() else _of_file(path)
    if named and text in samples.SAMPLES:
        sample = samples.load_sample(text)
        if sample.kind == "table":
            return Reader("a table", TABLE, partial(_read_sample, sample))
        return Reader(f"the sample {text}", NOTHING, lambda o: sample)
    if named and _is_hub_name(text):
        return Reader(hub.WHAT, TABLE | SPLIT, partial(hub.from_name, text))
    raise DataError(f"{text!r} does not exist; give a path, or one of the samples {', '.join(samples.SAMPLES)}.")


def _of_folder(folder: Path) -> Reader:
    if hub.is_saved_folder(folder):
        return Reader(hub.WHAT, TABLE | SPLIT, partial(hub.from_folder, folder))
    files = image_folders.list_files(folder)
    if not files:
        raise DataError(f"The folder {folder} is empty; put images in it, or give another.")
    if any(image_folders.is_image_name(path) for path in files):
        return Reader("a folder of images", LABELS | SPLIT, partial(image_folders.load_folder, folder, files))
    idx = [path for path in sorted(folder.iterdir()) if path.is_file() and is_idx_file(path)]
    if idx:
        read = partial(array_files.read_idx_folder, folder, idx)
        return Reader("a folder of idx files", NOTHING, lambda o: read(channels=o.channels))
    digits = [path for path in sorted(folder.iterdir()) if path.is_file() and digit_files.is_digit_file(path)]
    if digits:
        return Reader("a folder of digits", NOTHING, lambda o: digit_files.read_digit_folder(folder, digits))
    kinds = sorted({path.suffix.lower() or "no ending" for path in files})
    others = [
        path for path in files if table_files.is_table_file(Path(path)) or path.suffix in (".npy", ".npz", ".zip")
    ]
    mend = f"give {folder / others[0]} itself" if others else f"give a folder of {READABLE}"
    raise DataError(f"None of the {len(files)} files of {folder} is an image ({', '.join(kinds[:5])}); {mend}.")


def _of_file(path: Path) -> Reader:
    suffix = path.suffix.lower()
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty; give a file with data.")
    if suffix in SUFFIXES:
        return Reader("an image", LABELS, partial(_read_images, [ImageSource(path.name, path)], name=path.name))
    if suffix == ".zip":
        return Reader("a zip of images", LABELS | SPLIT, partial(image_folders.load_archive, path))
    if table_files.is_table_file(path):
        return Reader("a table", TABLE, lambda o: table_files.read_table(path, labels=o.labels, columns=o.columns))
    if suffix == ".npz":
        takes = LABELS | {"named labels"}
        return Reader("an .npz file", takes, lambda o: array_files.read_npz(path, labels=o.labels, channels=o.channels))
    if suffix == ".npy":
        return Reader("an array", LABELS, lambda o: array_files.read_npy(path, labels=o.labels, channels=o.channels))
    if is_idx_file(path):
        return Reader(
            "an array", LABELS, lambda o: array_files.read_idx_file(path, labels=o.labels, channels=o.channels)
        )
    if digit_files.is_digit_file(path):
        return Reader("a file of digits", LABELS, lambda o: digit_files.read_digit_file(path, labels=o.labels))
    raise DataError(f"{path} is of no kind that can be read; give {READABLE}.")


def _is_hub_name(text: str) -> bool:
    """Whether it could be ``name``, ``owner/name`` or either with ``:config``, and is not the name of a data file."""
    known = {*SUFFIXES, ".npy", ".npz", ".zip", ".gz", *digit_files.SUFFIXES, *table_files.TEXT, *table_files.PARQUET}
    path = text.partition(":")[0]
    return bool(re.fullmatch(r"\w[\w.-]*(/[\w.-]+)?", path)) and Path(path).suffix.lower() not in known
