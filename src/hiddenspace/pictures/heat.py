"""Which columns a component of a table mixes."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from hiddenspace.errors import UsageError
from hiddenspace.pictures.bars import short
from hiddenspace.pictures.signed import balance
from hiddenspace.pictures.theme import CHART, LIGHT, SMALL, Theme, chart, finish, label


def loadings(
    components: ArrayLike,
    columns: Sequence[str],
    *,
    components_shown: int = 10,
    columns_shown: int = 30,
    theme: Theme = LIGHT,
) -> Figure:
    """Draw components of a table as a map of columns by components: blue is negative, white zero, red positive.

    Parameters
    ----------
    components : (k, d)
        Signed; each component is scaled by its largest magnitude.
    columns : d strings
        The names.
    components_shown, columns_shown : int
        The first so many components are drawn, and the columns with the largest entries in those, in their order.
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If there is nothing to draw, or the names are not as many as the columns.

    """
    array = np.asarray(components, float)
    if array.ndim != 2 or array.size == 0 or array.shape[1] != len(columns):
        raise UsageError(f"components must be (k, d) with d names; these are {array.shape} with {len(columns)} names.")
    array = balance(array)[:components_shown]
    chosen = np.sort(np.argsort(-np.abs(array).max(axis=0), kind="stable")[:columns_shown])
    array = array[:, chosen].T
    figure, axes = chart(theme, (CHART[0], 0.8 + 0.2 * len(array)))
    axes.imshow(array, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.set_yticks(range(len(array)), [short(columns[i]) for i in chosen], fontsize=SMALL)
    axes.set_xticks(range(array.shape[1]), [str(i + 1) for i in range(array.shape[1])])
    axes.tick_params(length=0)
    axes.tick_params(axis="y", labelcolor=theme.ink)
    label(axes, theme, x="number of the code")
    return finish(figure)
