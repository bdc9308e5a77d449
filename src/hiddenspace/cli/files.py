"""Arrays and tables as files, by the ending of their name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from hiddenspace.errors import HiddenspaceError, UsageError, writing

OUT = "give another --out"
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".svg", ".pdf", ".html", ".mp4")
OF_FILES = (*PICTURES, ".csv", ".tsv", ".parquet", ".npy", ".npz", ".zip", ".hs")
"""Endings by which a person means a file; in the name of a folder any other is as good as none."""


def check_ending(what: str, path: Path, endings: Sequence[str]) -> None:
    """Before the work is done, whether its outcome can be written there.

    Raises
    ------
    UsageError
        If the ending is none of `endings`.
    """
    if path.suffix.lower() not in endings:
        wanted = " or ".join(part for part in (", ".join(endings[:-1]), endings[-1]) if part)
        raise UsageError(f"{what} cannot be written as {path.name}; end it with {wanted}.")


def is_folder(what: str, out: str, endings: Sequence[str]) -> bool:
    """Before the work is done, whether images go into a folder of this name rather than into a file.

    Raises
    ------
    UsageError
        If it is called as a file of another kind, and there is no such folder.
    """
    path = Path(out)
    if path.suffix.lower() in endings and not path.is_dir():
        return False
    if not (path.is_dir() or out.endswith(("/", os.sep))) and path.suffix.lower() in OF_FILES:
        check_ending(what, path, (*endings, "/ for a folder"))
    return True


def write_values(values: np.ndarray | pd.DataFrame, path: Path) -> None:
    """Writes a table or an array as .npy, .csv or .parquet, (n, d) where it is not the first.

    Raises
    ------
    HiddenspaceError
        If the operating system refuses to write.
    """
    ending = path.suffix.lower()
    with writing(path, OUT, HiddenspaceError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if ending == ".npy":
            with path.open("wb") as file:  # to a file by name NumPy would append .npy once more
                np.save(file, np.asarray(values))
        elif ending == ".csv":
            pd.DataFrame(values).to_csv(path, index=False)
        else:
            pd.DataFrame(values).to_parquet(path, index=False)
