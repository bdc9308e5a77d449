"""From whatever an image set holds to bytes that a screen can show."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hiddenspace.errors import UsageError


def as_pixels(images: ArrayLike) -> NDArray[np.uint8]:
    """Turn images with any number of channels into grey or RGB bytes.

    One channel and two (as their mean) become grey; three are RGB; of more, the first three are shown.

    Parameters
    ----------
    images : (n, h, w) or (n, h, w, c)
        uint8, bool, or floats in [0, 1]; floats outside are clipped, NaN becomes black.

    Returns
    -------
    (n, h, w) or (n, h, w, 3) uint8

    Raises
    ------
    UsageError
        If the array is empty, or has another shape or type.

    """
    array = np.asarray(images)
    if array.ndim not in (3, 4) or array.size == 0:
        raise UsageError(f"images must be (n, h, w) or (n, h, w, c) and not empty; these have the shape {array.shape}.")
    return _fold_channels(_as_bytes(array))


def _as_bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if not np.issubdtype(array.dtype, np.floating):
        raise UsageError(
            f"images to show must be uint8 or floats in [0, 1], not {array.dtype}; divide by their maximum."
        )
    unit = np.clip(np.nan_to_num(array.astype(np.float32), nan=0.0), 0.0, 1.0)
    return np.rint(unit * 255).astype(np.uint8)


def _fold_channels(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if array.ndim == 3:
        return array
    if array.shape[-1] >= 3:
        return array[..., :3]
    mean: NDArray[np.float32] = array.mean(axis=-1, dtype=np.float32)
    return np.rint(mean).astype(np.uint8)
