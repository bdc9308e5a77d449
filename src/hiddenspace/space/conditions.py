"""Conditions on metadata, in the SQL that LanceDB filters by."""

from __future__ import annotations

import re

import pandas as pd

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
