"""The one door: any source becomes a Dataset."""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike
from PIL import Image

from hiddenspace.data import array_files, arrays, hub, image_folders, samples, table_files, tables
from hiddenspace.data.arrays import Channels
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.idx import is_idx_file
from hiddenspace.data.image_plan import Size
from hiddenspace.data.image_source import SUFFIXES, ImageSource
from hiddenspace.data.image_store import Storage
from hiddenspace.data.images import load_images
from hiddenspace.data.options import Options
from hiddenspace.errors import DataError, UsageError

READABLE = "images, .npy, .npz, .csv, .tsv, .parquet, .zip of images, or idx files"


def load_dataset(
    source: Any,
    *,
    size: Size | None = None,
    columns: Sequence[str] | None = None,
    labels: ArrayLike | str | None = None,
    split: str | None = None,
    channels: Channels = "auto",
    memory_limit: int | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
) -> Dataset:
    """Make a dataset of whatever holds data, and say what was seen and decided on the way.

    Parameters
    ----------
    source : array, tensor, DataFrame, list, Hugging Face dataset, Dataset, path or name
        Arrays are (n, d), (n, h, w), (n, h, w, c) or (n, c, h, w). A path may lead to an image, .npy, .npz, .csv, .tsv,
        .parquet, an idx file, a zip of images, or a folder: of images (folders in it are classes, train/ and test/
        splits), of idx files, or saved by Hugging Face `datasets`. A local path wins over an embedded sample
        (`list_samples`), and that over a dataset of the Hugging Face Hub (``owner/name`` or ``owner/name:config``).
    size : int, (h, w) or (h, w, c), optional
        What image files are brought to. By default equal images of up to 128 pixels stay as they are, and all others
        are resized to their median shorter side, at most 64, and cropped to the centre square.
    columns : sequence of str, optional
        The columns of a table, or of a Hugging Face dataset, that are the items.
    labels : array-like of shape (n,), or str, optional
        Labels for the items, or the name of the column or array that holds them; by default what the source says.
    split : str, optional
        'train' or 'test' (or another) of a source that comes split; by default the test part is kept as ``.test``.
    channels : {"auto", "first", "last"}
        Where the channels of 4-D arrays are. "auto" takes the smaller of both axes.
    memory_limit : int, optional
        Bytes that decoded images may take in memory, beyond which they lie on disk; a quarter of what is free by
        default.
    cache_dir : path, optional
        Where on disk; HIDDENSPACE_CACHE or the user's cache folder by default.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        If the source cannot be read, is empty, holds NaN or inf (tables may), or more than half of it is broken.
    UsageError
        If an argument makes no sense for the source.
    """
    options = Options(size, columns, labels, split, channels, Storage(memory_limit, cache_dir))
    if isinstance(source, Dataset):
        return _pick(source, split)
    if isinstance(source, str | os.PathLike):
        return _from_text(os.fspath(source), options, named=isinstance(source, str))
    return _pick(_from_object(source, options), None if hub.is_hub_object(source) else split)


def _from_object(source: Any, options: Options) -> Dataset:
    """Anything that is not a path or a name."""
    if hub.is_hub_object(source):
        return hub.from_object(source, "dataset", options)
    if isinstance(source, pd.Series):
        source = source.to_frame()
    if hasattr(source, "to_pandas"):  # tables of pyarrow and polars
        source = source.to_pandas()
    if isinstance(source, pd.DataFrame):
        return tables.from_frame(source, labels=options.labels, columns=options.columns)
    if isinstance(options.labels, str):
        raise UsageError(f"labels={options.labels!r} names a column, which this has not; give a label for each item.")
    if isinstance(source, Image.Image):
        source = [source]
    if isinstance(source, Sequence) and len(source) and all(isinstance(item, Image.Image) for item in source):
        return _from_images([ImageSource(f"image {i}", item) for i, item in enumerate(source)], options)
    if isinstance(source, Sequence) and len(source) and all(_is_image_path(item) for item in source):
        return _from_images([ImageSource(os.fspath(item), Path(item)) for item in source], options)
    return _from_numbers(source, options)


