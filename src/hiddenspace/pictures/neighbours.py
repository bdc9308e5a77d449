"""An item and what is most like it, side by side, with names and distances below."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from textwrap import shorten

from matplotlib.figure import Figure
from PIL import Image

from hiddenspace.errors import UsageError
from hiddenspace.pictures.theme import LIGHT, SMALL, Theme, finish

_DPI = 100
_CELL, _GAP, _TEXT, _LINE = 96, 12, 4, 13  # pixels: a picture's side, between cells, above the text, a line of it
_SIGNS = 16  # of a name, as fit below a picture


def similar_items(
    query: Image.Image,
    found: Sequence[Image.Image],
    captions: Sequence[Sequence[str]],
    *,
    columns: int = 10,
    theme: Theme = LIGHT,
    paper: str = "white",
) -> Figure:
    """Draw the query first, set apart by a frame, and then what was found, row by row.

    Parameters
    ----------
    query : PIL image
    found : n PIL images
        The nearest first.
    captions : n + 1 sequences of str
        Lines below each picture, the query's first; long ones are cut.
    columns : int
        Neighbours in a row; the query has a column to itself.
    theme : Theme
        Colours.
    paper : str
        The ground's colour.

    Raises
    ------
    UsageError
        If nothing was found, or captions are of another number.
    """
    if not found or len(captions) != len(found) + 1:
        raise UsageError(f"{len(found)} neighbours need {len(found) + 1} captions, and there must be one; look again.")
    columns = min(columns, len(found))
    lines = max(len(caption) for caption in captions)
    cell_height = _CELL + _TEXT + lines * _LINE + _GAP
    width = (columns + 1) * (_CELL + _GAP) + 2 * _GAP
    height = ceil(len(found) / columns) * cell_height + _GAP
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor=paper)
    for number, (picture, caption) in enumerate(zip([query, *found], captions, strict=True)):
        row, column = (0, 0) if number == 0 else ((number - 1) // columns, (number - 1) % columns + 1)
        left = _GAP + column * (_CELL + _GAP) + (_GAP if column else 0)
        top = height - _GAP - row * cell_height
        box = (left / width, (top - _CELL) / height, _CELL / width, _CELL / height)
        _draw(figure, box, picture, caption, theme, framed=number == 0)
    return finish(figure)


def _draw(
    figure: Figure,
    box: tuple[float, float, float, float],
    picture: Image.Image,
    caption: Sequence[str],
    theme: Theme,
    framed: bool,
) -> None:
    axes = figure.add_axes(box, facecolor="none")
    axes.imshow(picture.convert("RGB"), interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(framed)
        spine.set_color(theme.series[0])
        spine.set_linewidth(2)
    text = "\n".join(_fitted(line) for line in caption)
    axes.annotate(
        text,
        (0.5, 0),
        xycoords="axes fraction",
        xytext=(0, -_TEXT),
        textcoords="offset pixels",
        ha="center",
        va="top",
        fontsize=SMALL - 1,
        color=theme.ink if framed else theme.muted,
    )


def _fitted(line: str) -> str:
    """The end of a long name, which tells files apart better than its beginning."""
    line = shorten(line, 10**6)
    return line if len(line) <= _SIGNS else "…" + line[-_SIGNS + 1 :]
