"""Which representation makes labels easiest to tell, over how many labels there are."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from hiddenspace.errors import UsageError
from hiddenspace.pictures.numbers import PERCENT, PLAIN
from hiddenspace.pictures.theme import BASELINE, LIGHT, NORMAL, SMALL, Theme, finish, quiet

RAW, RANDOM, BOTH = "raw", "random encoder", "raw + "
TITLES = {"linear": "linear probe", "knn": "nearest neighbours", "xgboost": "XGBoost"}
_PANEL = (3.4, 3.1)  # inches
_MARKERS = "osD^vP"


def comparison_curves(table: pd.DataFrame, *, theme: Theme = LIGHT) -> Figure:
    """Draw the table of `hiddenspace.compare`: a panel for each probe, a line for each representation.

    A line is the mean over seeds, its bars reach from the lowest to the highest. Raw values are grey and a random
    encoder is dotted; of codes beside raw values, only the one with the best mean is drawn, dashed.

    Parameters
    ----------
    table : DataFrame
        `representation`, `probe`, `labels`, `accuracy` or `R2`, `lowest` and `highest`.
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If the table is empty.

    """
    if table.empty:
        raise UsageError("the table of the comparison is empty; give what compare returned.")
    metric = "accuracy" if "accuracy" in table else "R2"
    probes = list(dict.fromkeys(table["probe"]))
    figure = Figure(figsize=(_PANEL[0] * len(probes), _PANEL[1] + 0.6), layout="constrained", facecolor="none")
    panels = figure.subplots(1, len(probes), sharey=True, squeeze=False)[0]
    shown = _shown(table, metric)
    looks = _looks(shown, theme)
    for axes, probe in zip(panels, probes, strict=True):
        quiet(axes, theme)
        _draw(axes, table[table["probe"] == probe], shown, metric, looks)
        axes.set_title(TITLES.get(probe, probe), fontsize=NORMAL, color=theme.ink, loc="left")
        _label_counts(axes, sorted(table["labels"].unique()))
        axes.set_xlabel("labels", fontsize=SMALL, color=theme.muted)
    panels[0].yaxis.set_major_formatter(PERCENT if metric == "accuracy" else PLAIN)
    panels[0].set_ylabel(metric, fontsize=SMALL, color=theme.muted)
    _floor(panels[0], table, metric)
    handles = {text: line for axes in panels for line, text in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(
        [handles[name] for name in shown if name in handles],
        [name for name in shown if name in handles],
        loc="outside lower left",
        ncols=min(5, len(handles)),
        frameon=False,
        fontsize=SMALL,
        labelcolor=theme.ink,
    )
    return finish(figure)


def _shown(table: pd.DataFrame, metric: str) -> list[str]:
    """All single representations, and the best of those beside raw values."""
    names = list(dict.fromkeys(table["representation"]))
    beside = [name for name in names if name.startswith(BOTH)]
    single = [name for name in names if name not in beside]
    if not beside:
        return single
    means = table[table["representation"].isin(beside)].groupby("representation")[metric].mean()
    return [*single, str(means.idxmax())]


def _looks(names: Sequence[str], theme: Theme) -> dict[str, dict[str, object]]:
    """Colour, marker and dashes of each line."""
    models = [name for name in names if name not in (RAW, RANDOM, BASELINE) and not name.startswith(BOTH)]
    looks: dict[str, dict[str, object]] = {
        RAW: {"color": theme.ink, "linewidth": 2.2},
        RANDOM: {"color": theme.muted, "linewidth": 1.2, "linestyle": ":"},
        BASELINE: {"color": theme.baseline, "linewidth": 2.2},
    }
    for i, name in enumerate(models):
        colour, again = theme.series[i % len(theme.series)], i // len(theme.series)
        looks[name] = {"color": colour, "marker": _MARKERS[i % len(_MARKERS)], "linewidth": 1.3}
        looks[name] |= {"linestyle": "-.", "markerfacecolor": "none"} if again else {}
    for name in names:
        if name.startswith(BOTH):
            own = looks.get(name.removeprefix(BOTH), looks[RAW])
            looks[name] = {"color": own["color"], "linestyle": (0, (4, 2)), "linewidth": 1.8, "marker": "*"}
    return looks


def _draw(
    axes: Axes, table: pd.DataFrame, shown: Sequence[str], metric: str, looks: dict[str, dict[str, object]]
) -> None:
    for i, name in enumerate(shown):
        mine = table[table["representation"] == name].sort_values("labels")
        if mine.empty:
            continue
        # a little beside each other, so that bars of different lines can be told apart
        x = mine["labels"].to_numpy(float) * 1.012 ** (i - (len(shown) - 1) / 2)
        y = mine[metric].to_numpy(float)
        reach = np.abs(np.stack([mine["lowest"], mine["highest"]]) - y)
        style: dict[str, object] = {"marker": ".", "markersize": 5, **looks[name]}
        axes.errorbar(x, y, reach, elinewidth=0.7, label=name, **style)  # type: ignore[arg-type]


def _label_counts(axes: Axes, counts: Sequence[int]) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator([float(count) for count in counts]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(PLAIN)
    axes.margins(x=0.08)
    if len(counts) == 1:
        axes.set_xlim(counts[0] / 1.1, counts[0] * 1.1)  # its tick in the middle


def _floor(axes: Axes, table: pd.DataFrame, metric: str) -> None:
    """A model that fails altogether (a random encoder, R2 far below 0) shall not press all others together."""
    best = table.groupby("representation")[metric].max().max()
    low = max(float(table["lowest"].min()), 0.0 if metric == "accuracy" else -0.2)
    span = float(max(table["highest"].max(), best)) - low
    axes.set_ylim(low - 0.04 * span, float(table["highest"].max()) + 0.04 * span + 1e-3)
