"""The project's own pictures: coloured shapes on soft grounds, drawn from signed distances.

A shape is a function of the plane that is negative inside and positive outside. Where its value is within half a
pixel of zero, the pixel is partly covered: that is all the anti-aliasing there is, and it needs no supersampling.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]  # float32 throughout

CHUNK = 500  # pictures drawn at once: the planes of more do not stay in cache


def _circle(x: Floats, y: Floats) -> Floats:
    return np.hypot(x, y) - 0.9


def _ring(x: Floats, y: Floats) -> Floats:
    return np.abs(np.hypot(x, y) - 0.7) - 0.22


def _square(x: Floats, y: Floats) -> Floats:
    return np.maximum(np.abs(x), np.abs(y)) - 0.8


def _cross(x: Floats, y: Floats) -> Floats:
    x, y = np.abs(x), np.abs(y)
    return np.minimum(np.maximum(x - 0.95, y - 0.32), np.maximum(x - 0.32, y - 0.95))


def _triangle(x: Floats, y: Floats) -> Floats:
    distance: Floats = np.maximum(np.abs(x) * np.sqrt(0.75) + y * 0.5, -y) - 0.5
    return distance


def _star(x: Floats, y: Floats) -> Floats:
    """Five points: one edge of a point, mirrored and turned onto all ten."""
    angle = np.abs((np.arctan2(x, y) + np.pi / 5) % (2 * np.pi / 5) - np.pi / 5)
    radius = np.hypot(x, y)
    along, aside = radius * np.cos(angle), radius * np.sin(angle)
    distance: Floats = (along - 1.05) * np.sin(0.55) + aside * np.cos(0.55)
    return distance


SHAPES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "circle": _circle,
    "cross": _cross,
    "ring": _ring,
    "square": _square,
    "star": _star,
    "triangle": _triangle,
}


def render_shapes(count: int, seed: int = 0, side: int = 32) -> tuple[NDArray[np.uint8], NDArray[np.str_]]:
    """Draw `count` pictures of one shape each, with random place, size, turn, colours and light.

    Parameters
    ----------
    count : int
        How many pictures.
    seed : int
        The same seed draws the same pictures.
    side : int
        Height and width in pixels.

    Returns
    -------
    tuple of ndarray
        Pictures, uint8 of shape (count, side, side, 3), and the name of the shape in each, shape (count,).
    """
    rng = np.random.default_rng(seed)
    names = np.array(sorted(SHAPES))[rng.integers(len(SHAPES), size=count)]
    pictures = np.empty((count, side, side, 3), np.uint8)
    for start in range(0, count, CHUNK):
        pictures[start : start + CHUNK] = _draw(names[start : start + CHUNK], rng, side)
    return pictures, names


def _draw(names: NDArray[np.str_], rng: np.random.Generator, side: int) -> NDArray[np.uint8]:
    count = len(names)
    axis = ((np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1)[None]
    x, y = (
        np.broadcast_to(axis[:, None, :], (count, side, side)),
        np.broadcast_to(axis[:, :, None], (count, side, side)),
    )
    size = _uniform(rng, 0.32, 0.7, count)
    left, up = ((_uniform(rng, -1, 1, count) * (1 - size * 0.95)) for _ in range(2))
    turn = _uniform(rng, 0, 2 * np.pi, count)
    hue, light = _uniform(rng, 0, 1, count), _uniform(rng, 0.75, 1, count)
    colour = _colour(hue, _uniform(rng, 0.55, 0.95, count), light)
    ground = _colour(hue + _uniform(rng, 0.25, 0.75, count), _uniform(rng, 0.15, 0.45, count), 1.25 - light)

    picture = ground * (1 - 0.18 * (x * np.cos(turn) + y * np.sin(turn)))[..., None]  # light falls off across it
    shadow = _cover(names, x - left - 0.07, y - up - 0.09, size, turn, softness=0.16)
    picture *= 1 - 0.35 * shadow[..., None]
    shape = _cover(names, x - left, y - up, size, turn, softness=2 / side)[..., None]
    shaded = colour * (1 - 0.22 * (y - up) / size)[..., None]
    picture += shape * (shaded - picture)
    whole: NDArray[np.uint8] = np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8)
    return whole


def _cover(names: NDArray[np.str_], x: Floats, y: Floats, size: Floats, turn: Floats, softness: float) -> Floats:
    """How much of each pixel the shape covers, 0 to 1, with an edge that is `softness` wide."""
    u = (x * np.cos(turn) - y * np.sin(turn)) / size
    v = (x * np.sin(turn) + y * np.cos(turn)) / size
    covered: Floats = np.empty_like(u)
    for name, distance in SHAPES.items():
        chosen = names == name
        covered[chosen] = np.clip(0.5 - distance(u[chosen], v[chosen]) * size[chosen] / softness, 0, 1)
    return covered


def _colour(hue: Floats, saturation: Floats, value: Floats) -> Floats:
    """HSV to RGB, (n, 1, 1) each to (n, 1, 1, 3): each channel is a clipped triangle wave of the hue."""
    wave = np.abs((hue[..., None] + np.array([0, 2 / 3, 1 / 3], np.float32)) % 1 * 6 - 3) - 1
    rgb: Floats = value[..., None] * (1 - saturation[..., None] * (1 - np.clip(wave, 0, 1)))
    return rgb


def _uniform(rng: np.random.Generator, low: float, high: float, count: int) -> Floats:
    values: Floats = rng.uniform(low, high, (count, 1, 1)).astype(np.float32)
    return values
