"""Which inputs a code depends on: ranked columns, and pixels over the mean picture."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from hiddenspace.errors import UsageError
from hiddenspace.pictures.bars import short
from hiddenspace.pictures.numbers import PLAIN
from hiddenspace.pictures.theme import CHART, LIGHT, SMALL, Theme, chart, finish, label

_SIDE = 3.2  # inches of a picture


def relevant_columns(
    relevance: Mapping[str, float] | pd.Series, *, limit: int = 30, name: str = "", theme: Theme = LIGHT
) -> Figure:
    """Draw columns as bars, the most relevant on top.

    Parameters
    ----------
    relevance : Series, or dict of column -> relevance
        As `HiddenSpace.relevance` gives it.
    limit : int
        At most so many columns are drawn, the first ones.
    name : str
        What is measured; by default the name of the series.
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If there is no column.

    """
    ranked = pd.Series(relevance).sort_values(ascending=False, kind="stable")
    name = name or str(ranked.name or "relevance")
    if ranked.empty:
        raise UsageError("there are no columns to draw; give what relevance returned.")
    shown = ranked.iloc[:limit]
    figure, axes = chart(theme, (CHART[0], 0.7 + 0.21 * len(shown)))
    spots = np.arange(len(shown))
    axes.barh(spots, shown.to_numpy(), 0.7, color=theme.series[0])
    axes.set_yticks(spots, [short(str(column)) for column in shown.index], fontsize=SMALL)
    axes.tick_params(axis="y", length=0, labelcolor=theme.ink)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=theme.rule, linewidth=0.6)
    axes.xaxis.set_major_formatter(PLAIN)
    left = f", the first {limit} of {len(ranked):,} columns" if len(ranked) > limit else ""
    label(axes, theme, x=f"{name}{left}")
    return finish(figure)


def relevant_pixels(relevance: ArrayLike, mean: ArrayLike | None = None, *, theme: Theme = LIGHT) -> Figure:
    """Draw pixels as a heat map, over the mean picture where it is given.

    Parameters
    ----------
    relevance : (h, w)
        0 or more.
    mean : (h, w) or (h, w, c), optional
        The mean picture, in [0, 1].
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If the arrays do not fit each other.

    """
    heat = np.asarray(relevance, float)
    if heat.ndim != 2 or not heat.size:
        raise UsageError(f"relevance must be (h, w); this is {heat.shape}.")
    ratio = heat.shape[0] / heat.shape[1]
    figure, axes = chart(theme, (_SIDE + 0.9, _SIDE * min(2.0, max(0.5, ratio)) + 0.4))
    if mean is not None:
        grey = np.asarray(mean, float)
        grey = grey.mean(axis=2) if grey.ndim == 3 else grey
        if grey.shape != heat.shape:
            raise UsageError(f"the mean picture is {grey.shape}, but relevance {heat.shape}; give those of one space.")
        axes.imshow(grey, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    drawn = axes.imshow(heat, cmap="inferno", vmin=0, alpha=1.0 if mean is None else 0.72, interpolation="nearest")
    axes.set_axis_off()
    scale = figure.colorbar(drawn, ax=axes, shrink=0.9, pad=0.03)
    scale.outline.set_visible(False)
    scale.ax.tick_params(color=theme.rule, labelcolor=theme.muted, labelsize=SMALL, length=3)
    scale.ax.yaxis.set_major_formatter(PLAIN)
    scale.set_label("change of the code with the pixel", fontsize=SMALL, color=theme.muted)
    return finish(figure)
