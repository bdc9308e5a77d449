"""A map of many things as a figure: their thumbnails where they lie, and what is known about them as colours."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from hiddenspace.pictures.atlas_legend import MARGIN, entries_of, explain_classes, explain_numbers, rows_of
from hiddenspace.pictures.colouring import HUES, RAMP, Classes, Numbers, understood
from hiddenspace.pictures.theme import LIGHT, NORMAL, Theme, finish

if TYPE_CHECKING:
    from hiddenspace.space.maps import Map

NAMES = {"code": "2-D code", "pca": "PCA", "tsne": "t-SNE", "umap": "UMAP", "pacmap": "PaCMAP"}
_SIDE = 48  # pixels of a cell, for a thumbnail and its frame
_FRAME = 3
_CELL = 0.24  # inches on paper, of many items
_FEWEST, _EACH = 10, 2.2  # columns, and of few items how many for the root of their number
_Colours = NDArray[np.float64]  # (n, 3), 0 to 1


def atlas(map_: Map, *, colour: str | None = None, theme: Theme = LIGHT, width: float = 9.0) -> Figure:
    """Draw a map: thumbnails in frames of their colour, and dots for those that there is no room for.

    The plane is cut into square cells as large as a thumbnail; of few items both are larger. Of the items in a cell the
    one nearest to its middle is shown, moved there, so that no thumbnail covers another; every item, shown or not, is
    also a dot at its true place.

    Parameters
    ----------
    map_ : Map
        What to draw.
    colour : str, optional
        A column of its metadata. Numbers lie on a ramp from the first to the 99th percentile. Of classes the ten most
        frequent have a hue each and all others are grey; so are missing values. None is one colour for all.
    theme : Theme
        Colours of the writing.
    width : float
        Inches; the height follows the map, from half of that to one and a quarter.

    Returns
    -------
    Figure
        Transparent.
    """
    known = None if colour is None else understood(map_.metadata[colour])
    colours = item_colours(known, len(map_), theme)
    low, high = _window(map_.coordinates)
    entries = entries_of(known, theme)
    legend = 0.0 if known is None else 0.65 if isinstance(known, Numbers) else 0.35 + 0.18 * rows_of(entries, width)
    inner = width - 2 * MARGIN
    height = inner * float((high - low)[1] / (high - low)[0])
    figure = Figure(figsize=(width, height + 0.4 + legend), facecolor="none")
    total = figure.get_figheight()
    axes = figure.add_axes((MARGIN / width, (MARGIN + legend) / total, inner / width, height / total), facecolor="none")
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xticks=[], yticks=[])
    axes.spines[:].set_color(theme.rule)
    radius = 2.5 if map_.thumbnails is not None else np.clip(250 / np.sqrt(len(map_)), 3, 6)
    x, y = map_.coordinates.T
    axes.scatter(x, y, s=radius**2 / 2, c=colours, linewidths=0, alpha=0.8)
    if map_.thumbnails is not None:
        few = max(_FEWEST, round(_EACH * np.sqrt(len(map_))))
        _draw_thumbnails(axes, map_, colours, min(few, round(inner / _CELL)))
    axes.set_title(title(map_), fontsize=NORMAL, color=theme.ink, loc="left")
    if isinstance(known, Numbers):
        explain_numbers(figure, known, str(colour), theme)
    elif known is not None:
        explain_classes(figure, entries, str(colour), theme, top=(legend + 0.05) / total)
    return finish(figure)


def title(map_: Map) -> str:
    """Method, items and trustworthiness in a line."""
    trust = "not judged without the items" if map_.against == "nothing" else "too few different items to judge it"
    if not np.isnan(map_.trustworthiness):
        trust = f"trustworthiness {map_.trustworthiness:.3f}"
        if map_.against == "items":
            trust += f" against the items (their PCA map {map_.pca_trustworthiness:.3f})"
        elif map_.method != "pca":
            trust += f" (PCA's map {map_.pca_trustworthiness:.3f})"
    return f"{NAMES[map_.method]} · {len(map_):,} {'item' if len(map_) == 1 else 'items'} · {trust}"


def item_colours(known: Classes | Numbers | None, count: int, theme: Theme) -> _Colours:
    """(n, 3): the colour of each item."""
    grey = to_rgb(theme.muted)
    if known is None:
        return np.tile(to_rgb(theme.baseline), (count, 1))
    if isinstance(known, Numbers):
        ramp = colormaps[RAMP](np.nan_to_num(known.places))[:, :3]
        return np.where(np.isnan(known.values)[:, None], grey, ramp)
    palette = np.array([*(to_rgb(hue) for hue in HUES), grey])
    grey_too = (known.codes < 0) | (known.codes >= known.named)
    chosen: _Colours = palette[np.where(grey_too, len(HUES), known.codes)]
    return chosen


def placed(points: NDArray[Any], low: NDArray[Any], side: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which items are shown, and in which cells: in each cell the item nearest to its middle.

    Parameters
    ----------
    points : (n, 2)
        Where the items are.
    low : (2,)
        The lower left corner of the first cell.
    side : float
        Of a cell.

    Returns
    -------
    shown : (m,)
        Positions of items.
    cells : (m, 2)
        Column and row of each, from the lower left; no two are the same.
    """
    places = (points - low) / side
    cells = np.floor(places).astype(np.int64)
    from_middle = ((places - cells - 0.5) ** 2).sum(axis=1)
    order = np.argsort(from_middle, kind="stable")
    _, first = np.unique(cells[order], axis=0, return_index=True)
    shown = order[first]
    return shown, cells[shown]


