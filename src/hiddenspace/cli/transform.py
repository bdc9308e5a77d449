"""`hiddenspace transform RUN SOURCE`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console

from hiddenspace.errors import HiddenspaceError, UsageError
from hiddenspace.estimator import load


def command(given: Sequence[str]) -> Callable[..., Any]:
    """The command."""
    return transform


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
    write_codes(codes, Path(out))
    Console(stderr=True).print(f"{len(codes):,} codes of {codes.shape[1]} numbers: {out}", highlight=False)


def write_codes(codes: np.ndarray, path: Path) -> None:
    """Writes an array or a table of codes, by the file's ending."""
    names = [f"code{i}" for i in range(codes.shape[1])]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        match path.suffix.lower():
            case ".npy":
                np.save(path, codes)
            case ".csv":
                pd.DataFrame(codes, columns=names).to_csv(path, index=False)
            case ".parquet":
                pd.DataFrame(codes, columns=names).to_parquet(path, index=False)
            case _:
                raise UsageError(f"codes cannot be written as {path.name}; end it with .npy, .csv or .parquet.")
    except OSError as error:
        raise HiddenspaceError(f"cannot write {path} ({error.strerror or error}); give another --out.") from error
