"""Tables in files: CSV, TSV and Parquet."""

import csv
import gzip
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.tables import from_frame
from hiddenspace.errors import DataError

TEXT = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
PARQUET = frozenset({".parquet", ".pq"})
NULLS = ["?"]  # beside what pandas takes for missing by itself
SNIFFED = 2**16  # characters looked at to find the separator and the header


def is_table_file(path: Path) -> bool:
    """Whether the name is that of a CSV, TSV or Parquet file, gzipped or not."""
    return _suffix(path) in TEXT or _suffix(path) in PARQUET


def read_table(path: Path, *, labels: ArrayLike | str | None = None, columns: Sequence[str] | None = None) -> Dataset:
    """A CSV, TSV (gzipped or not) or Parquet file as a table; a first row of numbers is no header.

    Raises
    ------
    DataError
        If the file is empty or cannot be parsed.
    """
    try:
        frame, notes = (pd.read_parquet(path), ()) if _suffix(path) in PARQUET else _read_text(path)
    except pd.errors.EmptyDataError:
        raise DataError(f"{path.name} is empty; give a table with at least one row.") from None
    except (ValueError, EOFError, gzip.BadGzipFile) as error:  # ValueErrors: those of parsers, encodings and Arrow
        raise DataError(
            f"{path.name} cannot be read as a table ({_one_line(error)}); mend it or save it anew."
        ) from error
    return from_frame(frame, name=path.name, labels=labels, columns=columns, notes=notes)


def _read_text(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    start = _start(path)
    first = start.splitlines()[0] if start.strip() else ""
    separator = TEXT[_suffix(path)]
    if separator not in first and ";" in first:  # what spreadsheets write where the comma is a decimal sign
        separator = ";"
    headless = _is_numbers(first, separator)
    frame = pd.read_csv(
        path,
        sep=separator,
        header=None if headless else "infer",
        decimal="," if separator == ";" and re.search(r"\d,\d", start) else ".",
        na_values=NULLS,
        skipinitialspace=True,
        encoding="utf-8-sig",
        low_memory=False,
    )
    if not headless:
        return frame, ()
    frame.columns = pd.Index([f"column {i}" for i in range(frame.shape[1])])
    return frame, ("The first row holds numbers, so it was taken as data and the columns were numbered from 0.",)


def _start(path: Path) -> str:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig") as file:
        return str(file.read(SNIFFED))


def _is_numbers(line: str, separator: str) -> bool:
    cells = next(csv.reader([line], delimiter=separator), [])
    try:
        return bool(cells) and all(np.isfinite(float(cell)) for cell in cells if cell.strip())
    except ValueError:
        return False


def _suffix(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).suffix.lower()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
