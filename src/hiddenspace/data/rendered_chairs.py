"""The rendered set `chairs`: chairs and tables by type, azimuth, elevation and colour, drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hiddenspace import checks
from hiddenspace.data.furniture import PIECES, mesh
from hiddenspace.data.rasterize import nearest_faces
from hiddenspace.errors import DataError

Floats = NDArray[np.float64]

TYPES = tuple(PIECES)
COLOURS = {
    "blue": (0.20, 0.45, 0.85),
    "green": (0.25, 0.65, 0.30),
    "grey": (0.55, 0.57, 0.60),
    "orange": (0.95, 0.55, 0.15),
    "pink": (0.95, 0.50, 0.70),
    "purple": (0.55, 0.30, 0.75),
    "red": (0.85, 0.20, 0.18),
    "yellow": (0.97, 0.80, 0.20),
}
PAINTS = np.array([(0, 0, 0), (0.62, 0.42, 0.25), (0.27, 0.28, 0.31), (0.93, 0.90, 0.83)])
"""Wood, metal and pale; the first stands for the colour of the piece."""
ELEVATIONS = (5.0, 50.0)
SAMPLES = 3
"""Rays along each side of a pixel."""
PART = 20
"""Bits for the sum of one channel."""
CHUNK = 32
"""Pictures drawn at once: the spans of more do not stay in cache."""
DISTANCE, SCALE, MIDDLE = 7.0, 1.8, 0.75
"""Of the camera from the piece; half the width of the picture there; at which height it looks."""
LIGHT = np.array([-0.45, 0.8, 0.6]) / np.linalg.norm([-0.45, 0.8, 0.6])
"""Towards the light, from the left, above and behind the camera: right, up, towards the camera."""
AMBIENT = 0.45
SHADOW, GROUND = 0.86, 1.0
FLAT = 1e-6
FARTHEST = 1e-6
"""Nearness of what lies behind everything."""


class Chairs(NamedTuple):
    """Pictures and what they show."""

    images: NDArray[np.uint8]
    attributes: pd.DataFrame


def chairs(n: int = 10_000, size: int = 64, random_state: int = 0, *, shift: float = 0.0) -> Chairs:
    """Pictures of simple chairs and tables on a white ground, and the table of what each shows.

    Ten types, seen from all around (`azimuth`, 0 to 360 degrees; at 0 the front looks at us) and from 5 to 50 degrees
    above the floor (`elevation`), in one of eight colours. Nothing is downloaded. The same arguments give the same
    pictures, but for a pixel here and there where another NumPy rounds a sine differently.

    Parameters
    ----------
    n : int
        How many.
    size : int
        Height and width in pixels.
    random_state : int
        What is drawn from it: all attributes, each independent of the others.
    shift : float
        How far left or right of the middle a piece may stand, as a part of the picture's width; with more than 0 the
        table has this column as well.

    Returns
    -------
    Chairs
        `images`, uint8 of shape (n, size, size, 3), and `attributes`, a DataFrame of n rows.

    Raises
    ------
    UsageError
        If a number makes no sense.

    Examples
    --------
    >>> import hiddenspace as hs
    >>> images, attributes = hs.data.chairs(n=100, size=32)
    >>> truth = hs.data.render_chairs(attributes.assign(azimuth=90.0), size=32)
    """
    checks.whole("n", n)
    checks.number("shift", shift, least=0, below=0.5)
    rng = np.random.default_rng(checks.seed("random_state", random_state))
    attributes = pd.DataFrame(
        {
            "type": np.array(TYPES)[rng.integers(len(TYPES), size=n)],
            "azimuth": rng.uniform(0, 360, n),
            "elevation": rng.uniform(*ELEVATIONS, n),
            "colour": np.array(tuple(COLOURS))[rng.integers(len(COLOURS), size=n)],
        }
    )
    if shift > 0:
        attributes["shift"] = rng.uniform(-shift, shift, n)
    return Chairs(render_chairs(attributes, size), attributes)


def render_chairs(attributes: pd.DataFrame | Mapping[str, Any], size: int = 64) -> NDArray[np.uint8]:
    """Draws the pieces that rows describe: the truth about any angle.

    Parameters
    ----------
    attributes : DataFrame or mapping of columns
        Text `type` and `colour`, degrees `azimuth` and `elevation` (-90 to 90), and perhaps `shift`: see `chairs`.
    size : int
        Height and width in pixels.

    Returns
    -------
    ndarray of shape (n, size, size, 3), uint8

    Raises
    ------
    DataError
        If a column is missing, or holds what cannot be drawn.
    UsageError
        If `size` makes no sense.
    """
    checks.whole("size", size)
    table = _checked(pd.DataFrame(attributes))
    images = np.empty((len(table), size, size, 3), np.uint8)
    order = np.argsort(table["type"].to_numpy(), kind="stable")  # the same piece, one after the other
    for start in range(0, len(order), CHUNK):
        chosen = order[start : start + CHUNK]
        images[chosen] = _draw(table.iloc[chosen], size)
    return images


def _checked(table: pd.DataFrame) -> pd.DataFrame:
    if missing := [name for name in ("type", "azimuth", "elevation", "colour") if name not in table]:
        raise DataError(f"the attributes lack the column {missing[0]!r}; give type, azimuth, elevation and colour.")
    for name, known in (("type", TYPES), ("colour", tuple(COLOURS))):
        if unknown := [value for value in table[name].unique() if value not in known]:
            raise DataError(f"{unknown[0]!r} is no {name} of chairs; use {', '.join(known)}.")
    if "shift" not in table:
        table = table.assign(shift=0.0)
    for name, most in (("azimuth", np.inf), ("elevation", 90.0), ("shift", np.inf)):
        values = pd.to_numeric(table[name], errors="coerce").to_numpy(np.float64)
        if not (np.isfinite(values) & (np.abs(values) <= most)).all():
            raise DataError(
                f"the column {name!r} holds what is no such number; give finite degrees or parts of a width."
            )
    return table


def _draw(table: pd.DataFrame, size: int) -> NDArray[np.uint8]:
    """(n, size, size, 3): faces and their shadows to samples, and the mean of each pixel's samples."""
    corners, normals, paints, picture = _faces(table)
    colours = _shaded(_turned(normals[:, None], table, picture)[:, 0], paints, picture, table)
    above = normals[:, 2] > FLAT  # the lamp of the shadows hangs straight above: what faces it throws them
    every, owner = np.concatenate([corners, corners[above] * (1, 1, 0)]), np.concatenate([picture, picture[above]])
    x, y, near = _on_screen(_turned(every - (0, 0, MIDDLE), table, owner), table["shift"].to_numpy(np.float64)[owner])
    near[len(corners) :] = FARTHEST
    seen = np.flatnonzero(_facing(x, y))
    side = size * SAMPLES
    face = nearest_faces(np.stack([x, y], -1)[seen] * side, near[seen], owner[seen], len(table), side)
    palette = np.concatenate([colours, np.full((above.sum(), 3), SHADOW)])[seen]
    return _means(face, np.concatenate([palette, np.full((1, 3), GROUND)]))  # -1 is the last


