"""Several sets of filters beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from hiddenspace.errors import UsageError
from hiddenspace.pictures.mosaic import tile
from hiddenspace.pictures.signed import signed_pixels
from hiddenspace.pictures.theme import LIGHT, NORMAL, Theme, finish

_DPI = 100
_TITLE, _GAP = 26, 24  # pixels


def filter_panels(
    filters: Mapping[str, ArrayLike], *, columns: int = 12, scale: int = 3, theme: Theme = LIGHT
) -> Figure:
    """Draw sets of filters side by side, each as a grid under its name: blue is negative, white zero, red positive.

    Parameters
    ----------
    filters : dict of name -> (n, h, w)
        Signed; each filter is scaled by its largest magnitude.
    columns : int
        Filters in a row of each grid.
    scale : int
        How many pixels wide each value becomes.
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If there is nothing to draw, or a set is not (n, h, w).

    """
    if not filters:
        raise UsageError("there are no filters to draw; give at least one set.")
    grids = {name: tile(signed_pixels(some), columns=columns, scale=scale) for name, some in filters.items()}
    width = sum(grid.width for grid in grids.values()) + _GAP * (len(grids) - 1)
    height = max(grid.height for grid in grids.values()) + _TITLE
    figure = Figure(figsize=(ceil(width) / _DPI, height / _DPI), dpi=_DPI, facecolor="none")
    left = 0
    for name, grid in grids.items():
        bottom = height - _TITLE - grid.height
        axes = figure.add_axes((left / width, bottom / height, grid.width / width, grid.height / height))
        axes.imshow(np.asarray(grid.convert("RGBA")), interpolation="nearest", aspect="auto")
        axes.set_axis_off()
        axes.set_title(name, fontsize=NORMAL, color=theme.ink, loc="left")
        left += grid.width + _GAP
    return finish(figure)
