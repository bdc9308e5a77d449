"""Many thumbnails as one picture that a page can carry."""

from __future__ import annotations

import io
from base64 import b64encode
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDES = (64, 48, 40, 32, 24, 16)
"""Pixels that a thumbnail may have in the sheet."""
BUDGET = 7_000_000
"""Bytes of the sheet before it is written as text, which takes a third more."""
_LARGEST = 4096  # pixels of the sheet's side; more is not safe in the browsers of telephones


@dataclass(frozen=True, eq=False)
class Sprites:
    """A sheet of square cells, row by row, each with a thumbnail in its upper left corner.

    Attributes
    ----------
    uri : str
        The sheet, a WebP file as a data URI.
    side : int
        Pixels of a cell.
    columns : int
        Cells in a row.
    shown : (m,) int64
        Which items are in it, in the order of the cells.
    sizes : (m, 2) int64
        Width and height of each.
    """

    uri: str
    side: int
    columns: int
    shown: NDArray[np.int64]
    sizes: NDArray[np.int64]


def sprites(thumbnails: list[bytes], *, budget: int = BUDGET) -> Sprites:
    """Lay thumbnails into one sheet that keeps to the budget.

    The largest side is taken of which all fit; where not even the smallest does, so many are drawn at random that it
    does.

    Parameters
    ----------
    thumbnails : list of PNG files
        At least one.
    budget : int
        Bytes.

    Returns
    -------
    Sprites
    """
    shown = np.arange(len(thumbnails))
    largest = max(_size(thumbnail) for thumbnail in thumbnails[:100])
    sides = [side for side in (min(largest, SIDES[0]), *SIDES) if side <= largest and _fits(len(shown), side)]
    for side in dict.fromkeys(sides):
        sheet = _sheet(thumbnails, shown, side)
        if len(sheet[0]) <= budget:
            return _made(*sheet, side, shown)
    side, rng = min(largest, SIDES[-1]), np.random.default_rng(0)
    count = min(len(shown), (_LARGEST // side) ** 2)
    while True:
        some = np.sort(rng.choice(len(thumbnails), count, replace=False))
        sheet = _sheet(thumbnails, some, side)
        if len(sheet[0]) <= budget or count == 1:
            return _made(*sheet, side, some)
        count = max(1, int(0.9 * count * budget / len(sheet[0])))


def _sheet(thumbnails: list[bytes], shown: NDArray[np.int64], side: int) -> tuple[bytes, NDArray[np.int64]]:
    columns = ceil(sqrt(len(shown)))
    sheet = Image.new("RGB", (columns * side, ceil(len(shown) / columns) * side))
    sizes = np.zeros((len(shown), 2), np.int64)
    for cell, item in enumerate(shown):
        with Image.open(io.BytesIO(thumbnails[item])) as opened:
            image = opened.convert("RGB")
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        sheet.paste(image, (cell % columns * side, cell // columns * side))
        sizes[cell] = image.size
    buffer = io.BytesIO()
    sheet.save(buffer, "WEBP", quality=80, method=2)
    return buffer.getvalue(), sizes


def _made(content: bytes, sizes: NDArray[np.int64], side: int, shown: NDArray[np.int64]) -> Sprites:
    uri = "data:image/webp;base64," + b64encode(content).decode()
    return Sprites(uri, side, ceil(sqrt(len(shown))), shown, sizes)


def _size(thumbnail: bytes) -> int:
    with Image.open(io.BytesIO(thumbnail)) as opened:
        return max(opened.size)


def _fits(count: int, side: int) -> bool:
    return ceil(sqrt(count)) * side <= _LARGEST
