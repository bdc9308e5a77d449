"""Rows of images beneath each other: originals, and what each model made of them."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from PIL import Image

from hiddenspace.errors import UsageError
from hiddenspace.pictures.mosaic import tile
from hiddenspace.pictures.theme import LIGHT, NORMAL, Theme, finish

_DPI = 100
_GAP = 6


def rows(
    images: Mapping[str, ArrayLike],
    *,
    columns: int = 10,
    scale: int | None = None,
    theme: Theme = LIGHT,
    paper: str = "none",
) -> Figure:
    """Draw one row of images per name, the name at its left, at exact pixel multiples.

    Parameters
    ----------
    images : dict of name -> (n, h, w) or (n, h, w, c)
        For instance {"original": ..., "PCA": ..., "autoencoder": ...}; the same items in the same order.
    columns : int
        How many of the items are shown.
    scale : int, optional
        As in `tile`.
    theme : Theme
        Colours.
    paper : str
        The ground's colour, transparent by default.

    Raises
    ------
    UsageError
        If there is no row, or `tile` cannot show one.

    """
    if not images:
        raise UsageError("there is no row to draw; give a dict of name -> images.")
    strips = {name: tile(_first(array, columns), columns=columns, scale=scale) for name, array in images.items()}
    margin = 22 + 7 * max(len(name) for name in images)
    width = margin + max(strip.width for strip in strips.values())
    height = sum(strip.height + _GAP for strip in strips.values()) - _GAP
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor=paper)
    top = height
    for name, strip in strips.items():
        top -= strip.height
        box = (margin / width, top / height, strip.width / width, strip.height / height)
        _draw_row(figure, box, name, strip, theme)
        top -= _GAP
    return finish(figure)


def _first(images: ArrayLike, columns: int) -> ArrayLike:
    return np.asarray(images)[:columns]


def _draw_row(
    figure: Figure, box: tuple[float, float, float, float], name: str, strip: Image.Image, theme: Theme
) -> None:
    axes = figure.add_axes(box, facecolor="none", label=name)
    axes.imshow(np.asarray(strip.convert("RGBA")), interpolation="nearest", aspect="auto")
    axes.set_axis_off()
    axes.text(-10, strip.height / 2, name, ha="right", va="center", fontsize=NORMAL, color=theme.ink, clip_on=False)
