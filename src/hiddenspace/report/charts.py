"""The charts of a report, each where there is data for it."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hiddenspace.pictures.agreement import scatter_column
from hiddenspace.pictures.bars import column_errors
from hiddenspace.pictures.heat import loadings
from hiddenspace.pictures.learning import learning_curves
from hiddenspace.pictures.lines import component_lines
from hiddenspace.pictures.mosaic import tile
from hiddenspace.pictures.signed import signed_pixels
from hiddenspace.pictures.theme import BASELINE, Theme
from hiddenspace.pictures.variance import explained_variance
from hiddenspace.report.cells import as_numbers
from hiddenspace.report.hues import model_names
from hiddenspace.report.inline import Picture, drawn, picture
from hiddenspace.report.summary import RunSummary
from hiddenspace.report.thumbnails import enlargement, thumbnails

_FILTERS = 24
_FILTER_COLUMNS = 6
_FILTER_SIDE = 64  # CSS pixels
_SCATTERS = 6
_POINTS = 600
_MAIN = ("reconstruction", "frechet")
"""What the epoch is chosen by comes first."""

_Table = Mapping[str, Sequence[Any]]


def learning(summary: RunSummary) -> list[tuple[str, Picture]]:
    """Draw the reconstruction error over epochs, then every other term that was recorded: (term, chart)."""
    models = model_names(summary)
    found = terms(summary.history)
    return [(term, drawn(partial(_draw_term, summary, term), f"{term} over epochs", models)) for term in found]


def terms(history: Sequence[Mapping[str, float]]) -> list[str]:
    """Name the loss terms with a finite value, the reconstruction first."""
    keys = {key: None for row in history for key, value in row.items() if "/" in key and np.isfinite(value)}
    found = dict.fromkeys(key.split("/", 1)[1] for key in keys if key.startswith(("train/", "validation/", "monitor/")))
    return sorted(found, key=lambda term: term not in _MAIN)


def _draw_term(summary: RunSummary, term: str, theme: Theme) -> Figure:
    baseline = summary.baseline_error if term == _MAIN[0] else None
    return learning_curves(summary.history, term=term, best=summary.best_epoch, baseline=baseline, theme=theme)


def code_size(summary: RunSummary) -> Picture | None:
    """Draw PCA's explained variance over code size with the other models as points."""
    if summary.pca_curve is None or not len(summary.pca_curve):
        return None
    points = {
        row.name: (row.code_size, row.explained_variance)
        for row in summary.models
        if row.name != BASELINE and row.explained_variance is not None and np.isfinite(row.explained_variance)
    }
    draw = partial(_draw_variance, summary.pca_curve, points)
    return drawn(draw, f"explained variance over code size: PCA's curve {', '.join(points)}", model_names(summary))


def _draw_variance(curve: NDArray[Any], points: Mapping[str, tuple[int, float]], theme: Theme) -> Figure:
    return explained_variance(curve, points, theme=theme)


def filters(summary: RunSummary) -> list[tuple[str, Picture]]:
    """Draw what the first numbers of each model's code do: components, or what a network makes of them."""
    return [(name, _filter_picture(name, values, summary)) for name, values in summary.filters.items() if values.size]


def _filter_picture(name: str, values: NDArray[Any], summary: RunSummary) -> Picture:
    alt, models = f"what the first numbers of the code of {name} do", model_names(summary)
    if values.ndim > 2:
        pixels = thumbnails(signed_pixels(values[:_FILTERS]), len(summary.filters))
        image = tile(pixels, columns=_FILTER_COLUMNS, scale=enlargement(pixels, _FILTER_SIDE), gap=4)
        return picture(image, alt, crisp=True)
    if len(summary.columns) == values.shape[1]:
        return drawn(lambda theme: loadings(values, summary.columns, theme=theme), alt, models)
    return drawn(lambda theme: component_lines(values, colour=theme.colours(models)[name], theme=theme), alt, models)


def column_bars(summary: RunSummary) -> Picture | None:
    """Draw the columns' errors."""
    if not any(summary.column_errors.values()):
        return None
    draw = partial(_draw_bars, summary.column_errors)
    return drawn(draw, "each column's error, by model", model_names(summary))


def _draw_bars(errors: Mapping[str, Mapping[str, float]], theme: Theme) -> Figure:
    return column_errors(errors, theme=theme)


def scatters(summary: RunSummary) -> list[Picture]:
    """Plot a few numeric columns, rebuilt against original, from the best rebuilt to the worst."""
    originals = summary.originals
    if originals is None or isinstance(originals, np.ndarray):
        return []
    numeric = {
        name: array
        for name, values in originals.items()
        if (array := as_numbers(values)) is not None and _varies(array)
    }
    tables = {model: table for model, table in summary.reconstructions.items() if not isinstance(table, np.ndarray)}
    chosen = _spread_out(list(numeric), summary.column_errors)
    return [_scatter(name, numeric[name], tables, model_names(summary)) for name in chosen]


def _varies(values: NDArray[Any]) -> bool:
    return bool(np.nanmin(values) < np.nanmax(values))


def _spread_out(columns: Sequence[str], errors: Mapping[str, Mapping[str, float]]) -> list[str]:
    if errors:
        last = errors[list(errors)[-1]]
        columns = sorted(columns, key=lambda name: last.get(name, np.inf))
    chosen = np.linspace(0, len(columns) - 1, min(_SCATTERS, len(columns))).round().astype(int)
    return [columns[i] for i in chosen]


def _scatter(name: str, x: NDArray[Any], rebuilt: Mapping[str, _Table], models: tuple[str, ...]) -> Picture:
    known = {model: as_numbers(table[name]) for model, table in rebuilt.items()}
    ys = {model: values[:_POINTS] for model, values in known.items() if values is not None}
    draw = partial(_draw_scatter, x[:_POINTS], ys, name)
    return drawn(draw, f"{name}: rebuilt against original values", models)


def _draw_scatter(x: NDArray[Any], ys: Mapping[str, NDArray[Any]], name: str, theme: Theme) -> Figure:
    return scatter_column(x, ys, name=name, theme=theme)
