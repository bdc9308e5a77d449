"""`hiddenspace transform RUN SOURCE`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.console import Console

from hiddenspace.cli.files import check_ending, write_values
from hiddenspace.errors import ModelError
from hiddenspace.runs.reading import model_and_data
from hiddenspace.space.waiting import waiting


def transform(run: str, source: str, *, out: str = "codes.npy") -> None:
    """Encode data with a trained model.

    Example: hiddenspace transform runs/digits-autoencoder digits --out codes.npy

    Parameters
    ----------
    run : str
        A run folder, or a folder or Hub name of a saved model.
    source : str
        Data of the kind and shape that the model was trained on; columns of a table that it does not know are left out.
    out : str
        Where the codes go: .npy (n, code), or .csv or .parquet with a column for each number.
    """
    path = Path(out)
    check_ending("codes", path, (".npy", ".csv", ".parquet"))
    model, dataset = model_and_data(run, source)
    if not hasattr(model, "transform"):
        raise ModelError(f"{run} holds a {type(model).__name__}, which gives answers and no codes; use predict.")
    with waiting(f"encoding {len(dataset):,} items ..."):
        codes = model.transform(dataset)
    numbered = [f"code{i}" for i in range(codes.shape[1])]
    write_values(codes if path.suffix.lower() == ".npy" else pd.DataFrame(codes, columns=numbered), path)
    Console(stderr=True).print(f"{len(codes):,} codes of {codes.shape[1]} numbers: {out}", highlight=False)
