"""The one door: any source becomes a Dataset."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import ArrayLike

from hiddenspace.data.arrays import Channels
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.image_plan import Size, checked_size
from hiddenspace.data.image_store import Storage
from hiddenspace.data.options import Options
from hiddenspace.data.reader import find_reader
from hiddenspace.errors import DataError, UsageError


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
        .parquet, an idx file, a zip of images, digits of SVHN (train_32x32.mat) or USPS (usps.bz2, zip.train.gz,
        usps.h5), or a folder: of images (folders in it are classes, train/ and test/ splits), of idx files, of SVHN or
        USPS, or saved by Hugging Face `datasets`. A local path wins over an embedded sample
        (`list_samples`), and that over a dataset of the Hugging Face Hub (``owner/name`` or ``owner/name:config``).
    size : int, (h, w) or (h, w, c), optional
        What image files are brought to; arrays of images must have it already. By default equal images of up to 128
        pixels stay as they are, and all others are resized to their median shorter side, at most 64, and cropped to
        the centre square.
    columns : sequence of str, optional
        The columns of a table, or of a Hugging Face dataset, that are the items.
    labels : array-like of shape (n,), or str, optional
        Labels for the items (of the training part, where the source is split), or the name of the column or array that
        holds them; by default what the source says.
    split : str, optional
        'train' or 'test' (or another) of a source that comes split; by default the test part is kept as ``.test``.
    channels : {"auto", "first", "last"}
        Where the channels of 4-D arrays are. "auto" takes a smaller axis of at most 4, else the one beside a square,
        else one of at most half the other; where none of these decides, a note says which was taken.
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
    try:
        reader = find_reader(source)
        reader.check(options)
        data = reader.read(options)
    except OSError as error:
        called = os.fspath(source) if isinstance(source, str | os.PathLike) else f"The {type(source).__name__}"
        raise DataError(
            f"{called} cannot be read ({error.strerror or error}); check the path and its rights."
        ) from error
    _check_size(data, size)
    return data if "split" in reader.takes else _pick(data, split)


def _check_size(data: Dataset, size: Size | None) -> None:
    """Image files have become the size that was asked for; everything else must have it already.

    With channels it is what a fitted model asks for, which says in its own words what does not fit it.
    """
    wanted = checked_size(size)
    if wanted is None or len(wanted) == 3:
        return
    if data.kind != "images":
        raise UsageError(f"size={size!r} is for images, but {data.name} holds {data.kind}; give images, or no size.")
    height, width, _ = data.items.shape[1:]
    if (height, width) != wanted:
        raise UsageError(
            f"size={size!r} is what image files are brought to, but {data.name} is an array of {height}x{width}; "
            "bring it to that size yourself, or give no size."
        )


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