def _means(face: NDArray[np.int64], palette: Floats) -> NDArray[np.uint8]:
    """Colours of samples (n, side, side), each pixel the mean of its own: (n, size, size, 3).

    Red, green and blue are summed as one whole number, in three parts of which none can run over.
    """
    bytes_ = np.rint(palette * 255).astype(np.int64)
    packed = bytes_ @ np.array([1 << 2 * PART, 1 << PART, 1])
    total = sum(packed[face[:, i::SAMPLES, j::SAMPLES]] for i in range(SAMPLES) for j in range(SAMPLES))
    parts = np.stack([total >> 2 * PART, total >> PART & (1 << PART) - 1, total & (1 << PART) - 1], axis=-1)
    return ((parts + SAMPLES**2 // 2) // SAMPLES**2).astype(np.uint8)


def _faces(table: pd.DataFrame) -> tuple[Floats, Floats, NDArray[np.intp], NDArray[np.int64]]:
    """Of all pictures' faces: corners (f, 4, 3), normals (f, 3), paints (f,), and in which picture they are (f,)."""
    meshes = [mesh(name) for name in table["type"]]
    corners = np.concatenate([faces for faces, _ in meshes])
    normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    paints = np.concatenate([paints for _, paints in meshes])
    return corners, normals, paints, np.repeat(np.arange(len(meshes)), [len(faces) for faces, _ in meshes])


def _turned(points: Floats, table: pd.DataFrame, picture: NDArray[np.int64]) -> Floats:
    """Points or directions (f, k, 3) as the camera sees them: right, up, towards it."""
    azimuth, elevation = (np.deg2rad(table[name].to_numpy(np.float64)) for name in ("azimuth", "elevation"))
    zero = np.zeros_like(azimuth)
    (sa, ca), (se, ce) = ((np.sin(a), np.cos(a)) for a in (azimuth, elevation))
    right, up = np.stack([ca, -sa, zero], 1), np.stack([sa * se, ca * se, ce], 1)
    towards = np.stack([-sa * ce, -ca * ce, se], 1)
    rotation = np.stack([right, up, towards], 1)[picture]
    return np.asarray(points @ rotation.transpose(0, 2, 1))


def _on_screen(points: Floats, shift: Floats) -> tuple[Floats, Floats, Floats]:
    """Where points lie: x and y of (f, k, 3), 0 to 1 across the picture and down, and their nearness: each (f, k)."""
    near = 1 / (DISTANCE - points[..., 2])
    x, y = (points[..., axis] * near * (DISTANCE / SCALE) for axis in (0, 1))
    return (1 + x) / 2 + shift[:, None], (1 - y) / 2, near


def _shaded(normals: Floats, paints: NDArray[np.intp], picture: NDArray[np.int64], table: pd.DataFrame) -> Floats:
    """The light that faces give back, (f, 3) in [0, 1]."""
    own = np.array([COLOURS[name] for name in table["colour"]])[picture]
    paint = np.where((paints == 0)[:, None], own, PAINTS[paints])
    light = AMBIENT + (1 - AMBIENT) * np.clip(normals @ LIGHT, 0, 1)
    return np.asarray(paint * light[:, None])


def _facing(x: Floats, y: Floats) -> NDArray[np.bool_]:
    """Whether corners (f, 4) go round anticlockwise, y being downwards: others are seen from behind."""
    across, along = (x[:, 2] - x[:, 0], y[:, 2] - y[:, 0]), (x[:, 3] - x[:, 1], y[:, 3] - y[:, 1])
    return np.asarray(across[0] * along[1] - across[1] * along[0] < 0)
