"""`hiddenspace odd RUN SOURCE`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from cyclopts import Parameter
from rich.console import Console

from hiddenspace import checks
from hiddenspace.cli.files import check_ending, write_values
from hiddenspace.cli.moving import save
from hiddenspace.cli.spaces import source_of, stored
from hiddenspace.data.dataset import Dataset
from hiddenspace.models.coder import Coder
from hiddenspace.runs.measuring import pictures_of
from hiddenspace.runs.reading import model_and_data, read_for
from hiddenspace.space.hidden_space import HiddenSpace, Judge
from hiddenspace.space.items import ids_of


def odd(
    run: str,
    source: str,
    *,
    method: Judge = "reconstruction",
    n: Annotated[int, Parameter(name=("--n", "-n"))] = 32,
    usual: str | None = None,
    out: str = "odd.csv",
) -> None:
    """Find the items that are least like the others.

    Example: hiddenspace odd runs/digits-autoencoder digits --out odd.csv

    Parameters
    ----------
    run : str
        A run folder, or a folder or Hub name of a saved model.
    source : str
        The items that are judged.
    method : str
        What is hard to rebuild (reconstruction), what has a rare code (density), both together, or what has a code far
        from its nearest ones (neighbours), the best with --model contrastive.
    n : int
        How many of the oddest are shown as a picture, where items are images.
    usual : str, optional
        The items that are ordinary; by default those of which the run was made, and where there is no run, the source
        itself.
    out : str
        The table of all items, .csv or .parquet: id, score (the lower, the odder) and rank, the oddest first. For
        images a picture of the oddest, each beside its reconstruction, has the same name and ends in .png.
    """
    checks.whole("n", n)
    path = Path(out)
    check_ending("scores", path, (".csv", ".parquet"))
    model, dataset = model_and_data(run, source)
    scores = _usual(run, model, dataset, method, usual).score_samples(dataset, method=method)
    order = np.argsort(scores, kind="stable")
    write_values(_table(dataset, scores, order), path)
    written = str(path)
    if dataset.kind == "images":
        picture = path.with_suffix(".png")
        _draw(model, dataset.take(order[:n]), picture)
        written += f", the oddest: {picture}"
    said = f"{len(scores):,} items by {method}, the oddest first: {written}"
    Console(stderr=True).print(said, highlight=False, soft_wrap=True)


def _usual(run: str, model: Any, dataset: Dataset, method: Judge, usual: str | None) -> HiddenSpace:
    """The space of the ordinary items; of stored ones there are only codes, which do not tell errors."""
    if usual is not None:
        return HiddenSpace(model, read_for(run, model, usual))
    if method != "both" and stored(run):
        return HiddenSpace.open(run, model)
    own = source_of(run, "say with --usual what is ordinary")
    return HiddenSpace(model, dataset if own is None else own)


def _table(dataset: Dataset, scores: np.ndarray, order: np.ndarray) -> pd.DataFrame:
    known = {} if dataset.labels is None else {"label": np.asarray(dataset.labels)[order]}
    ids = ids_of(dataset, None, len(dataset))[order]
    return pd.DataFrame({"id": ids, "score": scores[order], "rank": np.arange(1, len(order) + 1), **known})


def _draw(model: Any, items: Dataset, path: Path) -> None:
    """Each beside its reconstruction, where there is one."""
    from hiddenspace.pictures.mosaic import tile
    from hiddenspace.pictures.pairs import pairs

    if isinstance(model, Coder):
        save(pairs(*pictures_of(model, items)), path)
    else:
        stored = model.format_.store(items)
        save(tile(np.asarray(stored[np.arange(len(items))])), path)
