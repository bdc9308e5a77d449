"""How good a model looks without labels, epoch by epoch, by several criteria."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from hiddenspace.errors import UsageError
from hiddenspace.pictures.numbers import PLAIN
from hiddenspace.pictures.theme import CHART, LIGHT, SMALL, Theme, finish, quiet

_PANEL = 1.15  # inches


def criteria_curves(
    criteria: Mapping[str, Sequence[float]],
    chosen: Mapping[str, int] | None = None,
    *,
    kept: int | None = None,
    theme: Theme = LIGHT,
) -> Figure:
    """Draw each criterion over the epochs in a panel of its own, beneath each other, since their units differ.

    Parameters
    ----------
    criteria : dict of name -> one value per epoch
        Of each, the higher the better; what is not finite is left out.
    chosen : dict of name -> epoch, optional
        The epoch that each would choose, from 1; it is marked and named.
    kept : int, optional
        The epoch whose weights were kept: a dashed line through all panels.
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If no criterion has a finite value.

    """
    curves = {name: np.asarray(values, float) for name, values in criteria.items()}
    curves = {name: curve for name, curve in curves.items() if np.isfinite(curve).any()}
    if not curves:
        raise UsageError("there is no criterion to draw; give a dict of name -> one finite value per epoch.")
    figure = Figure(figsize=(CHART[0], 0.35 + _PANEL * len(curves)), layout="constrained", facecolor="none")
    panels = figure.subplots(len(curves), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (name, curve) in zip(panels, curves.items(), strict=True):
        quiet(axes, theme)
        _draw(axes, curve, (chosen or {}).get(name), theme)
        if kept is not None:
            axes.axvline(kept, color=theme.muted, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        axes.set_title(name, fontsize=SMALL, color=theme.ink, loc="left")
    panels[-1].set_xlabel("epoch", fontsize=SMALL, color=theme.muted)
    return finish(figure)


def _draw(axes: Axes, curve: NDArray[np.float64], chosen: int | None, theme: Theme) -> None:
    epochs = np.arange(1, len(curve) + 1)
    known = np.isfinite(curve)
    marker = "o" if known.sum() == 1 else ""
    axes.plot(epochs[known], curve[known], color=theme.series[0], linewidth=1.5, marker=marker, markersize=4)
    if chosen is not None and 1 <= chosen <= len(curve) and known[chosen - 1]:
        axes.plot(chosen, curve[chosen - 1], "o", color=theme.series[0], markersize=6)
        axes.set_title(f"epoch {chosen}", fontsize=SMALL, color=theme.series[0], loc="right")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_formatter(PLAIN)
    axes.margins(x=0.03, y=0.15)
