"""Which columns of a table are rebuilt well, and which are not."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from hiddenspace.errors import UsageError
from hiddenspace.pictures.numbers import PLAIN
from hiddenspace.pictures.theme import CHART, LIGHT, SMALL, Theme, chart, finish, label, legend

_THICK = 0.8


def column_errors(errors: Mapping[str, Mapping[str, float]], *, limit: int = 30, theme: Theme = LIGHT) -> Figure:
    """Draw each column's reconstruction error, the models' bars beneath each other, the largest error on top.

    Parameters
    ----------
    errors : dict of model -> dict of column -> error
        The mean squared error over the column's variance; every model has the same columns.
    limit : int
        At most so many columns are drawn: those with the largest error of the last model.
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If there is no model or no column.

    """
    models = list(errors)
    columns = worst_columns(errors)[:limit]
    if not columns:
        raise UsageError("there are no column errors to draw; give a dict of model -> {column: error}.")
    figure, axes = chart(theme, (CHART[0], 0.9 + len(columns) * (0.1 + 0.11 * len(models))))
    thick = _THICK / len(models)
    colours = theme.colours(models)
    spots = np.arange(len(columns))
    for i, model in enumerate(models):
        widths = [errors[model][column] for column in columns]
        axes.barh(spots + (i + 0.5) * thick - _THICK / 2, widths, thick * 0.92, color=colours[model], label=model)
    axes.set_yticks(spots, [short(column) for column in columns], fontsize=SMALL)
    axes.tick_params(axis="y", length=0, labelcolor=theme.ink)
    axes.set_ylim(len(columns) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=theme.rule, linewidth=0.6)
    axes.xaxis.set_major_formatter(PLAIN)
    label(axes, theme, x="share of the variance lost")
    legend(axes, theme)
    return finish(figure)


def worst_columns(errors: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Order the columns by the last model's error, the largest first."""
    if not errors:
        return []
    last = errors[list(errors)[-1]]
    return sorted(last, key=lambda column: -last[column])


def short(name: str, longest: int = 24) -> str:
    """Cut a name that is too long for an axis."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
