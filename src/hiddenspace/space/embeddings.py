"""Files of ready embeddings: the features that another network gave, as codes and what is known about their items."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hiddenspace.data.load import load_dataset
from hiddenspace.data.table_files import PARQUET, is_table_file
from hiddenspace.errors import DataError, UsageError
from hiddenspace.space.items import LABEL

ID = "id"


@dataclass(frozen=True, eq=False)
class Embeddings:
    """n codes.

    Attributes
    ----------
    codes : ndarray (n, d)
    ids : ndarray (n,), or None
        Names, where the file has any.
    metadata : DataFrame of n rows
        What else the file says.
    """

    codes: np.ndarray
    ids: np.ndarray | None
    metadata: pd.DataFrame


def is_embeddings_file(path: Path) -> bool:
    """Whether this is a file that can hold embeddings: .npy, .npz, .csv, .tsv or .parquet."""
    return path.is_file() and (path.suffix.lower() in (".npy", ".npz") or is_table_file(path))


def read_embeddings(path: Path, labels: str | None = None) -> Embeddings:
    """Reads a file of embeddings.

    An array is (n, d). Of a table the code is the only column of lists, else all columns of numbers; a column `id`
    names the items, and `label`, text and dates are known about them.

    Parameters
    ----------
    path : Path
    labels : str, optional
        The column or array that holds labels and is no part of the code.

    Raises
    ------
    DataError
        If there are no such codes in it.
    UsageError
        If there is no such column.
    """
    frame = _with_lists(path)
    if frame is not None:
        return _from_lists(frame, path, labels)
    read = load_dataset(str(path), labels=labels)
    metadata = {} if read.labels is None else {LABEL: read.labels}
    if read.kind == "vectors":
        return Embeddings(np.asarray(read.items[:]), None, pd.DataFrame(metadata, index=pd.RangeIndex(len(read))))
    if read.kind != "table":
        raise DataError(
            f"{path} holds {read.kind}, not codes (n, d); to encode them, name a run and give them as SOURCE."
        )
    table: pd.DataFrame = read.items
    is_code = [name for name in table if str(name) not in (ID, LABEL) and pd.api.types.is_numeric_dtype(table[name])]
    if not is_code:
        raise DataError(f"{path} has no column of numbers that could be codes.")
    return _parted(table[is_code].to_numpy(np.float32), table.drop(columns=is_code).assign(**metadata))


def _with_lists(path: Path) -> pd.DataFrame | None:
    """A Parquet file some of whose cells are lists; None for all others, which load_dataset reads."""
    if path.suffix.lower() not in PARQUET:
        return None
    import pyarrow.parquet as pq
    from pyarrow import ArrowInvalid, types

    try:
        kinds = pq.read_schema(path).types
    except ArrowInvalid:
        return None  # load_dataset says what is wrong with it
    nested = (types.is_list, types.is_large_list, types.is_fixed_size_list)
    return pd.read_parquet(path) if any(is_kind(kind) for kind in kinds for is_kind in nested) else None


def _from_lists(frame: pd.DataFrame, path: Path, labels: str | None) -> Embeddings:
    lists = [name for name in frame if isinstance(frame[name].iloc[0], np.ndarray)] if len(frame) else []
    if len(lists) != 1:
        raise DataError(
            f"{path} has {len(lists)} columns of lists ({', '.join(map(str, lists))}); keep one, the codes."
        )
    try:
        codes = np.stack(frame[lists[0]].to_list()).astype(np.float32)
    except (ValueError, TypeError) as error:
        raise DataError(f"the lists in column {lists[0]!r} of {path} are no codes of one length ({error}).") from error
    rest = frame.drop(columns=lists)
    if labels is not None and labels not in rest:
        raise UsageError(f"there is no column {labels!r}; the table has {', '.join(map(str, rest))}.")
    return _parted(codes, rest if labels is None else rest.rename(columns={labels: LABEL}))


def _parted(codes: np.ndarray, rest: pd.DataFrame) -> Embeddings:
    known: Any = rest.reset_index(drop=True)
    if ID not in known:
        return Embeddings(codes, None, known)
    return Embeddings(codes, known[ID].to_numpy(), known.drop(columns=ID))
