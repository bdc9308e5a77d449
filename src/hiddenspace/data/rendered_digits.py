"""Digits of typefaces, white on black, as a domain beside handwritten ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hiddenspace import checks
from hiddenspace.data.typefaces import Floats, Fonts, Typefaces, typefaces

CHUNK = 500
"""Pictures drawn at once: the planes of more do not stay in cache."""
TALL = (0.6, 0.75)
"""The height of a digit, as a part of the picture's."""
WIDE = (0.85, 1.2)
"""Its width, as a part of what the typeface says."""
TURN, SLANT = np.deg2rad(10), 0.15
THICKER = (-0.005, 0.03)
"""How far an edge is moved outwards, in heights of the digit."""
PLACE = 0.06
"""How far the digit may be from the middle, as a part of the picture's side."""


def font_digits(
    count: int, seed: int = 0, side: int = 28, *, fonts: Fonts | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Digits in typefaces, white on black, each a little turned, slanted, stretched, thickened and out of place.

    Nothing is downloaded: the typefaces are those that come with matplotlib. The same arguments give the same pictures
    on every machine with these releases of NumPy and Pillow; others may draw otherwise.

    Parameters
    ----------
    count : int
        How many; each digit is drawn equally often, or once more.
    seed : int
        What is drawn from it: everything.
    side : int
        Height and width in pixels.
    fonts : sequence of paths, optional
        Font files (.ttf, .otf) to use in place of matplotlib's 21; each is used equally often, or once more.

    Returns
    -------
    tuple of ndarray
        Pictures, uint8 of shape (count, side, side), and the digit in each, int64 of shape (count,), 0 to 9.

    Raises
    ------
    DataError
        If a font cannot be read, or has not all ten digits.
    UsageError
        If a number makes no sense, or there are no fonts.

    Examples
    --------
    >>> import hiddenspace as hs
    >>> images, labels = hs.data.font_digits(1_000, seed=0, side=16)
    """
    checks.whole("count", count)
    checks.whole("side", side)
    rng, faces = np.random.default_rng(checks.seed("seed", seed)), typefaces(fonts)
    labels, which = rng.permutation(count) % 10, rng.permutation(count) % len(faces.widths)
    images = np.empty((count, side, side), np.uint8)
    for start in range(0, count, CHUNK):
        part = slice(start, start + CHUNK)
        images[part] = _draw(faces, which[part], labels[part], rng, side)
    return images, labels


def pixel_middles(side: int) -> tuple[Floats, Floats]:
    """Where the middles of pixels are, right and down of the picture's, in its sides: (1, 1, side), (1, side, 1)."""
    axis = ((np.arange(side) + 0.5) / side - 0.5).astype(np.float32)
    return axis[None, None, :], axis[None, :, None]


def uniform(rng: np.random.Generator, low: float, high: float, count: int) -> Floats:
    """(count, 1, 1), one number for each picture."""
    return rng.uniform(low, high, (count, 1, 1)).astype(np.float32)


def cover(distance: Floats, softness: Floats | float) -> Floats:
    """How much of a pixel is inside, 0 to 1, with an edge that is `softness` wide."""
    return np.clip(np.float32(0.5) - distance / softness, 0, 1)


def _draw(
    faces: Typefaces, which: NDArray[np.intp], digits: NDArray[np.int64], rng: np.random.Generator, side: int
) -> NDArray[np.uint8]:
    count = len(digits)
    tall, wide = uniform(rng, *TALL, count), uniform(rng, *WIDE, count)
    turn, slant = uniform(rng, -TURN, TURN, count), uniform(rng, -SLANT, SLANT, count)
    x, y = (axis - uniform(rng, -PLACE, PLACE, count) for axis in pixel_middles(side))
    across, down = x * np.cos(turn) + y * np.sin(turn), (y * np.cos(turn) - x * np.sin(turn)) / tall
    across = across / (tall * wide) + slant * down
    distance = faces.distances((which * 10 + digits)[:, None, None], across, down)
    whole: NDArray[np.uint8] = np.rint(255 * cover(distance - uniform(rng, *THICKER, count), 1 / (side * tall)))
    return whole.astype(np.uint8)
