"""`hiddenspace transform RUN SOURCE`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.console import Console

from hiddenspace.cli.files import write_values
from hiddenspace.estimator import load


def transform(run: str, source: str, *, out: str = "codes.npy") -> None:
    """Encode data with a trained model.

    Example: hiddenspace transform runs/digits-autoencoder digits --out codes.npy

    Parameters
    ----------
    run : str
        A run folder, or a folder or Hub name of a saved model.
    source : str
        Data of the kind and shape that the model was trained on.
    out : str
        Where the codes go: .npy (n, code), or .csv or .parquet with a column for each number.
    """
    codes = load(run).transform(source)
    path = Path(out)
    numbered = [f"code{i}" for i in range(codes.shape[1])]
    values = codes if path.suffix.lower() == ".npy" else pd.DataFrame(codes, columns=numbered)
    write_values("codes", values, path, (".npy", ".csv", ".parquet"))
    Console(stderr=True).print(f"{len(codes):,} codes of {codes.shape[1]} numbers: {out}", highlight=False)
