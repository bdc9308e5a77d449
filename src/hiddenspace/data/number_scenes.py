"""What is around a house number, and what a camera makes of it: walls, plates, light, blur, noise, JPEG.

Pictures are (n, 3, h, w) float32 in [0, 1] here: so a plane of each is multiplied at once.
"""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hiddenspace.data.rendered_digits import cover, uniform
from hiddenspace.data.typefaces import Floats

GROUP = 32
"""Pictures that are compressed together, by one quality."""
QUALITIES = (35, 93)
BLOCK = 16
"""Pixels: what a JPEG compresses by itself, where colours are kept at half the size."""


def some(rng: np.random.Generator, share: float, count: int) -> Floats:
    """(count, 1, 1): 1 in this share of the pictures, else 0."""
    return (rng.random((count, 1, 1)) < share).astype(np.float32)


def paint_over(picture: Floats, colour: Floats, share: Floats) -> None:
    """Pictures (n, 3, h, w) become a colour, or another picture, where `share` (n, h, w) is 1; in place."""
    change = colour - picture
    change *= share[:, None]
    picture += change


def wall(rng: np.random.Generator, x: Floats, y: Floats) -> Floats:
    """How bright a wall is from place to place, about 1, (n, h, w): blotches, streaks of wood, joints of bricks."""
    count = len(x)
    blotches = _waves(rng, (5, 5), x.shape) * uniform(rng, 0, 0.12, count)
    along, across = _waves(rng, (3, 17), x.shape), _waves(rng, (17, 3), x.shape)
    upright = some(rng, 0.5, count)
    streaks = (upright * along + (1 - upright) * across) * uniform(rng, -0.2, 0.16, count).clip(0)
    pitch, depth = uniform(rng, 0.25, 0.8, count), uniform(rng, 0.05, 0.3, count)
    course = y / pitch + uniform(rng, 0, 1, count)
    seam = np.abs(course - np.floor(course) - np.float32(0.5)) * pitch
    shifted = x / (3 * pitch) + np.floor(course) * np.float32(0.5)
    upright_seam = np.abs(shifted - np.floor(shifted) - np.float32(0.5)) * 3 * pitch + 9 * (1 - some(rng, 0.5, count))
    joints = cover(np.minimum(seam, upright_seam) - np.float32(0.02), 0.06) * depth * some(rng, 0.18, count)
    bright: Floats = 1 + blotches + streaks - joints
    return bright


def light(rng: np.random.Generator, x: Floats, y: Floats) -> Floats:
    """How much light falls from place to place, at most about 1, (n, h, w): from one side, with a shadow's edge."""
    count = len(x)
    turn = uniform(rng, 0, 2 * np.pi, count)
    falls = 1 + (x * np.cos(turn) + y * np.sin(turn)) * uniform(rng, 0, 0.5, count)
    turn = uniform(rng, 0, 2 * np.pi, count)
    distance = x * np.cos(turn) + y * np.sin(turn) - uniform(rng, -0.4, 0.4, count)
    shade = cover(distance, uniform(rng, 0.03, 0.5, count)) * uniform(rng, 0.15, 0.45, count) * some(rng, 0.25, count)
    lit: Floats = falls * (1 - shade)
    return lit


def photograph(rng: np.random.Generator, pictures: Floats) -> NDArray[np.uint8]:
    """What a camera makes of pictures (n, 3, h, w): (n, h, w, 3), blurred, grainy, compressed as a JPEG."""
    count, _, height, width = pictures.shape
    dull, pale = uniform(rng, 0.75, 1, count)[:, None], uniform(rng, 0, 0.25, count)[:, None]
    pictures = pictures * dull + pale * (1 - dull)
    for axis in (2, 3):
        weights: Floats = np.asarray(rng.beta(1, 1.3, count) / 3, np.float32)
        pictures = _blurred(pictures, weights, axis)
    grain = rng.standard_normal((count, 1, height, width), np.float32) * uniform(rng, 0, 0.025, count)[:, None]
    whole = np.rint(255 * np.clip(pictures + grain, 0, 1)).astype(np.uint8)
    return _compressed(rng, whole.transpose(0, 2, 3, 1))


def _waves(rng: np.random.Generator, grid: tuple[int, int], shape: tuple[int, ...]) -> Floats:
    """Random numbers, -1 to 1, at the points of a grid over each picture, and what is between them: (n, h, w)."""
    count, *sides = shape
    values = rng.uniform(-1, 1, (count, *grid)).astype(np.float32)
    for axis, side in zip((1, 2), sides, strict=True):
        place = np.linspace(0, values.shape[axis] - 1.001, side, dtype=np.float32)
        whole = place.astype(np.intp)
        rest = (place - whole).reshape((-1, 1) if axis == 1 else (-1,)).astype(np.float32)
        values = values.take(whole, axis) * (1 - rest) + values.take(whole + 1, axis) * rest
    return values


def _blurred(pictures: Floats, weights: Floats, axis: int) -> Floats:
    """Each pixel with so much (n,) of its two neighbours along an axis; at the border, of itself."""
    given = pictures * weights[:, None, None, None]
    result: Floats = pictures - 2 * given
    whole = (slice(None),) * axis
    ahead, back, start, end = ((*whole, part) for part in (slice(1, None), slice(-1), slice(1), slice(-1, None)))
    result[ahead] += given[back]
    result[back] += given[ahead]
    result[start] += given[start]
    result[end] += given[end]
    return result


def _compressed(rng: np.random.Generator, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """JPEGs of pictures (n, h, w, 3), each group below one another, and read again."""
    count, height, width, _ = pictures.shape
    padded = np.pad(pictures, ((0, 0), (0, -height % BLOCK), (0, -width % BLOCK), (0, 0)), "edge")
    result = np.empty_like(padded)
    for start in range(0, count, GROUP):
        group, file = padded[start : start + GROUP], BytesIO()
        Image.fromarray(group.reshape(-1, *group.shape[2:])).save(file, "JPEG", quality=int(rng.integers(*QUALITIES)))
        result[start : start + GROUP] = np.asarray(Image.open(file)).reshape(group.shape)
    return result[:, :height, :width]
