"""How much of the data's variance a code of a given size keeps."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from hiddenspace.errors import UsageError
from hiddenspace.pictures.numbers import PERCENT
from hiddenspace.pictures.theme import BASELINE, LIGHT, Theme, chart, finish, label, legend

_MARKERS = "osD^v"


def explained_variance(
    curve: ArrayLike, points: Mapping[str, tuple[int, float]] | None = None, *, theme: Theme = LIGHT
) -> Figure:
    """Draw PCA's explained variance over code size, with other models as points at theirs.

    Parameters
    ----------
    curve : (k,)
        Cumulative explained variance of PCA with 1, 2, ..., k components, in [0, 1].
    points : dict of name -> (code size, explained variance), optional
        The other models, measured on the same items.
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If the curve is empty or not one-dimensional.

    """
    values = np.asarray(curve, float)
    if values.ndim != 1 or not len(values):
        raise UsageError(f"PCA's curve must be (k,) with k at least 1; this one has the shape {values.shape}.")
    points = points or {}
    figure, axes = chart(theme)
    reach = _reach(values, points)
    axes.plot(np.arange(1, reach + 1), values[:reach], color=theme.baseline, linewidth=1.8, label=BASELINE)
    if reach == 1:
        axes.plot(1, values[0], "o", color=theme.baseline, markersize=4)
    _draw_points(axes, values, points, theme)
    lowest = min([float(values[0]), *(value for _, value in points.values())])
    axes.set_ylim(max(-1.05, min(0.0, 1.1 * lowest)), 1.04)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_formatter(PERCENT)
    label(axes, theme, x="numbers in the code", y="explained variance")
    legend(axes, theme)
    return finish(figure)


def _reach(values: NDArray[np.float64], points: Mapping[str, tuple[int, float]]) -> int:
    """Stop the curve well past every point and past where it reaches the best of them, or at 99 % without points."""
    goal = max((value for _, value in points.values()), default=0.99)
    there = int(np.searchsorted(np.maximum.accumulate(values), goal)) + 1
    furthest = 4 * max((size for size, _ in points.values()), default=1)
    return min(len(values), max(min(there, 4 * furthest) + 2, furthest, 10))


def _draw_points(
    axes: Axes, values: NDArray[np.float64], points: Mapping[str, tuple[int, float]], theme: Theme
) -> None:
    colours = theme.colours(points)
    for i, (name, (size, value)) in enumerate(points.items()):
        colour = colours[name]
        if size <= len(values):  # the gap to PCA at the same size
            axes.plot([size, size], [values[size - 1], value], color=colour, linewidth=1, linestyle=":")
        text = f"{name}, {100 * value:.1f} %"
        axes.plot(size, value, _MARKERS[i % len(_MARKERS)], color=colour, markersize=7, label=text, linestyle="none")
