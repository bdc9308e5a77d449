"""Images as bytes or as floats in [0, 1]: what functions of plain arrays take."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hiddenspace.errors import DataError


def checked_pixels(images: ArrayLike) -> NDArray[Any]:
    """An array (n, h, w) or (n, h, w, c) of bytes or of floats in [0, 1], as it is.

    Raises
    ------
    DataError
        If it is none.
    """
    array = np.asarray(images)
    if array.ndim not in (3, 4) or 0 in array.shape:
        raise DataError(f"the images have shape {array.shape}; give (n, h, w) or (n, h, w, c).")
    if array.dtype.kind == "f" and not ((array >= 0) & (array <= 1)).all():
        raise DataError("the images are floats beyond 0 to 1; bring them into this range, or give uint8.")
    if array.dtype != np.uint8 and array.dtype.kind != "f":
        raise DataError(f"the images are {array.dtype}; give uint8, or floats in [0, 1].")
    return array


def grey_pixels(images: ArrayLike) -> NDArray[Any]:
    """Checked pixels of grey images, (n, h, w).

    Raises
    ------
    DataError
        If they are none, or in colour.
    """
    array = checked_pixels(images)
    if array.ndim == 4 and array.shape[-1] == 1:
        return array[..., 0]
    if array.ndim != 3:
        raise DataError(f"the images have shape {array.shape}, which is colour; give grey ones, (n, h, w).")
    return array


def unit(array: NDArray[Any]) -> NDArray[np.float32]:
    """Checked pixels as float32 in [0, 1]."""
    return array.astype(np.float32) / np.float32(255 if array.dtype == np.uint8 else 1)


def like(changed: NDArray[Any], array: NDArray[Any]) -> NDArray[Any]:
    """Floats, cut to [0, 1], in the type of checked pixels."""
    cut = np.clip(changed, 0, 1)
    return to_bytes(cut) if array.dtype == np.uint8 else cut.astype(array.dtype)


def to_bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Checked pixels as bytes, rounded."""
    return array if array.dtype == np.uint8 else np.rint(array * array.dtype.type(255)).astype(np.uint8)
