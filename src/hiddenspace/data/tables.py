"""Tables: checking and cleaning what is in them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hiddenspace.data.arrays import check_labels
from hiddenspace.data.dataset import Dataset
from hiddenspace.errors import DataError, MissingExtraError, UsageError


def from_frame(
    frame: pd.DataFrame,
    *,
    name: str = "table",
    labels: ArrayLike | str | None = None,
    columns: Sequence[str] | None = None,
    notes: tuple[str, ...] = (),
) -> Dataset:
    """A clean copy of a DataFrame: blanks stripped, words for 'missing' made missing, dates parsed.

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
        If there is text, and skrub, which cleans it, is not installed.
    """
    frame, known = _parted(frame, labels, columns)
    _check(frame)
    frame, clean_notes = _clean(frame.reset_index(drop=True).infer_objects())
    _check_finite(frame)
    return Dataset(frame, "table", known, name, notes=(*notes, *clean_notes))


def _parted(
    frame: pd.DataFrame, labels: ArrayLike | str | None, columns: Sequence[str] | None
) -> tuple[pd.DataFrame, NDArray[np.generic] | None]:
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
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
    for name, dtype in frame.dtypes.items():
        if dtype.kind == "c":
            raise DataError(f"Complex data not supported; column {name!r} has it, give two columns of real numbers.")
        if dtype.kind == "O" and frame[name].map(lambda cell: isinstance(cell, list | dict | set | np.ndarray)).any():
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


def _clean(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    texts = [n for n in frame if not (pd.api.types.is_numeric_dtype(frame[n]) or frame[n].dtype.kind in "mMb")]
    if not texts:
        return frame, ()
    stripped = frame.copy()
    for name in texts:
        stripped[name] = _stripped(frame[name])
    cleaned = _cleaned(stripped)
    dates = [str(n) for n in texts if cleaned[n].dtype.kind == "M" and frame[n].dtype.kind != "M"]
    return cleaned, (f"The text of {', '.join(dates)} was read as dates.",) if dates else ()


def _stripped(column: pd.Series) -> pd.Series:
    """Without blanks before and after; categories that then agree become one."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        plain = column.astype(column.cat.categories.dtype)
        stripped = _stripped(plain)
        return column if stripped.equals(plain) else stripped.astype("category")
    if pd.api.types.is_string_dtype(column.dtype) and column.dtype != object:
        return column.str.strip()
    return column.map(lambda cell: cell.strip() if isinstance(cell, str) else cell)


def _cleaned(frame: pd.DataFrame) -> pd.DataFrame:
    """Words for 'missing' made missing, and text that is dates throughout parsed; all columns are kept."""
    try:
        from skrub import Cleaner
    except ImportError:
        raise MissingExtraError(
            "Columns of text are cleaned by skrub, which is not installed; pip install 'hiddenspace[tables]'."
        ) from None
    cleaned: pd.DataFrame = Cleaner(drop_null_fraction=None).fit_transform(frame)
    return cleaned
