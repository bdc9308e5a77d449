"""How the error fell while a model learned."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from hiddenspace.errors import UsageError
from hiddenspace.pictures.numbers import PLAIN
from hiddenspace.pictures.theme import BASELINE, LIGHT, Theme, chart, finish, label, legend

NAMES = {"reconstruction": "reconstruction error", "masked": "error of what was hidden", "knn": "5-NN accuracy"}
_Curve = NDArray[np.float64]  # (epochs,)


def learning_curves(
    history: Sequence[Mapping[str, float]],
    *,
    term: str = "reconstruction",
    best: int | None = None,
    baseline: float | None = None,
    theme: Theme = LIGHT,
) -> Figure:
    """Draw a loss term over epochs, in training and in validation.

    Parameters
    ----------
    history : sequence of dicts
        One per epoch, with "epoch" and any of f"train/{term}" and f"validation/{term}"; gaps and NaN are left out.
    term : str
        The name of the term.
    best : int, optional
        The epoch that was kept; without it, the lowest validation value is marked and said to be that.
    baseline : float, optional
        PCA's error at the same code size, drawn as a horizontal line.
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If no epoch has a finite value of the term.

    """
    epochs = np.array([row["epoch"] for row in history], float)
    curves = {split: _curve(history, f"{split}/{term}") for split in ("train", "validation", "monitor")}
    curves = {split: curve for split, curve in curves.items() if np.isfinite(curve).any()}
    if not curves:
        raise UsageError(f"the history holds no finite value of {term!r}; give one of the terms it has.")
    figure, axes = chart(theme)
    _draw_curves(axes, epochs, curves, theme)
    _mark_best(axes, epochs, curves.get("validation"), best, theme)
    if baseline is not None:
        axes.axhline(baseline, color=theme.baseline, linewidth=1.4, linestyle=(0, (5, 3)), label=BASELINE)
    scale_axes(axes, [*curves.values(), np.array([baseline or np.nan])])
    label(axes, theme, x="epoch", y=NAMES.get(term, term))
    legend(axes, theme)
    return finish(figure)


def _curve(history: Sequence[Mapping[str, float]], key: str) -> _Curve:
    return np.array([row.get(key, np.nan) for row in history], float)


def _draw_curves(axes: Axes, epochs: _Curve, curves: Mapping[str, _Curve], theme: Theme) -> None:
    looks = {"train": (theme.muted, 1.2), "validation": (theme.series[0], 1.8), "monitor": (theme.series[0], 1.8)}
    for split, curve in curves.items():
        known = np.isfinite(curve)
        colour, width = looks[split]
        marker = "o" if known.sum() == 1 else ""
        axes.plot(epochs[known], curve[known], color=colour, linewidth=width, marker=marker, markersize=4, label=split)


def _mark_best(axes: Axes, epochs: _Curve, curve: _Curve | None, best: int | None, theme: Theme) -> None:
    if curve is None or (best is not None and best not in epochs):
        return
    at = int(np.nanargmin(curve)) if best is None else int(np.flatnonzero(epochs == best)[0])
    if not np.isfinite(curve[at]):
        return
    what = "lowest" if best is None else "kept"
    text = f"{what}: epoch {epochs[at]:.0f}"
    axes.plot(epochs[at], curve[at], "o", color=theme.series[0], markersize=6, label=text)


def scale_axes(axes: Axes, curves: Sequence[_Curve]) -> None:
    """Use a logarithmic axis where the values span more than a factor of ten, and else start near the lowest."""
    values = np.concatenate(curves)
    values = values[np.isfinite(values)]
    if values.min() > 0 and values.max() > 10 * values.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(PLAIN)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.margins(x=0.03, y=0.12)
