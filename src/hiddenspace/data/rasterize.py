"""Flat faces to pixels: a depth buffer over the faces of many pictures at once, in NumPy alone.

A face with four corners covers one span of each line of pixels. All spans of all pictures are laid end to end, so that
no loop goes over pictures, faces or lines.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Places = NDArray[np.int64]

DEPTHS = 1 << 30
"""Steps of nearness between 0 and 1."""
BITS = 24
"""Of a number that says which face it is, nothing being 0."""
FLAT = 1e-9


def nearest_faces(corners: Floats, nearness: Floats, picture: Places, pictures: int, side: int) -> Places:
    """Which face is seen at each pixel's middle.

    Parameters
    ----------
    corners : array of shape (f, 4, 2)
        Convex faces on the screen: x to the right and y downwards, in pixels.
    nearness : array of shape (f, 4)
        Of each corner, above 0 and below 1; linear over the face, as 1 / depth is under perspective.
    picture : array of shape (f,)
        To which picture each face belongs.
    pictures, side : int
        How many pictures there are, and their height and width.

    Returns
    -------
    array of shape (pictures, side, side), int64
        Positions in `corners`, or -1 where nothing is.
    """
    face, line = _lines(corners, side)
    left, right = _span(corners[face], np.asarray(line + 0.5))
    first = np.clip(np.ceil(left - 0.5), 0, side).astype(np.int64)
    lengths = np.clip(np.floor(right - 0.5), -1, side - 1).astype(np.int64) - first + 1
    lengths = np.maximum(lengths, 0)
    slope, start = (plane[face] for plane in _planes(corners, nearness))
    begin = start + slope[:, 0] * (first + 0.5) + slope[:, 1] * (line + 0.5)
    step = _steps(lengths)
    depth = np.repeat(begin, lengths) + np.repeat(slope[:, 0], lengths) * step
    key = (np.clip(depth, 0, 1) * DEPTHS).astype(np.int64) << BITS | np.repeat(face + 1, lengths)
    place = np.repeat((picture[face] * side + line) * side + first, lengths) + step
    nearest = np.zeros(pictures * side * side, np.int64)
    np.maximum.at(nearest, place, key)
    return ((nearest & ((1 << BITS) - 1)) - 1).reshape(pictures, side, side)


def _steps(lengths: Places) -> Places:
    """0 1 2 0 1 0 ... for lengths 3, 2, 1, ..."""
    starts = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) - np.repeat(starts, lengths)


def _lines(corners: Floats, side: int) -> tuple[Places, Places]:
    """Every line of pixels that a face may touch: the face, and the line."""
    y = corners[:, :, 1]
    top = np.clip(np.ceil(y.min(1) - 0.5), 0, side).astype(np.int64)
    bottom = np.clip(np.floor(y.max(1) - 0.5), -1, side - 1).astype(np.int64)
    heights = np.maximum(bottom - top + 1, 0)
    return np.repeat(np.arange(len(y)), heights), np.repeat(top, heights) + _steps(heights)


def _span(corners: Floats, y: Floats) -> tuple[Floats, Floats]:
    """From where to where the faces (l, 4, 2) reach on the lines y (l,)."""
    left, right = np.full(len(y), np.inf), np.full(len(y), -np.inf)
    for i in range(4):
        (x0, y0), (x1, y1) = corners[:, i].T, corners[:, i - 1].T
        rise = y1 - y0
        crosses = (np.minimum(y0, y1) <= y) & (y <= np.maximum(y0, y1)) & (np.abs(rise) > FLAT)
        x = x0 + (y - y0) * (x1 - x0) / np.where(crosses, rise, 1.0)
        left = np.where(crosses, np.minimum(left, x), left)
        right = np.where(crosses, np.maximum(right, x), right)
    return np.where(right < left, 0.0, left), np.where(right < left, -1.0, right)


def _planes(corners: Floats, nearness: Floats) -> tuple[Floats, Floats]:
    """Nearness as slope . (x, y) + start, from the two diagonals: (f, 2) and (f,)."""
    across, along = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
    rise = nearness[:, 2] - nearness[:, 0], nearness[:, 3] - nearness[:, 1]
    area = across[:, 0] * along[:, 1] - across[:, 1] * along[:, 0]
    area = np.where(np.abs(area) > FLAT, area, np.inf)  # what is seen from its edge covers no pixel
    slope = np.stack(
        [
            (rise[0] * along[:, 1] - rise[1] * across[:, 1]) / area,
            (rise[1] * across[:, 0] - rise[0] * along[:, 0]) / area,
        ],
        axis=1,
    )
    return slope, nearness.mean(1) - (slope * corners.mean(1)).sum(1)
