"""The figures of a comparison as a page shows them: for each probe a table, what it saw by how many labels."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from hiddenspace.pictures.comparison import TITLES
from hiddenspace.report.wording import measured, percent


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


def label_counts(table: pd.DataFrame) -> list[int]:
    """List the numbers of labels, ascending."""
    return sorted(table["labels"].unique())


def scores_by_probe(table: pd.DataFrame) -> list[tuple[str, list[ScoreRow]]]:
    """Give for each probe, by its title, a row for each representation."""
    probes = dict.fromkeys(table["probe"])
    return [(TITLES.get(probe, probe), _rows(table[table["probe"] == probe], table)) for probe in probes]


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