def _window(points: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The corners of the part of the plane that is drawn: a margin around all, not too flat and not too tall."""
    low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
    middle, half = (low + high) / 2, 0.53 * (high - low)
    half = half if half.any() else np.ones(2)
    half = np.array([max(half[0], half[1] / 1.25), max(half[1], half[0] / 2)])
    return middle - half, middle + half


def _draw_thumbnails(axes: Axes, map_: Map, colours: _Colours, columns: int) -> None:
    assert map_.thumbnails is not None
    (left, right), bottom = axes.get_xlim(), axes.get_ylim()[0]
    side = (right - left) / columns
    shown, cells = placed(map_.coordinates.astype(float), np.array([left, bottom]), side)
    rows = int(cells[:, 1].max()) + 1
    sheet = np.zeros((rows * _SIDE, columns * _SIDE, 4), np.uint8)
    for item, (column, row) in zip(shown, cells, strict=True):
        top, start = (rows - 1 - row) * _SIDE, min(column, columns - 1) * _SIDE
        tile = _framed(map_.thumbnails[item], colours[item])
        sheet[top : top + len(tile), start : start + tile.shape[1]] = tile
    window = (axes.get_xlim(), axes.get_ylim())
    extent = (left, left + columns * side, bottom, bottom + rows * side)
    axes.imshow(sheet, extent=extent, interpolation="antialiased", aspect="auto", zorder=3)
    axes.set(xlim=window[0], ylim=window[1])


def _framed(thumbnail: bytes, colour: NDArray[np.float64]) -> NDArray[np.uint8]:
    """A picture as large as fits into a cell beside the gap to its neighbours, with a frame around it."""
    room = _SIDE - 2 * _FRAME - 2
    with Image.open(io.BytesIO(thumbnail)) as opened:
        image = opened.convert("RGBA")
    ratio = room / max(image.size)
    size = (max(1, round(image.width * ratio)), max(1, round(image.height * ratio)))
    image = image.resize(size, Image.Resampling.BOX if ratio > 1.5 else Image.Resampling.LANCZOS)
    framed = np.zeros((_SIDE, _SIDE, 4), np.uint8)
    top, left = (_SIDE - size[1]) // 2, (_SIDE - size[0]) // 2
    around = framed[top - _FRAME : top + size[1] + _FRAME, left - _FRAME : left + size[0] + _FRAME]
    around[...] = (*np.rint(255 * colour).astype(np.uint8), 255)
    framed[top : top + size[1], left : left + size[0]] = np.asarray(image)
    return framed
