"""Filters and components, which are signed, as colours in which zero looks like nothing."""

from typing import Any

import numpy as np
from matplotlib import colormaps
from numpy.typing import ArrayLike, NDArray

from hiddenspace.errors import UsageError


def signed_pixels(arrays: ArrayLike) -> NDArray[np.uint8]:
    """Colour signed arrays, each scaled on its own so that zero is the middle and its largest magnitude the end.

    Grey arrays (and any number of channels but three, as their mean) go from blue (negative) over white to red
    (positive). Three channels stay colours, on mid-grey.

    Parameters
    ----------
    arrays : (n, h, w) or (n, h, w, c)
        Floats of any range; what is not finite counts as zero.

    Returns
    -------
    (n, h, w, 3) uint8
        What `tile` and `grid` take.

    Raises
    ------
    UsageError
        If the array is empty or has another number of axes.

    """
    array = np.asarray(arrays, np.float32)
    if array.ndim not in (3, 4) or array.size == 0:
        raise UsageError(f"filters must be (n, h, w) or (n, h, w, c) and not empty; these are {array.shape}.")
    array = np.nan_to_num(array, nan=0.0, posinf=0.0, neginf=0.0)
    if array.ndim == 4 and array.shape[-1] != 3:
        array = array.mean(axis=-1)
    middle = 0.5 + 0.5 * balance(array)
    unit = colormaps["RdBu_r"](middle)[..., :3] if array.ndim == 3 else middle
    return np.rint(unit * 255).astype(np.uint8)


def balance(array: NDArray[Any]) -> NDArray[Any]:
    """Scale each item to [-1, 1] by its largest magnitude; an item of zeros stays so."""
    largest = np.abs(array).max(axis=tuple(range(1, array.ndim)), keepdims=True)
    return np.asarray(array / np.where(largest > 0, largest, 1))
