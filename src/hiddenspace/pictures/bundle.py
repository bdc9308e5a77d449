"""Several vectors as lines over each other."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from hiddenspace.errors import UsageError
from hiddenspace.pictures.numbers import PLAIN
from hiddenspace.pictures.theme import CHART, LIGHT, Theme, chart, finish, label

_SIZE = (CHART[0], 1.9)


def bundle(vectors: ArrayLike, *, theme: Theme = LIGHT) -> Figure:
    """Draw vectors over each other, value over position; their colour goes from blue to orange in their order.

    Parameters
    ----------
    vectors : (n, d)
        Such as a query and its neighbours, or the steps of a morph.
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If the array is empty or not two-dimensional.

    """
    array = np.asarray(vectors, float)
    if array.ndim != 2 or array.size == 0:
        raise UsageError(f"vectors must be (n, d) and not empty; these are {array.shape}.")
    figure, axes = chart(theme, _SIZE)
    colours = LinearSegmentedColormap.from_list("order", [theme.baseline, theme.series[0]])
    for i, row in enumerate(array):
        axes.plot(row, color=colours(i / max(1, len(array) - 1)), linewidth=1.2, alpha=0.85)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(PLAIN)
    axes.margins(x=0.02)
    label(axes, theme, x="entry")
    return finish(figure)
