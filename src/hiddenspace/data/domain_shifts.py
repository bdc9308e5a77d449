"""The same images seen otherwise: turned, inverted, in colours, in noise. Shifts of domain with a known size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hiddenspace import checks
from hiddenspace.data.blending import blended
from hiddenspace.data.paints import pairs
from hiddenspace.data.pixels import checked_pixels, grey_pixels, like, unit
from hiddenspace.errors import UsageError

Pixels = NDArray[Any]  # uint8, or floats in [0, 1]
Floats = NDArray[Any]  # float32

CHUNK = 500
"""Images at once: the planes of more do not stay in cache."""


def shifted(images: ArrayLike, kind: str, seed: int = 0) -> Pixels:
    """Images of another domain, by its name, as much shifted as the function of that name does by itself.

    Parameters
    ----------
    images : array-like of shape (n, h, w) or (n, h, w, c)
        uint8, or floats in [0, 1].
    kind : {"blended", "coloured", "inverted", "noisy", "rotated"}
        Which function of hs.data: see these. The first two take grey images and give colour, (n, h, w, 3).
    seed : int
        What is drawn from it: whatever is random.

    Returns
    -------
    ndarray
        Of the same type, but for "blended" uint8.

    Raises
    ------
    DataError
        If the images are none.
    UsageError
        If the kind is unknown, or the seed makes no sense.

    Examples
    --------
    >>> import hiddenspace as hs
    >>> target = hs.data.shifted(hs.load_dataset("digits").items, "inverted")
    """
    if kind not in SHIFTS:
        raise UsageError(f"{kind!r} is no shift; use one of {', '.join(SHIFTS)}.")
    return SHIFTS[kind](images, seed)


def inverted(images: ArrayLike) -> Pixels:
    """Images with black and white exchanged: 255 - x of bytes, 1 - x of floats.

    Parameters
    ----------
    images : array-like of shape (n, h, w) or (n, h, w, c)
        uint8, or floats in [0, 1].

    Returns
    -------
    ndarray
        Of the same shape and type.

    Raises
    ------
    DataError
        If the images are none.
    """
    array = checked_pixels(images)
    negative: Pixels = array.dtype.type(255 if array.dtype == np.uint8 else 1) - array
    return negative


def noisy(images: ArrayLike, seed: int = 0, *, sigma: float = 0.2) -> Pixels:
    """Images with Gaussian noise of its own in each value, cut to the range of pictures.

    Parameters
    ----------
    images : array-like of shape (n, h, w) or (n, h, w, c)
        uint8, or floats in [0, 1].
    seed : int
        What is drawn from it: the noise.
    sigma : float
        Its standard deviation, where 1 is from black to white; 0 or more.

    Returns
    -------
    ndarray
        Of the same shape and type.

    Raises
    ------
    DataError
        If the images are none.
    UsageError
        If a number makes no sense.
    """
    array, rng = checked_pixels(images), np.random.default_rng(checks.seed("seed", seed))
    checks.number("sigma", sigma, least=0)
    return _by_parts(array, array.shape, lambda x: x + np.float32(sigma) * rng.standard_normal(x.shape, np.float32))


def coloured(images: ArrayLike, seed: int = 0, *, contrast: float = 0.25) -> Pixels:
    """Grey images in two colours each: black becomes one, white another, and grey what is between them.

    Either colour may be the brighter one; most are nearly grey, brown or blue, as painted things are.

    Parameters
    ----------
    images : array-like of shape (n, h, w) or (n, h, w, 1)
        uint8, or floats in [0, 1].
    seed : int
        What is drawn from it: the colours.
    contrast : float
        How far apart the luminances of the two are at least, where 1 is from black to white; from 0 to below 0.85.

    Returns
    -------
    ndarray of shape (n, h, w, 3)
        Of the same type.

    Raises
    ------
    DataError
        If the images are no grey images.
    UsageError
        If a number makes no sense.
    """
    array, rng = grey_pixels(images), np.random.default_rng(checks.seed("seed", seed))
    checks.number("contrast", contrast, least=0, below=0.85)

    def colour(x: Floats) -> Floats:
        black, white = (paint[:, None, None] for paint in pairs(rng, len(x), contrast))
        paint: Floats = black + (white - black) * x[..., None]
        return paint

    return _by_parts(array, (*array.shape, 3), colour)


def rotated(images: ArrayLike, seed: int = 0, *, degrees: float = 45.0) -> Pixels:
    """Images turned around their middle, each by an angle of its own; what comes in from outside repeats the border.

    Parameters
    ----------
    images : array-like of shape (n, h, w) or (n, h, w, c)
        uint8, or floats in [0, 1].
    seed : int
        What is drawn from it: the angles, evenly from -degrees to degrees.
    degrees : float
        0 or more.

    Returns
    -------
    ndarray
        Of the same shape and type, interpolated bilinearly.

    Raises
    ------
    DataError
        If the images are none.
    UsageError
        If a number makes no sense.
    """
    array, rng = checked_pixels(images), np.random.default_rng(checks.seed("seed", seed))
    checks.number("degrees", degrees, least=0)

    def turn(x: Floats) -> Floats:
        return _turned(x, np.deg2rad(rng.uniform(-degrees, degrees, len(x))).astype(np.float32))

    return _by_parts(array, array.shape, turn)


SHIFTS: dict[str, Callable[[ArrayLike, int], Pixels]] = {
    "blended": lambda images, seed: blended(images, seed=seed),
    "coloured": coloured,
    "inverted": lambda images, seed: inverted(images),
    "noisy": noisy,
    "rotated": rotated,
}


def _by_parts(array: Pixels, shape: tuple[int, ...], change: Callable[[Floats], Floats]) -> Pixels:
    """What a function makes of float32 in [0, 1], part after part, in the type of the array."""
    result = np.empty(shape, array.dtype)
    for start in range(0, len(array), CHUNK):
        part = slice(start, start + CHUNK)
        result[part] = like(change(unit(array[part])), array)
    return result


def _turned(x: Floats, angle: Floats) -> Floats:
    """Images (n, h, w, ...) turned anticlockwise by angles (n,)."""
    count, height, width = x.shape[:3]
    angle = angle[:, None, None]
    down, right = ((np.arange(side) - (side - 1) / 2).astype(np.float32) for side in (height, width))
    row, lower, below = _between(down[:, None] * np.cos(angle) + right * np.sin(angle), height)
    column, next_column, beside = _between(right * np.cos(angle) - down[:, None] * np.sin(angle), width)
    each = np.arange(count)[:, None, None]
    beside, below = (share.reshape(*share.shape, *[1] * (x.ndim - 3)) for share in (beside, below))
    above = x[each, row, column] * (1 - beside) + x[each, row, next_column] * beside
    under = x[each, lower, column] * (1 - beside) + x[each, lower, next_column] * beside
    turned: Floats = above * (1 - below) + under * below
    return turned


def _between(place: Floats, side: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """For places from the middle of a side: the pixels before and behind, and how much of the latter there is."""
    exact = np.clip(place + np.float32((side - 1) / 2), 0, side - 1)
    before = exact.astype(np.intp)
    return before, np.minimum(before + 1, side - 1), exact - before.astype(np.float32)
