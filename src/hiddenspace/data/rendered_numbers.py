"""House numbers as cropped photographs show them: one digit in the middle, its neighbours cut off at the sides."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hiddenspace import checks
from hiddenspace.data.number_scenes import light, paint_over, photograph, some, wall
from hiddenspace.data.paints import pairs
from hiddenspace.data.rendered_digits import cover, pixel_middles, uniform
from hiddenspace.data.typefaces import Floats, Fonts, Typefaces, typefaces

CHUNK = 128
"""Pictures drawn at once: the planes of more do not stay in cache."""
LENGTHS = (0.08, 0.38, 0.37, 0.17)
"""How many of the digits are in numbers of one, two, three and four digits."""
REACH = 2
"""Digits on either side that can be seen."""
CONTRAST = 0.24
TALL = (0.65, 1.0)
"""The height of a digit, as a part of the picture's."""
FAR = np.float32(9)
"""Where digits are that a number has not, in heights of a digit."""


class Place(NamedTuple):
    """Where pixels are on the wall, (n, h, w), and how large, (n, 1, 1), in heights of the digit at (0, 0)."""

    x: Floats
    y: Floats
    pixel: Floats


class Number(NamedTuple):
    """Of n numbers, from left to right, in heights of a digit: glyphs and their middles, (n, 5); more.

    The third is the digit in the middle of the picture. `bounds`, (n, 4), is where one digit ends and the next begins,
    `ends` where the number does, (n, 1, 1) each.
    """

    glyphs: NDArray[np.intp]
    middles: Floats
    bounds: Floats
    ends: tuple[Floats, Floats]


