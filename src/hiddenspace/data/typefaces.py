"""Digits of typefaces as signed distances: from these they are drawn in any size, turn and thickness."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from hiddenspace.errors import DataError, UsageError

Floats = NDArray[Any]  # float32 throughout
Fonts = Sequence[str | os.PathLike[str]]

FILES = (
    *(f"DejaVuSans{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSansMono{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSerif{style}" for style in ("", "-Bold", "-Italic", "-BoldItalic")),
    *(f"STIXGeneral{style}" for style in ("", "Bol", "Italic", "BolIta")),
    *("cmb10", "cmr10", "cmss10", "cmti10", "cmtt10"),
)
"""What comes with matplotlib and has digits. Left out: cmmi10, some of whose digits are as low as small letters."""
HEIGHT, MARGIN = 100, 30
"""Pixels of a digit, and around it, where distances are taken; of these each 2 x 2 are kept as one."""
CELL = HEIGHT // 2 + MARGIN
"""Height and width of a field."""
SPAN = np.float32((HEIGHT + 2 * MARGIN) / HEIGHT)
"""The same in heights of a digit."""


class Typefaces(NamedTuple):
    """The ten digits of each of f typefaces, in units of a digit's height.

    Attributes
    ----------
    fields : ndarray of shape (f, 10, CELL, CELL), float32
        How far the middle of each point is from the digit's edge, negative inside; the digit is in the middle.
    widths : ndarray of shape (f, 10), float32
        How wide the digits are.
    """

    fields: Floats
    widths: Floats

    def distances(self, glyph: NDArray[np.intp], x: Floats, y: Floats) -> Floats:
        """How far points are from the edge of a glyph, negative inside; x, y from its middle, right and down.

        All are of one shape, or of shapes that become one. Glyphs are counted through all typefaces, ten in each.
        Beyond a field the distance is that at its border.
        """
        (row, down), (column, right) = _cell(y), _cell(x)
        at, flat = glyph * CELL**2 + row * CELL + column, self.fields.reshape(-1)
        corners = (flat.take(at + step, mode="clip") for step in (0, 1, CELL, CELL + 1))  # checks nothing: quicker
        upper, upper_right, lower, lower_right = corners
        upper += (upper_right - upper) * right
        lower += (lower_right - lower) * right
        upper += (lower - upper) * down
        return upper


def typefaces(fonts: Fonts | None = None) -> Typefaces:
    """Those of font files (.ttf, .otf), or those that come with matplotlib.

    Raises
    ------
    DataError
        If a file is no font, or has not all ten digits.
    UsageError
        If there are none.
    """
    if fonts is None:
        fonts = [_folder() / f"{name}.ttf" for name in FILES]
    if isinstance(fonts, str | os.PathLike) or not len(fonts):
        raise UsageError(f"fonts={fonts!r} is no list of font files; give at least one, or None for matplotlib's.")
    faces = [_typeface(os.fspath(font)) for font in fonts]
    return Typefaces(np.stack([face.fields for face in faces]), np.stack([face.widths for face in faces]))


def _folder() -> Path:
    """Where matplotlib has its fonts, without importing it."""
    package = find_spec("matplotlib")
    assert package is not None  # we depend on it
    return Path(str(package.origin)).parent / "mpl-data" / "fonts" / "ttf"


@lru_cache(maxsize=64)
def _typeface(path: str) -> Typefaces:
    """One typeface: fields (10, CELL, CELL) and widths (10,)."""
    try:
        tops, bottoms, *_ = np.array([_box(picture) for picture in _drawn(path, HEIGHT)]).T
        pictures = _drawn(path, round(HEIGHT * HEIGHT / float(np.median(bottoms - tops))))
        boxes = np.array([_box(picture) for picture in pictures])
    except OSError as error:
        raise DataError(f"{path} is no font that can be read ({error}); give .ttf or .otf files.") from error
    except ValueError:
        raise DataError(f"{path} has not all ten digits; leave this font out.") from None
    if len({picture.tobytes() for picture in pictures}) < 10:  # one and the same sign for all that is missing
        raise DataError(f"{path} has not all ten digits; leave this font out.")
    row = int(np.median(boxes[:, 0]) + np.median(boxes[:, 1])) // 2 - CELL  # as most of the ten; columns: each its own
    columns = (boxes[:, 2] + boxes[:, 3]) // 2 - CELL
    masks = [picture[row:, at:][: 2 * CELL, : 2 * CELL] for picture, at in zip(pictures, columns, strict=True)]
    widths = ((boxes[:, 3] - boxes[:, 2]) / HEIGHT).astype(np.float32)
    return Typefaces(np.stack([_field(mask) for mask in masks]), widths)


def _drawn(path: str, size: int) -> list[NDArray[np.bool_]]:
    """Each digit on a sheet large enough for any, all on the same baseline."""
    font = ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)  # the one that is everywhere
    pictures = []
    for digit in range(10):
        sheet = Image.new("L", (6 * HEIGHT, 6 * HEIGHT))
        ImageDraw.Draw(sheet).text((2 * HEIGHT, 4 * HEIGHT), str(digit), font=font, fill=255, anchor="ls")
        pictures.append(np.asarray(sheet) >= 128)
    return pictures


def _box(picture: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of what is drawn; a ValueError where nothing is."""
    rows, columns = (np.flatnonzero(picture.any(axis)) for axis in (1, 0))
    return int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1


def _field(mask: NDArray[np.bool_]) -> Floats:
    from scipy.ndimage import distance_transform_edt  # heavy, and only needed here

    distance = np.where(mask, 0.5 - distance_transform_edt(mask), distance_transform_edt(~mask) - 0.5) / HEIGHT
    means: Floats = distance.reshape(CELL, 2, CELL, 2).mean((1, 3)).astype(np.float32)
    return means


def _cell(place: Floats) -> tuple[NDArray[np.intp], Floats]:
    """The number of the last point before a place, and how far the place is from it to the next."""
    exact = np.clip((place / SPAN + np.float32(0.5)) * CELL - np.float32(0.5), 0, np.float32(CELL - 1.001))
    whole = exact.astype(np.intp)
    return whole, exact - whole.astype(np.float32)
