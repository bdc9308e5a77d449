"""The page of a comparison: the verdict, the curves, and the table behind them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from hiddenspace.pictures.comparison import TITLES, comparison_curves
from hiddenspace.pictures.theme import DARK, LIGHT
from hiddenspace.report.inline import drawn
from hiddenspace.report.wording import measured, percent
from hiddenspace.report.writing import new_environment, write_page


@dataclass(frozen=True)
class ScoreCell:
    """A mean over seeds, and its reach."""

    mean: str
    reach: str
    best: bool


@dataclass(frozen=True)
class ScoreRow:
    """One representation as one probe sees it."""

    name: str
    features: int
    cells: tuple[ScoreCell | None, ...]
    seconds: float


def write_comparison(table: pd.DataFrame, path: str | os.PathLike[str], source: str) -> Path:
    """Write what `hiddenspace.compare` returned as one HTML file that needs nothing else.

    Parameters
    ----------
    table : DataFrame
        With its `attrs`.
    path : path
        The file; one that is there is replaced.
    source : str
        What the data are called.

    Raises
    ------
    HiddenspaceError
        If the file cannot be written.
    """
    metric = table.attrs["metric"]
    page = new_environment().get_template("comparison.html")
    text = page.render(
        source=source,
        light=LIGHT,
        dark=DARK,
        metric=metric,
        verdict=table.attrs["verdict"],
        notes=table.attrs["notes"],
        counts=sorted(table["labels"].unique()),
        curves=drawn(lambda theme: comparison_curves(table, theme=theme), f"{metric} over the number of labels", ()),
        probes=[(TITLES.get(probe, probe), _rows(table[table["probe"] == probe], table)) for probe in _probes(table)],
    )
    return write_page(text, path)


def _probes(table: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(table["probe"]))


def _rows(mine: pd.DataFrame, table: pd.DataFrame) -> list[ScoreRow]:
    """A row for each representation; the best of all probes at each number of labels is marked."""
    metric = table.attrs["metric"]
    best = table.groupby("labels")[metric].max()
    rows = []
    for name, group in mine.groupby("representation", sort=False):
        by_count = group.set_index("labels")
        cells = tuple(
            _cell(by_count.loc[count], metric, float(best[count])) if count in by_count.index else None
            for count in best.index
        )
        rows.append(ScoreRow(str(name), int(group["features"].iloc[0]), cells, float(group["seconds"].mean())))
    return rows


def _cell(row: pd.Series, metric: str, best: float) -> ScoreCell:
    said = percent if metric == "accuracy" else measured
    mean, low, high = (float(row[column]) for column in (metric, "lowest", "highest"))
    return ScoreCell(said(mean), f"{said(low)} to {said(high)}", mean == best)