def house_numbers(
    count: int, seed: int = 0, side: int = 32, *, fonts: Fonts | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Rendered house numbers, cropped around one digit as those of SVHN are; the label is the digit in the middle.

    Numbers of one to four digits in typefaces, dark on bright or bright on dark, on walls and plates, with shadows,
    seen a little from the side, blurred, grainy and compressed. Nothing is downloaded. The same arguments give the
    same pictures on every machine with these releases of NumPy and Pillow; others may draw otherwise.

    Departures from SVHN (Netzer et al. 2011, "Reading digits in natural images with unsupervised feature learning"):
    all ten digits are equally frequent, and labels are never wrong.

    Parameters
    ----------
    count : int
        How many; each digit is in the middle equally often, or once more.
    seed : int
        What is drawn from it: everything.
    side : int
        Height and width in pixels, at most 2,000.
    fonts : sequence of paths, optional
        Font files (.ttf, .otf) to use in place of matplotlib's 21.

    Returns
    -------
    tuple of ndarray
        Pictures, uint8 of shape (count, side, side, 3), and the digit in the middle of each, int64 of shape (count,),
        0 to 9.

    Raises
    ------
    DataError
        If a font cannot be read, or has not all ten digits.
    UsageError
        If a number makes no sense, or there are no fonts.

    Examples
    --------
    >>> import hiddenspace as hs
    >>> images, labels = hs.data.house_numbers(1_000, seed=0)
    """
    checks.whole("count", count)
    checks.whole("side", side, 2000)
    rng, faces = np.random.default_rng(checks.seed("seed", seed)), typefaces(fonts)
    labels = rng.permutation(count) % 10
    images = np.empty((count, side, side, 3), np.uint8)
    for start in range(0, count, CHUNK):
        part = slice(start, start + CHUNK)
        images[part] = photograph(rng, _scene(rng, faces, labels[part], side))
    return images, labels


def _scene(rng: np.random.Generator, faces: Typefaces, labels: NDArray[np.int64], side: int) -> Floats:
    """(n, 3, side, side): walls with numbers, in the light."""
    count = len(labels)
    number, place = _number(rng, faces, labels), _place(rng, count, side)
    ground, ink = (colour[:, :, None, None] for colour in pairs(rng, count, CONTRAST))
    other = pairs(rng, count, 0.1)[0][:, :, None, None]
    distance = _distances(faces, number, place.x, place.y) - uniform(rng, 0.0, 0.045, count)
    right, down = uniform(rng, -0.07, 0.07, count), uniform(rng, 0.02, 0.09, count)  # the sun is above
    behind = _distances(faces, number, place.x - right, place.y - down)
    soft = place.pixel * uniform(rng, 1, 3.5, count)

    texture = wall(rng, place.x, place.y)[:, None]
    picture = ground * texture
    plate, has = _plate(rng, number, place), some(rng, 0.5, count)
    paint_over(picture, other * texture, (1 - cover(plate, soft)) * has)
    rim = cover(np.abs(plate + uniform(rng, 0.03, 0.1, count)) - np.float32(0.015), soft) * has * some(rng, 0.5, count)
    paint_over(picture, ink, rim * np.float32(0.8))
    picture *= 1 - (cover(behind, soft * 2) * uniform(rng, 0.2, 0.6, count) * some(rng, 0.4, count))[:, None]
    outline = cover(distance - uniform(rng, 0.03, 0.07, count), soft) * some(rng, 0.12, count)
    paint_over(picture, (ground.sum(1, keepdims=True) > ink.sum(1, keepdims=True)).astype(np.float32), outline)
    relief = (distance - behind) / np.float32(0.08) * uniform(rng, 0, 0.25, count) * some(rng, 0.4, count)
    sheen = 1 + place.y * uniform(rng, -0.25, 0.25, count) + relief
    paint_over(picture, ink * sheen[:, None], cover(distance, soft))
    return picture * light(rng, place.x, place.y)[:, None]


def _place(rng: np.random.Generator, count: int, side: int) -> Place:
    """Seen a little from the side and from below, the camera not quite level."""
    tall, wide = uniform(rng, *TALL, count), uniform(rng, 0.75, 1.1, count)
    turn = np.clip(rng.normal(0, 0.08, (count, 1, 1)), -0.25, 0.25).astype(np.float32)
    slant, lean, tilt = (uniform(rng, -most, most, count) for most in (0.15, 0.25, 0.15))
    x, y = (axis - uniform(rng, -0.06, 0.06, count) for axis in pixel_middles(side))
    x, y = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    depth = 1 + lean * x + tilt * y
    x, y = x / (tall * depth), y / (tall * depth)
    return Place((x + slant * y) / wide, y, 1 / (side * tall))


def _number(rng: np.random.Generator, faces: Typefaces, labels: NDArray[np.int64]) -> Number:
    count, slots = len(labels), 2 * REACH + 1
    face = rng.integers(len(faces.widths), size=(count, 1))
    digits = rng.integers(10, size=(count, slots))
    digits[:, REACH] = labels
    length = rng.choice(len(LENGTHS), size=(count, 1), p=LENGTHS) + 1
    first = -rng.integers(length)
    slot = np.arange(slots) - REACH
    there = (slot >= first) & (slot < first + length)
    widths, gap = faces.widths[face, digits], uniform(rng, 0.08, 0.24, count)[:, 0]
    steps = (widths[:, 1:] + widths[:, :-1]) / 2 + gap
    middles = np.concatenate([np.zeros((count, 1), np.float32), np.cumsum(steps, 1)], 1)
    middles -= middles[:, REACH, None]
    left, right = (np.where(there, middles + side * widths / 2, -side * FAR) * side for side in (-1, 1))
    ends = -left.max(1)[:, None, None], right.max(1)[:, None, None]
    bounds = middles[:, :-1] + (widths[:, :-1] + gap) / 2
    return Number(face * 10 + digits, np.where(there, middles, FAR), bounds, ends)


def _distances(faces: Typefaces, number: Number, x: Floats, y: Floats) -> Floats:
    """From the edges of a number, (n, h, w), negative inside: each point looks at the digit that is next to it."""
    slot = np.arange(0, number.glyphs.size, 2 * REACH + 1)[:, None, None]
    for bound in number.bounds.T:
        slot = slot + (x > bound[:, None, None])
    return faces.distances(number.glyphs.take(slot), x - number.middles.take(slot), y)


def _plate(rng: np.random.Generator, number: Number, place: Place) -> Floats:
    """From the edge of a plate around the whole number, (n, h, w), negative inside."""
    count = len(place.x)
    left, right = number.ends
    beside, above = uniform(rng, 0.12, 0.5, count), uniform(rng, 0.58, 0.8, count)
    across = np.maximum(left - beside - place.x, place.x - right - beside)
    distance: Floats = np.maximum(across, np.abs(place.y) - above)
    return distance
