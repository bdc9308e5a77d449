"""`hiddenspace compare SOURCE --labels COLUMN`."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from hiddenspace.cli.files import OUT, check_ending, write_values
from hiddenspace.cli.plain import say
from hiddenspace.errors import HiddenspaceError, UsageError, writing
from hiddenspace.space.comparing import compare as compared
from hiddenspace.space.labelling import Task

ENDINGS = (".html", ".csv", ".parquet", ".png", ".svg")
WIDE = 200


def compare(
    source: str,
    *,
    labels: str | None = None,
    task: Task = "auto",
    label_counts: str = "100,600,1000,3000",
    models: str | None = None,
    probes: str = "linear,knn,xgboost",
    seeds: int = 3,
    code: int | None = None,
    items: int = 20_000,
    epochs: int | None = None,
    test_fraction: float = 0.2,
    seed: int = 0,
    out: str = "compare.html",
) -> None:
    """Ask whether learned codes help: raw values, PCA and others, judged with few labels.

    Example: hiddenspace compare digits --label-counts 50,500 --models pca,autoencoder --out compare.html

    Parameters
    ----------
    source : str
        Data with labels: a folder of folders of images, idx files, a table with a column of labels, a sample.
    labels : str, optional
        The column or array that holds the labels; by default what the source says.
    task : str
        What labels are: classes or numbers. By default text, truth values and at most 50 different whole numbers are
        classes, and other numbers are measured.
    label_counts : str
        How many labels the probes get, separated by commas. Where there are fewer, all there are.
    models : str, optional
        What is compared with the raw values, separated by commas: random, pca, autoencoder, sparse, redundant,
        denoising, variational, masked, contrastive; all but variational by default.
    probes : str
        By what it is judged, separated by commas: linear, knn, xgboost.
    seeds : int
        How often everything is done anew.
    code : int, optional
        Numbers in the codes.
    items : int
        Codes are learned from at most so many items.
    epochs : int, optional
        Passes over them; by default few, see the notes that are printed.
    test_fraction : float
        The part held out, where the source has no test part.
    seed : int
        The first seed.
    out : str
        A file: .html (a page with curves and all figures), .csv or .parquet (the figures), .png or .svg (the curves).
    """
    path = Path(out)
    check_ending("a comparison", path, ENDINGS)
    table = compared(
        source,
        labels=labels,
        task=task,
        label_counts=_whole_numbers(label_counts),
        seeds=seeds,
        code=code,
        models=None if models is None else _words(models),
        probes=_words(probes),
        test_fraction=test_fraction,
        items=items,
        epochs=epochs,
        random_state=seed,
    )
    _print(table)
    _write(table, path, source)
    Console(stderr=True).print(f"{len(table)} figures: {out}", highlight=False)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _whole_numbers(text: str) -> list[int]:
    try:
        return [int(word) for word in _words(text)]
    except ValueError:
        raise UsageError(f"--label-counts {text} is not possible; give whole numbers such as 100,600.") from None


def _print(table: pd.DataFrame) -> None:
    """A row for each representation and probe, a column for each number of labels; then what it means."""
    metric, counts = table.attrs["metric"], sorted(table["labels"].unique())
    best = table.groupby("labels")[metric].max()
    one_seed = table.attrs["seeds"] == 1
    over = "one seed" if one_seed else "mean over seeds (lowest to highest)"
    shown = Table(title=f"{metric} on test items, {over}", title_justify="left")
    for name in ("representation", "probe", *(f"{count:,} labels" for count in counts)):
        shown.add_column(name, justify="right" if name.endswith("labels") else "left")
    for (represented, probe), rows in table.groupby(["representation", "probe"], sort=False):
        cells = {row["labels"]: _cell(row, metric, best[row["labels"]], one_seed) for _, row in rows.iterrows()}
        shown.add_row(str(represented), str(probe), *(cells.get(count, "") for count in counts))
    # not wrapped where it goes into a file or another program
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    console.print(shown)
    for sentence in [*table.attrs["verdict"], *table.attrs["notes"]]:
        say(console, sentence)


def _cell(row: pd.Series, metric: str, best: float, one_seed: bool) -> str:
    text = f"{row[metric]:.3f}" + ("" if one_seed else f" ({row['lowest']:.3f} to {row['highest']:.3f})")
    return f"[bold]{text}[/bold]" if row[metric] == best else text


def _write(table: pd.DataFrame, path: Path, source: str) -> None:
    from hiddenspace.pictures import comparison_curves
    from hiddenspace.report.comparison import write_comparison

    ending = path.suffix.lower()
    if ending in (".csv", ".parquet"):
        write_values(table, path)
        return
    with writing(path, OUT, HiddenspaceError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if ending == ".html":
            write_comparison(table, path, source)
        else:
            comparison_curves(table).savefig(path, dpi=150, facecolor="white")
