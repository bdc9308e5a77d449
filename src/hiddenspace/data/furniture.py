"""Pieces of furniture as boxes and prisms: what `rendered_chairs` draws.

A piece stands on z = 0, about 2 units wide and at most 2 high, with its front towards -y. Every piece has a front that
differs from its back, so that a picture says where it looks.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Quad = tuple[Floats, int]
"""Four corners, (4, 3), anticlockwise as seen from outside, and which paint it has."""

COLOUR, WOOD, METAL, PALE = range(4)
"""Paints: the colour of the piece, and three that are always the same."""
SIDES = 12
"""Of what stands for a cylinder."""


def box(x: float, y: float, z: float, size: tuple[float, float, float], paint: int, lean: float = 0.0) -> list[Quad]:
    """A box over the middle of its base, (x, y, z); its top is moved back by `lean`."""
    w, d, h = (value / 2 for value in size)
    base = np.array([[x - w, y - d, z], [x + w, y - d, z], [x + w, y + d, z], [x - w, y + d, z]])
    return _between(base, base + np.array((0, lean, 2 * h)), paint)


def prism(x: float, y: float, z: float, radius: tuple[float, float], height: float, paint: int) -> list[Quad]:
    """An upright round thing over (x, y, z), `radius` being that below and that above."""
    angles = np.arange(SIDES) * (2 * np.pi / SIDES)
    ring = np.stack([np.cos(angles), np.sin(angles), np.zeros(SIDES)], axis=1)
    low, high = (ring * (r, r, 0) + (x, y, level) for r, level in zip(radius, (z, z + height), strict=True))
    return _between(low, high, paint)


def beam(start: tuple[float, float, float], end: tuple[float, float, float], width: float, paint: int) -> list[Quad]:
    """A square beam from one point to another, which does not stand upright."""
    a, b = np.array(start), np.array(end)
    aside = np.cross(b - a, (0, 0, 1.0))
    aside *= width / 2 / np.linalg.norm(aside)
    up = np.cross(aside, b - a)
    up *= width / 2 / np.linalg.norm(up)
    ring = np.array([-aside - up, aside - up, aside + up, -aside + up])
    return _between(b + ring, a + ring, paint)


def _between(low: Floats, high: Floats, paint: int) -> list[Quad]:
    """The faces between two rings of corners (n, 3), n even, and the two rings themselves in strips of four corners."""
    n = len(low)
    nexts = np.roll(np.arange(n), -1)
    faces = [np.array([low[i], low[j], high[j], high[i]]) for i, j in enumerate(nexts)]
    for ring in (high, low[::-1]):
        faces += [ring[[i, i + 1, n - 2 - i, n - 1 - i]] for i in range(n // 2 - 1)]
    return [(face, paint) for face in faces]


def _legs(half: tuple[float, float], height: float, width: float, paint: int = WOOD) -> list[Quad]:
    """Four of them."""
    size = (width, width, height)
    return [q for x in (-half[0], half[0]) for y in (-half[1], half[1]) for q in box(x, y, 0, size, paint)]


def _chair() -> list[Quad]:
    posts = [q for x in (-0.55, 0.55) for q in box(x, 0.55, 0.8, (0.14, 0.14, 1.15), WOOD, lean=0.15)]
    back = box(0, 0.6, 1.4, (1.1, 0.1, 0.5), COLOUR, lean=0.07)
    return [*_legs((0.55, 0.55), 0.8, 0.14), *box(0, 0, 0.8, (1.3, 1.3, 0.16), COLOUR), *posts, *back]


def _armchair() -> list[Quad]:
    arms = [q for x in (-0.8, 0.8) for q in box(x, -0.05, 0.2, (0.34, 1.5, 0.85), COLOUR)]
    seat = box(0, -0.1, 0.45, (1.26, 1.36, 0.28), PALE)
    body = [*box(0, 0, 0.2, (1.6, 1.4, 0.25), COLOUR), *box(0, 0.65, 0.2, (1.94, 0.34, 1.45), COLOUR, lean=0.12)]
    return [*_legs((0.75, 0.6), 0.2, 0.16), *body, *seat, *arms]


def _office_chair() -> list[Quad]:
    angles = np.pi / 2 + np.arange(5) * (2 * np.pi / 5)
    tips = [(float(0.75 * np.cos(a)), float(0.75 * np.sin(a))) for a in angles]
    foot = [q for x, y in tips for q in beam((0, 0, 0.22), (x, y, 0.18), 0.13, METAL)]
    wheels = [q for x, y in tips for q in box(x, y, 0, (0.17, 0.17, 0.18), METAL)]
    column = prism(0, 0, 0.2, (0.1, 0.1), 0.65, METAL)
    spine = box(0, 0.62, 0.85, (0.16, 0.1, 0.5), METAL)
    back = box(0, 0.6, 1.15, (1.0, 0.16, 0.85), COLOUR, lean=0.1)
    return [*foot, *wheels, *column, *prism(0, 0, 0.85, (0.62, 0.68), 0.18, COLOUR), *spine, *back]


def _stool() -> list[Quad]:
    legs = [
        q
        for x in (-1, 1)
        for y in (-1, 1)
        for q in beam((0.6 * x, 0.6 * y, 0.02), (0.36 * x, 0.36 * y, 1.4), 0.13, WOOD)
    ]
    rest = box(0, -0.55, 0.42, (1.0, 0.12, 0.12), METAL)
    rim = box(0, 0.5, 1.52, (0.8, 0.1, 0.3), COLOUR)
    return [*legs, *rest, *prism(0, 0, 1.38, (0.58, 0.58), 0.16, COLOUR), *rim]


def _bench() -> list[Quad]:
    slats = [q for y in (-0.33, 0.0, 0.33) for q in box(0, y, 0.7, (2.3, 0.27, 0.1), COLOUR)]
    back = [q for z, y in ((1.0, 0.55), (1.3, 0.6)) for q in box(0, y, z, (2.3, 0.08, 0.22), COLOUR)]
    posts = [q for x in (-0.95, 0.95) for q in box(x, 0.5, 0.7, (0.12, 0.1, 0.85), METAL, lean=0.16)]
    return [*_legs((0.95, 0.38), 0.7, 0.14, METAL), *slats, *posts, *back]


def _square_table() -> list[Quad]:
    drawer = [*box(0, -0.84, 0.97, (0.9, 0.06, 0.24), PALE), *box(0, -0.9, 1.05, (0.2, 0.08, 0.07), METAL)]
    apron = box(0, 0, 0.95, (1.6, 1.6, 0.28), WOOD)
    places = [*box(0, -0.55, 1.35, (0.9, 0.55, 0.03), PALE), *prism(0.62, -0.55, 1.35, (0.12, 0.14), 0.22, METAL)]
    return [*_legs((0.76, 0.76), 0.95, 0.17), *apron, *drawer, *box(0, 0, 1.23, (1.9, 1.9, 0.12), COLOUR), *places]


def _round_table() -> list[Quad]:
    foot = [*prism(0, 0, 0, (0.6, 0.5), 0.1, WOOD), *prism(0, 0, 0.1, (0.16, 0.12), 1.05, WOOD)]
    pot = [*prism(0, -0.55, 1.27, (0.16, 0.22), 0.3, METAL), *prism(0, -0.55, 1.57, (0.12, 0.05), 0.14, PALE)]
    return [*foot, *prism(0, 0, 1.15, (1.0, 1.05), 0.12, COLOUR), *pot]


def _desk() -> list[Quad]:
    drawers = box(0.72, 0, 0, (0.66, 1.1, 1.05), PALE)
    handles = [q for z in (0.18, 0.5, 0.82) for q in box(0.72, -0.58, z, (0.3, 0.08, 0.08), METAL)]
    side = box(-1.0, 0, 0, (0.1, 1.1, 1.05), WOOD)
    wall = box(-0.3, 0.5, 0.45, (1.4, 0.08, 0.6), WOOD)
    return [*drawers, *handles, *side, *wall, *box(0, 0, 1.05, (2.25, 1.3, 0.12), COLOUR)]


def _coffee_table() -> list[Quad]:
    shelf = box(0, 0, 0.2, (1.7, 0.9, 0.07), PALE)
    book = [*box(0.55, -0.2, 0.72, (0.55, 0.4, 0.1), PALE), *box(0.55, -0.2, 0.82, (0.45, 0.34, 0.1), METAL)]
    return [*_legs((0.9, 0.48), 0.6, 0.14), *shelf, *box(0, 0, 0.6, (2.1, 1.25, 0.12), COLOUR), *book]


def _sofa() -> list[Quad]:
    arms = [q for x in (-1.08, 1.08) for q in box(x, 0, 0.12, (0.26, 1.1, 0.65), COLOUR)]
    cushions = [q for x in (-0.48, 0.48) for q in box(x, -0.1, 0.4, (0.93, 0.95, 0.2), PALE)]
    body = [*box(0, 0, 0.12, (1.95, 1.0, 0.28), COLOUR), *box(0, 0.48, 0.12, (2.4, 0.26, 1.0), COLOUR, lean=0.1)]
    return [*_legs((1.05, 0.45), 0.12, 0.12), *body, *cushions, *arms]


PIECES = {
    "armchair": _armchair,
    "bench": _bench,
    "chair": _chair,
    "coffee table": _coffee_table,
    "desk": _desk,
    "office chair": _office_chair,
    "round table": _round_table,
    "sofa": _sofa,
    "square table": _square_table,
    "stool": _stool,
}


@cache
def mesh(name: str) -> tuple[Floats, NDArray[np.intp]]:
    """The faces of a piece, (q, 4, 3), and their paints, (q,)."""
    quads = PIECES[name]()
    return np.array([corners for corners, _ in quads]), np.array([paint for _, paint in quads], np.intp)
