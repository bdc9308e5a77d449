"""Tables in files: CSV, TSV and Parquet."""

import csv
import gzip
import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.tables import MISSING_WORDS, from_frame
from hiddenspace.errors import DataError

TEXT = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
PARQUET = frozenset({".parquet", ".pq"})
DAMAGE = (ValueError, EOFError, csv.Error, gzip.BadGzipFile, zlib.error)
"""What is raised where a file is damaged, or is no table: ValueErrors by parsers, encodings and Arrow."""
SNIFFED = 2**16  # characters looked at to find the separator, the header and the decimal sign
DECIMAL_COMMA, DECIMAL_POINT = re.compile(r"[+-]?\d+,\d+"), re.compile(r"[+-]?\d+\.\d+")


def is_table_file(path: Path) -> bool:
    """Whether the name is that of a CSV, TSV or Parquet file, gzipped or not."""
    return _suffix(path) in TEXT or _suffix(path) in PARQUET


def read_table(path: Path, *, labels: ArrayLike | str | None = None, columns: Sequence[str] | None = None) -> Dataset:
    """A CSV, TSV (gzipped or not) or Parquet file as a table.

    A first row of numbers is no header, unless it counts the columns from 0; a first column that has no name and counts
    the rows from 0 is no item data. Both are what pandas writes.

    Raises
    ------
    DataError
        If the file is empty or cannot be parsed.
    """
    try:
        frame, notes = (pd.read_parquet(path), ()) if _suffix(path) in PARQUET else _read_text(path)
    except pd.errors.EmptyDataError:
        raise DataError(f"{path.name} is empty; give a table with at least one row.") from None
    except DAMAGE as error:
        raise DataError(
            f"{path.name} cannot be read as a table ({_one_line(error)}); mend it or save it anew."
        ) from error
    return from_frame(frame, name=path.name, labels=labels, columns=columns, notes=notes)


def _read_text(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    lines = _first_lines(path)
    separator = TEXT[_suffix(path)]
    if lines and separator not in lines[0] and ";" in lines[0]:  # of spreadsheets where the comma is a decimal sign
        separator = ";"
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator)]
    header = rows[0] if rows else []
    headless = _is_numbers(header) and not _counts_columns(header)
    frame = pd.read_csv(
        path,
        sep=separator,
        header=None if headless else "infer",
        decimal="," if separator == ";" and _has_decimal_commas(rows) else ".",
        na_values=sorted(MISSING_WORDS),
        keep_default_na=False,
        skipinitialspace=True,
        encoding="utf-8-sig",
        low_memory=False,
    )
    if headless:
        frame.columns = pd.Index([f"column {i}" for i in range(frame.shape[1])])
        return frame, ("The first row holds numbers, so it was taken as data and the columns were numbered from 0.",)
    notes = ("The first row counts the columns, so it was taken as their names.",) if _counts_columns(header) else ()
    if header[:1] == [""] and np.array_equal(frame.iloc[:, 0], np.arange(len(frame))):
        return frame.iloc[:, 1:], (*notes, "The first column has no name and counts the rows, so it was left out.")
    return frame, notes


def _first_lines(path: Path) -> list[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig") as file:
        return [str(line) for line in file.readlines(SNIFFED) if line.strip()]


def _is_numbers(cells: Sequence[str]) -> bool:
    try:
        return bool(cells) and all(np.isfinite(float(cell)) for cell in cells if cell)
    except ValueError:
        return False


def _counts_columns(cells: Sequence[str]) -> bool:
    """Whether it is 0, 1 ... as pandas names the columns of an array, with an empty cell before them or without."""
    names = list(cells if all(cells) else cells[1:])
    return len(names) > 1 and names == [str(i) for i in range(len(names))]


def _has_decimal_commas(rows: Sequence[Sequence[str]]) -> bool:
    """Whether whole cells are numbers with a comma, and none with a point: a comma within text says nothing."""
    cells = [cell for row in rows for cell in row]
    return any(map(DECIMAL_COMMA.fullmatch, cells)) and not any(map(DECIMAL_POINT.fullmatch, cells))


def _suffix(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).suffix.lower()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
