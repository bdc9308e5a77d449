"""Two domains on one map: do items of one class lie together, whichever domain they come from?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from hiddenspace.errors import UsageError
from hiddenspace.pictures.atlas_legend import one_line
from hiddenspace.pictures.colouring import HUES
from hiddenspace.pictures.domains_legend import CHARACTER, MARGIN, MARKERS, SOURCE, TARGET, explain, room_for
from hiddenspace.pictures.theme import CHART, LIGHT, SMALL, Theme, finish

_LINE = 0.15  # inches of a line of words
_ON_MAP = 12  # characters of a class that stand on the map


def domain_map(
    places: ArrayLike,
    is_target: ArrayLike,
    labels: ArrayLike | None = None,
    classes: Sequence[str] = (),
    *,
    side: float = CHART[0],
    theme: Theme = LIGHT,
) -> Figure:
    """Draw items of both domains where their features lie, coloured by class, or else by domain.

    Parameters
    ----------
    places : (n, 2)
        A map of the features.
    is_target : (n,) booleans
        Which items are of the target domain: filled triangles; the others are hollow circles.
    labels : (n,) integers, optional
        The class of each item, for target items the predicted one. The ten classes that most source items have get a
        hue each; all others are grey. Short names also stand where the source items of the class lie. Without labels
        source items have one colour and target items another.
    classes : k strings
        Names of the classes.
    side : float
        Inches; the map is a square, and the legend stands below it.
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If the shapes do not fit together, or a label has no name.

    """
    where, target = np.asarray(places, float), np.asarray(is_target, bool)
    if where.ndim != 2 or where.shape[1] != 2 or not len(where) or target.shape != where.shape[:1]:
        raise UsageError(f"places must be (n, 2), is_target (n,); these are {where.shape} and {target.shape}.")
    known = None if labels is None else _known(labels, len(where), classes)
    named = [] if known is None else _frequent(known[~target] if (~target).any() else known)
    others = len(set() if known is None else {*known.tolist()} - {*named})
    entries = [
        *((hue, one_line(classes[number])) for hue, number in zip(HUES, named, strict=False)),
        *([(theme.muted, f"{others} more")] if others else []),
    ]
    legend = room_for(entries, side)
    figure, axes = _square(side, legend, theme)
    _draw_items(axes, where, target, _hues(known, named, target, theme), side)
    if known is not None:
        names = {number: one_line(classes[number]) for number in named}
        short = {number: name for number, name in names.items() if len(name) <= _ON_MAP}
        _name_classes(axes, where[~target], known[~target], short, theme)
    explain(figure, entries, legend, theme)
    return finish(figure)


def _known(labels: ArrayLike, count: int, classes: Sequence[str]) -> NDArray[np.int64]:
    known = np.asarray(labels, np.int64)
    if known.shape != (count,) or not ((known >= 0) & (known < len(classes))).all():
        raise UsageError(f"labels must be {count} numbers of {len(classes)} classes, counted from 0.")
    return known


def _frequent(known: NDArray[np.int64]) -> list[int]:
    """The classes with a hue, in their order; judged by source items, so that it is the same on every map of a run."""
    numbers, counts = np.unique(known, return_counts=True)
    return sorted(numbers[np.argsort(-counts, kind="stable")][: len(HUES)].tolist())


def _hues(
    known: NDArray[np.int64] | None, named: Sequence[int], target: NDArray[np.bool_], theme: Theme
) -> NDArray[np.float64]:
    """(n, 3): the colour of each item."""
    if known is None:
        return np.where(target[:, None], to_rgb(theme.series[0]), to_rgb(theme.baseline))
    colours = np.tile(to_rgb(theme.muted), (len(known), 1))
    for hue, number in zip(HUES, named, strict=False):
        colours[known == number] = to_rgb(hue)
    return colours


def _square(side: float, legend: float, theme: Theme) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(side, side + legend), facecolor="none")
    inner, total = side - 2 * MARGIN, side + legend
    box = (MARGIN / side, (legend + MARGIN) / total, inner / side, inner / total)
    axes = figure.add_axes(box, facecolor="none", xticks=[], yticks=[])
    axes.spines[:].set_color(theme.rule)
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.04)
    return figure, axes


def _draw_items(
    axes: Axes, where: NDArray[np.float64], target: NDArray[np.bool_], colours: NDArray[np.float64], side: float
) -> None:
    """Draw all in a mixed order, so that neither domain hides the other."""
    size = side / CHART[0] * float(np.clip(140 / np.sqrt(len(where)), 2.8, 5.5))
    order = np.random.default_rng(0).permutation(len(where))
    where, target, colours = where[order], target[order], colours[order]
    faces = np.column_stack([colours, 0.8 * target])  # opacity: circles are hollow
    edges = np.column_stack([colours, 0.8 * ~target])
    drawn = axes.scatter(
        where[:, 0], where[:, 1], s=size**2, facecolors=faces, edgecolors=edges.tolist(), linewidths=0.7
    )
    shapes = {who: _shape(marker) for who, marker in MARKERS.items()}
    drawn.set_paths([shapes[TARGET if there else SOURCE] for there in target])


def _shape(marker: str) -> Path:
    style = MarkerStyle(marker)
    return style.get_path().transformed(style.get_transform())


def _name_classes(
    axes: Axes, where: NDArray[np.float64], known: NDArray[np.int64], names: dict[int, str], theme: Theme
) -> None:
    """Write a class's name amid its source items, as hues alone do not tell ten classes apart for every eye.

    A name that would lie on another one is left to the legend, as long ones are.
    """
    halo = [withStroke(linewidth=2.5, foreground=theme.paper)]
    letter, line = (size * _inch(axes) for size in (CHARACTER, _LINE))
    taken: list[tuple[float, float, float]] = []
    for number, name in names.items():
        mine = where[known == number]
        if not len(mine):
            continue
        x, y = np.median(mine, axis=0)
        half = len(name) * letter / 2
        if all(abs(x - u) > half + v or abs(y - w) > line for u, w, v in taken):
            taken.append((x, y, half))
            axes.text(x, y, name, ha="center", va="center", fontsize=SMALL, color=theme.ink, path_effects=halo)


def _inch(axes: Axes) -> float:
    """How far an inch on the square map goes in the units of the features."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    return max(right - left, top - bottom) / (axes.get_position().width * figure.get_figwidth())
