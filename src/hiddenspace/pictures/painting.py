"""How a picture came nearer to what it was painted after."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hiddenspace.errors import UsageError
from hiddenspace.pictures.learning import scale_axes
from hiddenspace.pictures.theme import LIGHT, SMALL, Theme, chart, finish, label, legend

OF_PIXELS = ("total variation", "range")
KINDS = ("style", "patches", "content", *OF_PIXELS)
"""Terms of the loss; all but those of pixels have one for each layer."""


def term_curves(
    history: Sequence[Mapping[str, float]], weights: Mapping[str, float], kind: str, *, theme: Theme = LIGHT
) -> Figure:
    """Draw what is left of the terms of one kind, a line for each layer, over the steps of all scales.

    Parameters
    ----------
    history : sequence of dicts
        `history_` of a `StyleTransfer`: `step`, `height`, `width` and f"train/{term}" of each row.
    weights : dict of term -> float
        By which terms are divided, so that distances are drawn.
    kind : str
        'style', 'patches', 'content', 'total variation' or 'range'.
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If there is no such term.

    """
    terms = terms_of(kind, weights)
    if not terms or not history:
        raise UsageError(f"nothing of the kind {kind!r} was painted; give one of {', '.join(kinds_of(weights))}.")
    figure, axes = chart(theme)
    scales = _scales(history)
    curves = []
    for number, term in enumerate(terms):
        colour = theme.series[number % len(theme.series)]
        for rows in scales:
            curve = np.array([row.get(f"train/{term}", np.nan) / weights[term] for row in rows])
            name = layer_of(term) if rows is scales[0] else None
            marker = "o" if len(rows) == 1 else ""
            axes.plot([r["step"] for r in rows], curve, color=colour, linewidth=1.6, marker=marker, ms=3, label=name)
            curves.append(curve)
    scale_axes(axes, curves)
    _mark(axes, scales, theme)
    label(axes, theme, x="step", y="mean square of differences" if kind in OF_PIXELS else "relative distance")
    if len(terms) > 1:
        legend(axes, theme)
    return finish(figure)


def kinds_of(terms: Iterable[str]) -> list[str]:
    """Which kinds of terms there are, in their order."""
    found = list(terms)
    return [kind for kind in KINDS if terms_of(kind, found)]


def terms_of(kind: str, terms: Iterable[str]) -> list[str]:
    """Those of one kind."""
    return [term for term in terms if term == kind or term.startswith(f"{kind} ")]


def layer_of(term: str) -> str:
    """'style relu1' -> 'relu1'; those of pixels are of no layer."""
    return term if term in OF_PIXELS else term.partition(" ")[2]


def _scales(history: Sequence[Mapping[str, float]]) -> list[list[Mapping[str, float]]]:
    """The rows of each size."""
    scales: dict[tuple[float, float], list[Mapping[str, float]]] = {}
    for row in history:
        scales.setdefault((row["height"], row["width"]), []).append(row)
    return list(scales.values())


def _mark(axes: Axes, scales: Sequence[Sequence[Mapping[str, float]]], theme: Theme) -> None:
    """Where a scale begins, a thin line, and its longer side in pixels."""
    ends = [0.0, *(rows[-1]["step"] for rows in scales)]
    axes.set_xlim(0, 1.02 * ends[-1])
    for rows, start, end in zip(scales, ends[:-1], ends[1:], strict=True):
        if start:
            axes.axvline(start, color=theme.rule, linewidth=0.8)
        axes.text(
            (start + end) / 2,
            1,
            f"{max(rows[0]['height'], rows[0]['width']):.0f}",
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="top",
            fontsize=SMALL - 1.5,
            color=theme.muted,
        )
