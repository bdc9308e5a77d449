"""The legend of a map of two domains: a mark for each domain, and a hue for each class."""

from collections.abc import Sequence
from math import ceil

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hiddenspace.pictures.theme import SMALL, Theme

SOURCE, TARGET = "source", "target"
MARKERS = {SOURCE: "o", TARGET: "^"}
"""Source items are hollow circles, target items filled triangles."""
MARGIN = 0.03  # inches around the map
CHARACTER = 0.077  # inches of a letter
_ROW = 0.19  # inches of a row of the legend
_ENTRY = 0.34  # inches of an entry beside its words


def room_for(entries: Sequence[tuple[str, str]], side: float) -> float:
    """Inches that the legend of these (hue, class) takes below a map of this width."""
    return _ROW * (1 + ceil(len(entries) / _columns(entries, side))) + MARGIN


def _columns(entries: Sequence[tuple[str, str]], side: float) -> int:
    longest = max((len(words) for _, words in entries), default=1)
    fit = max(1, min(len(entries), int(side / (_ENTRY + CHARACTER * longest))))
    return ceil(len(entries) / ceil(len(entries) / fit)) if entries else 1


def explain(figure: Figure, entries: Sequence[tuple[str, str]], legend: float, theme: Theme) -> None:
    """Say below the map, in so many inches, which mark is which domain, and which hue which class."""
    hues = {SOURCE: theme.ink, TARGET: theme.ink} if entries else {SOURCE: theme.baseline, TARGET: theme.series[0]}
    words = {SOURCE: "source, true class", TARGET: "target, predicted class"} if entries else {}
    marks = [_mark(MARKERS[who], hue, words.get(who, who), hollow=who == SOURCE) for who, hue in hues.items()]
    squares = [_mark("s", hue, name) for hue, name in entries]
    width, height = figure.get_size_inches()
    for row, (handles, across) in enumerate(((marks, 2), (squares, _columns(entries, width)))):
        if handles:
            figure.legend(
                handles=handles,
                loc="upper left",
                bbox_to_anchor=(MARGIN / width, (legend - row * _ROW) / height),
                ncols=across,
                frameon=False,
                borderpad=0,
                borderaxespad=0,
                handlelength=1,
                handletextpad=0.4,
                columnspacing=1.2,
                labelspacing=0.35,
                fontsize=SMALL,
                labelcolor=theme.ink,
            )


def _mark(marker: str, hue: str, words: str, *, hollow: bool = False) -> Line2D:
    fill = "none" if hollow else hue
    return Line2D([], [], linestyle="", marker=marker, markersize=6, color=hue, markerfacecolor=fill, label=words)
