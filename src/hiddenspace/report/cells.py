"""One row of a table, original beside rebuilt, with what went wrong marked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hiddenspace.report.wording import number

_COLUMNS = 16
_LONGEST = 40  # characters of a value

Spread = Mapping[str, float]


@dataclass(frozen=True)
class Cell:
    """A value as text, and whether it is far from the original."""

    text: str
    off: bool = False


def spread_of(table: Mapping[str, Sequence[Any]]) -> dict[str, float]:
    """Measure how far the values of each numeric column scatter."""
    numeric = {name: as_numbers(values) for name, values in table.items()}
    return {name: float(np.nanstd(values)) for name, values in numeric.items() if values is not None}


def as_numbers(values: Sequence[Any]) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    """Give a column as floats, or None where it holds anything else or nothing finite."""
    if any(isinstance(value, (str, bytes)) for value in values):
        return None
    try:
        array = np.array([np.nan if value is None else value for value in values], dtype=float)
    except (TypeError, ValueError):
        return None
    return array if array.ndim == 1 and np.isfinite(array).any() else None


def card_rows(
    tables: Sequence[Mapping[str, Sequence[Any]]], item: int, spread: Spread
) -> tuple[list[tuple[str, list[Cell]]], int]:
    """List the columns of one item: (name, [original, rebuilt by each model]), and how many columns are left out."""
    original = tables[0]
    names = list(original)[:_COLUMNS]
    rows = [(name, _cells([table[name][item] for table in tables], spread.get(name))) for name in names]
    return rows, len(original) - len(names)


def _cells(values: Sequence[Any], scatter: float | None) -> list[Cell]:
    original, *rebuilt = values
    others = (Cell(plain_text(value), _is_off(original, value, scatter)) for value in rebuilt)
    return [Cell(plain_text(original)), *others]


def plain_text(value: Any) -> str:
    """Give a value as a short text."""
    text = number(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _is_off(original: Any, value: Any, scatter: float | None) -> bool:
    """Judge a number by the column's standard deviation, and anything else by equality."""
    if scatter is None:
        return str(original) != str(value)
    if original is None or value is None:
        return original is not value
    return bool(abs(float(value) - float(original)) > scatter)
