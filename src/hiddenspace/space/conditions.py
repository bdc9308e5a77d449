"""Conditions on metadata, in the SQL that LanceDB filters by, and masks."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from hiddenspace.errors import UsageError

_COMPARED = re.compile(r"\b([A-Za-z_]\w*)(\s*(?:=|!=|<>)\s*)(-?\d+(?:\.\d+)?)(?![\w.'])")


def with_quotes(condition: str, metadata: pd.DataFrame) -> str:
    """The condition with quotes round numbers that are compared with text, as labels from the names of folders are.

    Parameters
    ----------
    condition : str
        Such as "label = 3".
    metadata : DataFrame
        Its columns say what is text.
    """

    def quoted(found: re.Match[str]) -> str:
        name, sign, number = found.groups()
        is_text = name in metadata and not pd.api.types.is_numeric_dtype(metadata[name])
        return f"{name}{sign}'{number}'" if is_text else found[0]

    return _COMPARED.sub(quoted, condition)


def mask_of(given: Any, count: int) -> np.ndarray | None:
    """A mask (count,) from an array, a list or a Series of bools, where missing is no; None where this is none.

    Raises
    ------
    UsageError
        If it is a mask over another number of items.
    """
    if isinstance(given, pd.Series):
        given = given.fillna(False).to_numpy(bool) if pd.api.types.is_bool_dtype(given) else given
    elif isinstance(given, list) and given and all(isinstance(value, bool | np.bool_) for value in given):
        given = np.array(given)
    if not isinstance(given, np.ndarray) or given.dtype != bool:
        return None
    if given.shape != (count,):
        raise UsageError(f"a mask over this space has {count:,} entries, not {given.shape}.")
    return given
