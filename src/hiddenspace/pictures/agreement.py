"""How well a column's values come back."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from hiddenspace.errors import UsageError
from hiddenspace.pictures.bars import short
from hiddenspace.pictures.numbers import PLAIN
from hiddenspace.pictures.theme import LIGHT, NORMAL, SMALL, Theme, chart, finish, label

_MARKERS = "o^sDv"


def scatter_column(
    original: ArrayLike, reconstructed: Mapping[str, ArrayLike], *, name: str = "", theme: Theme = LIGHT
) -> Figure:
    """Plot reconstructed against original values of one column; on the diagonal they agree.

    Parameters
    ----------
    original : (n,)
        Numbers.
    reconstructed : dict of model -> (n,)
        The same items, in the same order; what is not finite in either is left out.
    name : str
        The column's name.
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If a model has another number of values than the original.

    """
    x = np.asarray(original, float)
    figure, axes = chart(theme, (2.8, 2.8))
    colours = theme.colours(reconstructed)
    for i, (model, values) in enumerate(reconstructed.items()):
        y = np.asarray(values, float)
        if y.shape != x.shape:
            raise UsageError(f"{model} has {y.shape} values of {name!r} for {x.shape} originals; give the same items.")
        marker = _MARKERS[i % len(_MARKERS)]
        axes.scatter(x, y, s=11, marker=marker, color=colours[model], alpha=0.7, linewidths=0, label=model)
    axes.axline((0, 0), slope=1, color=theme.muted, linewidth=0.9)
    low, high = _span(x)
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_box_aspect(1)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(4))
        axis.set_major_formatter(PLAIN)
    label(axes, theme, x="original")
    axes.set_ylabel("rebuilt", fontsize=SMALL, color=theme.muted)
    axes.set_title(short(name, 34), fontsize=NORMAL, color=theme.ink, loc="left")
    return finish(figure)


def _span(x: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[float, float]:
    """Span the originals: a stray reconstruction must not squeeze the rest."""
    known = x[np.isfinite(x)]
    if not len(known):
        return -1.0, 1.0
    low, high = float(known.min()), float(known.max())
    margin = 0.12 * (high - low) or max(1.0, abs(low)) * 0.5
    return low - margin, high + margin
