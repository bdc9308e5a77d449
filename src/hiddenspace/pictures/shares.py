"""How often each class is predicted, beside how often it should be expected."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from hiddenspace.errors import UsageError
from hiddenspace.pictures.atlas_legend import one_line
from hiddenspace.pictures.numbers import PERCENT
from hiddenspace.pictures.theme import CHART, LIGHT, SMALL, Theme, chart, finish, label, legend_columns

_THICK = 0.8


def class_shares(
    shares: Mapping[str, ArrayLike],
    classes: Sequence[str],
    *,
    before: str | None = None,
    limit: int = 30,
    theme: Theme = LIGHT,
) -> Figure:
    """Draw for each class its share among the labels of each set, as bars beneath each other.

    Parameters
    ----------
    shares : dict of name -> (k,)
        First what the others are held against (the labels of the source), in grey; then the predictions of each model.
    classes : k strings
        The names.
    before : str, optional
        The model that has not been adapted: it has the colour of the baseline. The second name by default.
    limit : int
        Of more classes only so many are drawn: those whose shares differ most from the first ones, in their order.
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If there is nothing to draw, or the shares are not as many as the names.

    """
    values = {name: np.asarray(array, float) for name, array in shares.items()}
    if not values or not classes or any(array.shape != (len(classes),) for array in values.values()):
        raise UsageError(f"each of the shares must have one number for each of {len(classes)} classes.")
    chosen = _most_different(np.stack(list(values.values())), limit)
    first, *models = values
    before = before or next(iter(models), "")
    after = [name for name in models if name != before]
    colours = {**theme.colours(after), before: theme.baseline, first: theme.muted}
    figure, axes = chart(theme, (CHART[0], 0.9 + len(chosen) * (0.09 + 0.08 * len(values))))
    thick, spots = _THICK / len(values), np.arange(len(chosen))
    for i, (name, array) in enumerate(values.items()):
        at = spots + (i + 0.5) * thick - _THICK / 2
        axes.barh(at, array[chosen], thick * 0.9, color=colours[name], label=name)
    axes.set_yticks(spots, [one_line(classes[i]) for i in chosen], fontsize=SMALL)
    axes.tick_params(axis="y", length=0, labelcolor=theme.ink)
    axes.set_ylim(len(chosen) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=theme.rule, linewidth=0.6)
    axes.xaxis.set_major_formatter(PERCENT)
    label(axes, theme, x="share of the items")
    figure.legend(
        loc="outside upper left",  # from the left edge: beside long names of classes there is little room
        ncols=legend_columns(list(values)),
        frameon=False,
        handlelength=1.5,
        columnspacing=1.5,
        fontsize=SMALL,
        labelcolor=theme.ink,
    )
    return finish(figure)


def _most_different(shares: NDArray[np.float64], limit: int) -> NDArray[np.int64]:
    apart = np.abs(shares - shares[0]).max(axis=0)
    return np.sort(np.argsort(-apart, kind="stable")[:limit])
