"""Tables: checking and cleaning what is in them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hiddenspace.data.arrays import check_labels
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.table_columns import plain_name
from hiddenspace.data.table_dates import date_format
from hiddenspace.errors import DataError, UsageError

MISSING_WORDS = frozenset(
    {
        *("", "?", "-", "...", "NA", "N/A", "n/a", "<NA>", "#NA", "#N/A", "#N/A N/A", "NULL", "null", "None", "none"),
        *("NaN", "nan", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
    }
)
"""Those of pandas and skrub, and the dash."""
LOOKED_AT = 1_000
"""Cells that tell whether text is mostly numbers."""


def from_frame(
    frame: pd.DataFrame,
    *,
    name: str = "table",
    labels: ArrayLike | str | None = None,
    columns: Sequence[str] | None = None,
    notes: tuple[str, ...] = (),
) -> Dataset:
    """A clean copy of a DataFrame: blanks stripped, words for 'missing' made missing.

    Each cell is cleaned by itself. What a column of text means, dates say, is up to the format that is fitted on it:
    a later table may be too short to show it.

    Parameters
    ----------
    frame : DataFrame
        Left as it is.
    name : str
        What the table is called.
    labels : str or array-like, optional
        The column that holds labels and is no item data, or the labels themselves.
    columns : sequence of str, optional
        The columns to keep; all by default.
    notes : tuple of str
        What reading had to say.

    Raises
    ------
    DataError
        For tables without rows or columns, columns of the same name, inf, and cells that hold lists.
    MissingExtraError
        If there is text, and skrub, which tells dates from other text, is not installed.
    """
    frame, known = _parted(frame, labels, columns)
    _check(frame)
    frame = frame.reset_index(drop=True).infer_objects().apply(_cleaned)
    _check_finite(frame)
    return Dataset(frame, "table", known, name, notes=(*notes, *_notes_on_text(frame)))


def _parted(
    frame: pd.DataFrame, labels: ArrayLike | str | None, columns: Sequence[str] | None
) -> tuple[pd.DataFrame, NDArray[np.generic] | None]:
    names = pd.Index([str(plain_name(name)) for name in frame.columns])
    if not names.is_unique:
        twice = names[names.duplicated()][0]
        raise DataError(f"The table has more than one column called {twice!r}; rename one of them.")
    known = None
    if isinstance(labels, str):
        _check_names(frame, [labels])
        known, frame = check_labels(frame[labels].to_numpy(), len(frame)), frame.drop(columns=labels)
    elif labels is not None:
        known = check_labels(labels, len(frame))
    if columns is not None:
        _check_names(frame, columns)
        frame = frame[list(columns)]
    return frame, known


def _check_names(frame: pd.DataFrame, names: Sequence[str]) -> None:
    if absent := [name for name in names if name not in frame.columns]:
        there = ", ".join(map(str, frame.columns))
        raise UsageError(f"There is no column {absent[0]!r}; the table has {there}.")


def _check(frame: pd.DataFrame) -> None:
    if len(frame) == 0:
        raise DataError(
            f"Found array with 0 sample(s) (shape={frame.shape}) while a minimum of 1 is required; give rows."
        )
    if frame.shape[1] == 0:
        raise DataError(
            f"Found array with 0 feature(s) (shape={frame.shape}) while a minimum of 1 is required; give columns."
        )
    for name, column in frame.items():
        if column.dtype.kind == "c":
            raise DataError(f"Complex data not supported; column {name!r} has it, give two columns of real numbers.")
        if column.dtype.kind != "O" or isinstance(column.dtype, pd.StringDtype):
            continue
        if any(isinstance(cell, list | dict | set | np.ndarray) for cell in column):
            raise DataError(
                f"Column {name!r} holds lists or other nested values; spread them over columns of their own."
            )


def _check_finite(frame: pd.DataFrame) -> None:
    numbers = frame.select_dtypes("number").select_dtypes(exclude="timedelta")
    infinite = [name for name in numbers if np.isinf(numbers[name].to_numpy(np.float64, na_value=np.nan)).any()]
    if infinite:
        raise DataError(
            f"Column {infinite[0]!r} holds inf; replace it, for example with frame.replace([np.inf, -np.inf], np.nan)."
        )


def _cleaned(column: pd.Series) -> pd.Series:
    if not _is_text(column):
        return column
    if isinstance(column.dtype, pd.CategoricalDtype):
        plain = column.astype(column.cat.categories.dtype)
        cleaned = plain.map(_cell)
        return column if cleaned.equals(plain) else cleaned.astype("category")  # categories that now agree become one
    return column.map(_cell).astype(column.dtype)


def _is_text(column: pd.Series) -> bool:
    dtype = column.cat.categories.dtype if isinstance(column.dtype, pd.CategoricalDtype) else column.dtype
    return not (pd.api.types.is_numeric_dtype(dtype) or dtype.kind in "mMb")


def _cell(value: Any) -> str | None:
    if pd.isna(value):
        return None
    text = str(value).strip()
    return None if text in MISSING_WORDS else text


def _notes_on_text(frame: pd.DataFrame) -> list[str]:
    """What becomes of text, where that is not plain to see."""
    texts = {str(name): c for name, c in frame.items() if _is_text(c) and not isinstance(c.dtype, pd.CategoricalDtype)}
    dates = [name for name, column in texts.items() if date_format(column)]
    numbers = [name for name, column in texts.items() if name not in dates and _is_mostly_numbers(column)]
    notes = [f"The text of {', '.join(dates)} is dates, and is learned as such."] if dates else []
    if numbers:
        notes.append(
            f"The text of {', '.join(numbers)} is mostly numbers, but each is learned as a category; "
            "pandas.to_numeric makes numbers of them."
        )
    return notes


def _is_mostly_numbers(column: pd.Series) -> bool:
    return bool(pd.to_numeric(column.dropna()[:LOOKED_AT], errors="coerce").notna().mean() > 0.5)
