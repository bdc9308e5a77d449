"""Arrays, tensors and lists of numbers, checked and brought to one form."""

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hiddenspace.data.dataset import Dataset, Layout
from hiddenspace.errors import DataError, UsageError

Channels = Literal["auto", "first", "last"]

CHUNK_BYTES = 64 * 2**20  # how much of a memory map is looked at in one go


def from_array(
    array: NDArray[Any],
    *,
    name: str = "array",
    labels: ArrayLike | None = None,
    channels: Channels = "auto",
    tie: Layout = "hwc",
) -> Dataset:
    """A dataset of an array, without copying it where that is possible.

    Parameters
    ----------
    array : ndarray
        (n, d) vectors, (n, h, w) grey images, (n, h, w, c) or (n, c, h, w) images.
    name : str
        What the data is called.
    labels : array-like of shape (n,), optional
        A label for each item.
    channels : {"auto", "first", "last"}
        Which axis of a 4-D array holds the channels; see `find_channels`.
    tie : {"hwc", "chw"}
        The layout where "auto" cannot tell.

    Raises
    ------
    DataError
        For empty, ragged, complex or text arrays, a wrong number of axes, and for NaN or inf.
    """
    if channels not in get_args(Channels):
        raise UsageError(f"channels={channels!r} is not known; use 'auto', 'first' or 'last'.")
    array = _numbers(array)
    _check_shape(array)
    _check_finite(array)
    known = None if labels is None else check_labels(labels, len(array))
    if array.ndim == 2:
        return Dataset(array, "vectors", known, name)
    if array.ndim == 3:
        return Dataset(array[..., None], "images", known, name, layout="hw", notes=_one_picture(array))
    layout, notes = find_channels(array.shape, channels, tie)
    items = np.moveaxis(array, 1, -1) if layout == "chw" else array
    return Dataset(items, "images", known, name, layout=layout, notes=notes)


def find_channels(shape: tuple[int, ...], channels: Channels, tie: Layout) -> tuple[Layout, tuple[str, ...]]:
    """Which axis of (n, a, b, c) holds the channels, and a note where that is a guess.

    A smaller axis of at most 4 decides; else the axis that stands beside a square; else one that is at most half
    of the other; else `tie`.
    """
    _, a, b, c = shape
    if channels != "auto":
        return ("chw" if channels == "first" else "hwc"), ()
    if min(a, c) <= 4 and a != c:
        return ("chw" if a < c else "hwc"), ()
    if (a == b) != (b == c):
        return ("chw" if b == c else "hwc"), ()
    if 2 * min(a, c) <= max(a, c):
        return ("chw" if a < c else "hwc"), ()
    where, other = ("second", "'last'") if tie == "chw" else ("last", "'first'")
    return tie, (f"The shape {shape} does not show where the channels are; the {where} axis was taken, "
                 f"channels={other} says otherwise.",)  # fmt: skip


def from_list(values: Sequence[Any], **options: Any) -> Dataset:
    """A dataset of a list of numbers, lists or equal arrays."""
    if not len(values):
        raise DataError("The list is empty; give at least one item.")
    try:
        array = np.asarray(values)
    except ValueError:
        raise DataError("The items of the list differ in shape; resize or pad them to one shape.") from None
    return from_array(array, **options)


def check_labels(labels: ArrayLike, count: int) -> NDArray[Any]:
    """Labels as integers or strings, one for each of `count` items."""
    known = np.asarray(labels)
    if known.ndim == 2 and 1 in known.shape:
        known = known.reshape(-1)
    if known.shape != (count,):
        raise DataError(f"The labels have shape {known.shape}, the items are {count}; give one label for each item.")
    if known.dtype.kind == "f" and np.isfinite(known).all() and (known == np.round(known)).all():
        return known.astype(np.int64)
    return known if known.dtype.kind in "biuU" else known.astype(str)


def _numbers(array: NDArray[Any]) -> NDArray[Any]:
    """The same numbers in a type and byte order that torch takes; no copy where none is needed."""
    kind = array.dtype.kind
    if kind == "c":
        raise DataError("Complex data not supported; give np.abs(X), or real and imaginary parts as two channels.")
    if kind == "O":
        return _from_objects(array)
    if kind == "b":
        return array.astype(np.float32)
    if kind not in "iuf":
        raise DataError(
            f"The array holds {array.dtype}, not numbers; convert it, or give a DataFrame, whose text becomes "
            "categories."
        )
    if kind == "f" and array.dtype.itemsize > 8:
        return array.astype(np.float64)
    if not array.dtype.isnative:
        return array.astype(array.dtype.newbyteorder("="))
    return array if min(array.strides, default=0) >= 0 else array.copy()  # torch has no negative strides


def _from_objects(array: NDArray[Any]) -> NDArray[Any]:
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise DataError(
            "The array holds objects that are not numbers, or rows of different length; every argument must be a "
            "string or a number that becomes a float, so give one rectangular array of numbers, or a DataFrame."
        ) from None


def _check_shape(array: NDArray[Any]) -> None:
    shape = array.shape
    if array.ndim < 2:
        raise DataError(
            f"Expected 2D array, got {array.ndim}D array instead; Reshape your data with X.reshape(-1, 1) for one "
            "feature or X.reshape(1, -1) for one item."
        )
    if array.ndim > 4:
        raise DataError(
            f"An array of shape {shape} has too many axes; give (n, d), (n, h, w), (n, h, w, c) or (n, c, h, w)."
        )
    if shape[0] == 0:
        raise DataError(f"Found array with 0 sample(s) (shape={shape}) while a minimum of 1 is required; give data.")
    if 0 in shape:
        raise DataError(f"Found array with 0 feature(s) (shape={shape}) while a minimum of 1 is required; give data.")


def _check_finite(array: NDArray[Any]) -> None:
    if array.dtype.kind != "f":
        return
    step = max(1, CHUNK_BYTES // max(1, array[:1].nbytes))
    bad = np.concatenate([_bad_items(array[start : start + step], start) for start in range(0, len(array), step)])
    if len(bad):
        raise DataError(
            f"{len(bad)} of {len(array)} items hold NaN or inf (the first is item {bad[0]}); leave them out, "
            "fill them with np.nan_to_num(X), or give a DataFrame, where missing values are allowed."
        )


def _bad_items(chunk: NDArray[Any], start: int) -> NDArray[np.intp]:
    with np.errstate(all="ignore"):  # one sum is many times cheaper than looking at each number
        if np.isfinite(chunk.sum()):
            return np.empty(0, np.intp)
    finite = np.isfinite(chunk).reshape(len(chunk), -1).all(axis=1)
    return start + np.flatnonzero(~finite)


def _one_picture(array: NDArray[Any]) -> tuple[str, ...]:
    if array.shape[-1] not in (3, 4):
        return ()
    return (f"The shape {array.shape} was taken as {len(array)} grey images; one colour picture is given as X[None].",)
