"""Vectors as lines over their entries."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from hiddenspace.errors import UsageError
from hiddenspace.pictures.numbers import PLAIN
from hiddenspace.pictures.theme import CHART, LIGHT, NORMAL, Theme, chart, finish, label

_SIZE = (CHART[0], 1.9)


def profile_lines(
    original: ArrayLike, reconstructed: Mapping[str, ArrayLike], *, name: str = "", theme: Theme = LIGHT
) -> Figure:
    """Draw one vector and what each model made of it, value over position.

    Parameters
    ----------
    original : (d,)
        The vector.
    reconstructed : dict of model -> (d,)
        Its reconstructions.
    name : str
        What stands above.
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If a reconstruction has another length than the vector.

    """
    x = np.asarray(original, float)
    figure, axes = chart(theme, _SIZE)
    axes.plot(x, color=theme.muted, linewidth=3, alpha=0.45, label="original", solid_capstyle="round")
    colours = theme.colours(reconstructed)
    for model, values in reconstructed.items():
        y = np.asarray(values, float)
        if y.shape != x.shape:
            raise UsageError(f"{model} gives {y.shape} for a vector of shape {x.shape}; give the same item.")
        axes.plot(y, color=colours[model], linewidth=1.2, label=model)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(PLAIN)
    axes.margins(x=0.02)
    label(axes, theme, x="entry")
    axes.set_title(name, fontsize=NORMAL, color=theme.ink, loc="left")
    return finish(figure)


def component_lines(
    components: ArrayLike, *, colour: str | None = None, limit: int = 6, theme: Theme = LIGHT
) -> Figure:
    """Draw the first components of vector data beneath each other, each about its own zero.

    Parameters
    ----------
    components : (k, d)
        Signed; each is scaled by its largest magnitude.
    colour : str, optional
        Of the lines; PCA's by default.
    limit : int
        At most so many are drawn.
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If the array is empty or not two-dimensional.

    """
    array = np.asarray(components, float)
    if array.ndim != 2 or array.size == 0:
        raise UsageError(f"components must be (k, d) and not empty; these are {array.shape}.")
    array = array[:limit]
    figure, axes = chart(theme, (CHART[0], 0.6 + 0.5 * len(array)))
    for i, row in enumerate(array):
        axes.axhline(-i, color=theme.rule, linewidth=0.8)
        axes.plot(0.42 * row / (np.abs(row).max() or 1) - i, color=colour or theme.baseline, linewidth=1.3)
    axes.grid(visible=False)
    axes.set_yticks([-i for i in range(len(array))], [str(i + 1) for i in range(len(array))])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.margins(x=0.02)
    label(axes, theme, x="entry")
    return finish(figure)
