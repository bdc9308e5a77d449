"""The page of a comparison: the verdict, the curves, and the table behind them."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from hiddenspace.pictures.comparison import comparison_curves
from hiddenspace.pictures.theme import DARK, LIGHT
from hiddenspace.report.inline import drawn
from hiddenspace.report.scores import label_counts, scores_by_probe
from hiddenspace.report.writing import new_environment, write_page


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
        counts=label_counts(table),
        curves=drawn(lambda theme: comparison_curves(table, theme=theme), f"{metric} over the number of labels", ()),
        probes=scores_by_probe(table),
    )
    return write_page(text, path)
