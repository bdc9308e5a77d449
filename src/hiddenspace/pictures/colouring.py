"""What a column of metadata says about colours: classes have a hue each, numbers a place on a ramp."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hiddenspace.pictures.numbers import plain

HUES = (
    "#4e79c4", "#e0702c", "#3f9b6c", "#a064b8", "#c8a21c", "#d6568f", "#2ba6b5", "#9a6242", "#8db03a", "#d23c3c",
)  # fmt: skip
"""Ten that stay apart on light and on dark paper."""
RAMP = "viridis"
FEW = 20
"""Whole numbers of at most so many values are classes."""
DAY = 86_400.0


@dataclass(frozen=True, eq=False)
class Classes:
    """Values that only differ.

    Attributes
    ----------
    levels : tuple of str
        The ten most frequent values in their natural order, then the others, the most frequent first.
    codes : (n,) int64
        The number of each item's level; -1 where the value is missing.
    """

    levels: tuple[str, ...]
    codes: NDArray[np.int64]

    @property
    def named(self) -> int:
        """How many have a hue of their own."""
        return min(len(self.levels), len(HUES))


@dataclass(frozen=True, eq=False)
class Numbers:
    """Values that are more or less; `dates` are seconds since 1970.

    Attributes
    ----------
    values : (n,) float64
        NaN where missing.
    low, high : float
        The ends of the ramp: the first and the 99th percentile, so that one outlier does not take all colours.
    """

    values: NDArray[np.float64]
    low: float
    high: float
    dates: bool = False

    def text(self, value: float) -> str:
        """As a person writes it."""
        if not self.dates:
            return plain(value)
        moment = datetime.fromtimestamp(value, UTC)
        return moment.strftime("%Y-%m-%d" if self.high - self.low > 2 * DAY else "%Y-%m-%d %H:%M")

    @property
    def places(self) -> NDArray[np.float64]:
        """(n,) on the ramp, 0 to 1; NaN where missing."""
        return np.clip((self.values - self.low) / (self.high - self.low or 1.0), 0, 1)


def understood(column: pd.Series[Any]) -> Classes | Numbers:
    """Whether a column holds classes or numbers.

    Fractions and dates are numbers, and whole numbers of more than 20 values, unless the column is called `label`.
    All else are classes. Infinite numbers count as missing.
    """
    values = column.reset_index(drop=True)
    if values.dtype == object:
        values = values.infer_objects()
    if pd.api.types.is_datetime64_any_dtype(values):
        utc = pd.to_datetime(values, utc=True)
        return _numbers((utc - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy(np.float64), dates=True)
    if pd.api.types.is_timedelta64_dtype(values):
        return _numbers(values.dt.total_seconds().to_numpy(np.float64))
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        if pd.api.types.is_complex_dtype(values):
            return _classes(values)
        floats = values.to_numpy(np.float64, na_value=np.nan)
        floats = np.where(np.isfinite(floats), floats, np.nan)
        known = floats[~np.isnan(floats)]
        whole = bool((known == np.rint(known)).all())
        if not whole or (len(np.unique(known)) > FEW and column.name != "label"):
            return _numbers(floats)
        return _classes(pd.Series(floats).astype("Int64"))
    return _classes(values)


def _numbers(given: NDArray[np.floating[Any]], *, dates: bool = False) -> Numbers:
    values = given.astype(np.float64)
    low, high = np.nanpercentile(values, (1, 99)) if np.isfinite(values).any() else (0.0, 1.0)
    return Numbers(values, float(low), float(high), dates)


def _classes(values: pd.Series[Any]) -> Classes:
    missing = values.isna().to_numpy()
    text = values.astype(object).map(str)
    order = text[~missing].value_counts(sort=True)
    first = sorted(order.index[: len(HUES)], key=int if values.dtype == "Int64" else str)
    levels = (*first, *order.index[len(HUES) :])
    places = {level: number for number, level in enumerate(levels)}
    codes = np.array([-1 if gone else places[level] for gone, level in zip(missing, text, strict=True)], np.int64)
    return Classes(levels, codes)