def _from_numbers(source: Any, options: Options) -> Dataset:
    labels: Any = options.labels
    if isinstance(source, torch.Tensor):
        tensor = source.detach().cpu()
        array = (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
        return arrays.from_array(array, labels=labels, channels=options.channels, tie="chw")
    if isinstance(source, np.ndarray):
        return arrays.from_array(source, labels=labels, channels=options.channels)
    if hasattr(source, "toarray"):
        raise DataError("Sparse data not supported; give X.toarray().")
    if isinstance(source, Sequence):
        return arrays.from_list(source, labels=labels, channels=options.channels)
    if hasattr(source, "__array__"):
        return arrays.from_array(np.asarray(source), labels=labels, channels=options.channels)
    raise DataError(
        f"A {type(source).__name__} is no source of data; give an array, tensor, DataFrame, list, path or name."
    )


def _from_images(sources: Sequence[ImageSource], options: Options) -> Dataset:
    labels: Any = options.labels
    return load_images(sources, name="images", labels=labels, size=options.size, storage=options.storage)


def _is_image_path(item: Any) -> bool:
    return isinstance(item, str | os.PathLike) and Path(item).suffix.lower() in SUFFIXES


def _from_text(text: str, options: Options, *, named: bool) -> Dataset:
    """A path if there is something at it, else a sample, else a name on the Hub."""
    path = Path(text).expanduser()
    try:
        if path.exists():
            return _from_folder(path, options) if path.is_dir() else _from_file(path, options)
    except OSError as error:
        raise DataError(f"{text} cannot be read ({error.strerror or error}); check the path and its rights.") from error
    if named and text in samples.SAMPLES:
        return _pick(_with_labels(samples.load_sample(text), options), options.split)
    if named and _is_hub_name(text):
        return hub.from_name(text, options)
    raise DataError(f"{text!r} does not exist; give a path, or one of the samples {', '.join(samples.SAMPLES)}.")


def _from_folder(folder: Path, options: Options) -> Dataset:
    if hub.is_saved_folder(folder):
        return hub.from_folder(folder, options)
    files = image_folders.list_files(folder)
    if not files:
        raise DataError(f"The folder {folder} is empty; put images in it, or give another.")
    if any(image_folders.is_image_name(path) for path in files):
        return image_folders.load_folder(folder, files, options)
    idx = [path for path in sorted(folder.iterdir()) if path.is_file() and is_idx_file(path)]
    if idx:
        return _pick(array_files.read_idx_folder(folder, idx, channels=options.channels), options.split)
    kinds = sorted({path.suffix.lower() or "no ending" for path in files})
    others = [
        path for path in files if table_files.is_table_file(Path(path)) or path.suffix in (".npy", ".npz", ".zip")
    ]
    mend = f"give {folder / others[0]} itself" if others else f"give a folder of {READABLE}"
    raise DataError(f"None of the {len(files)} files of {folder} is an image ({', '.join(kinds[:5])}); {mend}.")


def _from_file(path: Path, options: Options) -> Dataset:
    suffix = path.suffix.lower()
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty; give a file with data.")
    if suffix in SUFFIXES:
        return replace(_from_images([ImageSource(path.name, path)], options), name=path.name)
    if suffix == ".zip":
        return image_folders.load_archive(path, options)
    if table_files.is_table_file(path):
        return _pick(table_files.read_table(path, labels=options.labels, columns=options.columns), options.split)
    if suffix == ".npz":
        return _pick(array_files.read_npz(path, labels=options.labels, channels=options.channels), options.split)
    labels: Any = options.labels
    if suffix == ".npy":
        return _pick(array_files.read_npy(path, labels=labels, channels=options.channels), options.split)
    if is_idx_file(path):
        return _pick(array_files.read_idx_file(path, labels=labels, channels=options.channels), options.split)
    raise DataError(f"{path} is of no kind that can be read; give {READABLE}.")


def _is_hub_name(text: str) -> bool:
    """Whether it could be ``name``, ``owner/name`` or either with ``:config``, and is not the name of a data file."""
    known = {*SUFFIXES, ".npy", ".npz", ".zip", ".gz", *table_files.TEXT, *table_files.PARQUET}
    path = text.partition(":")[0]
    return bool(re.fullmatch(r"\w[\w.-]*(/[\w.-]+)?", path)) and Path(path).suffix.lower() not in known


def _with_labels(data: Dataset, options: Options) -> Dataset:
    if data.kind == "table" and (options.columns or isinstance(options.labels, str)):
        chosen = tables.from_frame(data.items, name=data.name, labels=options.labels, columns=options.columns)
        return chosen if isinstance(options.labels, str) else replace(chosen, labels=data.labels)
    return data


def _pick(data: Dataset, split: str | None) -> Dataset:
    """The split that is asked for, of a source that is read as a whole."""
    if split is None:
        return data
    if split == "test" and data.test is not None:
        return data.test
    if split == "train" and data.test is not None:
        return replace(data, test=None)
    has = "train and test" if data.test is not None else "no splits"
    raise UsageError(f"{data.name} has no split {split!r}; it has {has}.")
