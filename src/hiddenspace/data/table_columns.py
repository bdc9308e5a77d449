"""How one column of a table becomes numbers for a network, and back."""

import math
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hiddenspace.data.table_dates import date_format, read_dates, read_durations, write_dates
from hiddenspace.errors import ModelError

Scalar = str | bool | int | float
Name = Scalar | tuple[Scalar, ...]

MOST_CATEGORIES = 30  # rarer ones share a column
OTHER, MISSING = "other", "missing"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
NANOSECONDS, MICROSECONDS = 2**63 // 10**9 - 1, 2**63 // 10**6 - 1
"""Seconds that 64 bits of these hold, before and after 1970."""
YEARS = (-62_135_596_800, 253_402_214_400)
"""Seconds from 1970 to the first day of the year 1 and the last of the year 9999, beyond which dates have no text."""
NOT_A_TIME = np.iinfo(np.int64).min
"""How NaT lies in memory."""


@dataclass(frozen=True)
class NumberColumn:
    """(x - mean) / scale; what is missing becomes the mean, and is flagged where the fitted column had such values.

    The least and the most are those of the fitted column, 0 where it had no value; models of before know none.
    """

    kind: ClassVar[str] = "number"

    name: Name
    dtype: str
    mean: float
    scale: float
    missing: bool
    least: float = -math.inf
    most: float = math.inf

    @classmethod
    def fitted(cls, column: pd.Series) -> Self:
        """Mean and standard deviation of what is there; 1 in place of the deviation of a constant."""
        values = _floats(column)
        known = values[~np.isnan(values)]
        mean, deviation = (float(known.mean()), float(known.std())) if len(known) else (0.0, 0.0)
        scale = deviation if deviation > 1e-12 * abs(mean) else 1.0
        least, most = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
        return cls(plain_name(column.name), str(column.dtype), mean, scale, len(known) < len(values), least, most)

    @property
    def names(self) -> list[str]:
        """What each encoded column is."""
        return [str(self.name), *([f"{self.name} = {MISSING}"] if self.missing else [])]

    def encode(self, column: pd.Series) -> NDArray[np.float64]:
        """(n, 1), or (n, 2) with the flag."""
        values = (_floats(column) - self.mean) / self.scale
        absent = np.isnan(values)
        encoded = np.where(absent, 0.0, values)
        return np.stack([encoded, absent], axis=1) if self.missing else encoded[:, None]

    def decode(self, encoded: NDArray[np.floating[Any]]) -> pd.Series:
        """Back in the column's own units and type; NaN where the flag is above one half."""
        values = encoded[:, 0].astype(np.float64) * self.scale + self.mean
        dtype = pd.api.types.pandas_dtype(self.dtype)
        if dtype.kind in "iu":
            info = np.iinfo(dtype.name.lower().removesuffix("[pyarrow]"))
            top = float(info.max) if info.bits < 64 else np.nextafter(float(info.max), 0)
            values = np.clip(np.rint(values), float(info.min), top)
        if not self.missing:
            return pd.Series(values).astype(dtype)
        absent = encoded[:, 1] > 0.5
        return pd.Series(np.where(absent, np.nan, values)).astype(dtype)

    def within(self, values: pd.Series) -> pd.Series:
        """Such values, those beyond the least or the most of the fitted column replaced by these."""
        encoded = self.encode(values)
        encoded[:, 0] = encoded[:, 0].clip((self.least - self.mean) / self.scale, (self.most - self.mean) / self.scale)
        return self.decode(encoded)


@dataclass(frozen=True)
class TimeColumn(NumberColumn):
    """Dates and durations: seconds, then as numbers. Text is read, and written again, by the format it had at fit."""

    kind: ClassVar[str] = "time"

    format: str | None = None  # of a column of text

    @classmethod
    def fitted(cls, column: pd.Series, format: str | None = None) -> Self:
        """As for numbers."""
        times = read_dates(column, format) if format else column
        return replace(super().fitted(_seconds(times)), dtype=str(column.dtype), format=format)

    def encode(self, column: pd.Series) -> NDArray[np.float64]:
        """(n, 1), or (n, 2) with the flag."""
        return super().encode(_seconds(self._times(column)))

    def decode(self, encoded: NDArray[np.floating[Any]]) -> pd.Series:
        """Times of the column's own type, to the microsecond and within its range; NaT where the flag is above half."""
        seconds = NumberColumn.decode(replace(self, dtype="float64"), encoded).clip(*self._limits)
        ticks = (seconds * 1e6).round().fillna(NOT_A_TIME).to_numpy().astype(np.int64)
        times = pd.Series(ticks.view("m8[us]" if self._is_duration else "M8[us]"))
        if self.format:
            times = write_dates(times, self.format)
        elif "," in self.dtype:  # a zone
            times = times.dt.tz_localize("UTC")
        return times.astype(self.dtype)  # type: ignore[call-overload, no-any-return]

    @property
    def _is_duration(self) -> bool:
        return self.dtype.startswith(("timedelta", "duration"))

    @property
    def _limits(self) -> tuple[int, int]:
        """What the column's type holds, in seconds."""
        if "ns" in self.dtype:
            return -NANOSECONDS, NANOSECONDS
        return (-MICROSECONDS, MICROSECONDS) if self._is_duration else YEARS

    def _times(self, column: pd.Series) -> pd.Series:
        """A later column, of whatever type, as times."""
        if column.dtype.kind in "mM":
            times = column
        elif self._is_duration:
            times = read_durations(column)
        else:
            times = read_dates(column, self.format)
        present = column.notna()
        if present.any() and ((times.dtype.kind == "m") != self._is_duration or times[present].isna().any()):
            wanted = "durations" if self._is_duration else f"dates ({self.format or 'ISO 8601'})"
            raise ModelError(
                f"Column {self.name!r} holds {column.dtype} where the model was fitted on {wanted}; convert it with "
                f"pandas.{'to_timedelta' if self._is_duration else 'to_datetime'}."
            )
        return times


@dataclass(frozen=True)
class CategoryColumn:
    """One column for each category, one for all rare ones together, one for missing values if there were any.

    A value that was not there at fit counts as rare; where nothing is rare, all its columns are zero.
    """

    kind: ClassVar[str] = "category"

    name: Name
    dtype: str
    categories: tuple[Scalar, ...]
    other: bool
    missing: bool

    @classmethod
    def fitted(cls, column: pd.Series) -> Self:
        """The most frequent categories, in the order of their names; of several spellings the most frequent one."""
        codes, uniques = pd.factorize(column)
        counts = np.bincount(codes[codes >= 0], minlength=len(uniques))
        spellings: dict[str, Scalar] = {}
        totals: Counter[str] = Counter()
        for i in sorted(range(len(uniques)), key=lambda i: (-counts[i], str(uniques[i]))):
            key = _key(uniques[i])
            spellings.setdefault(key, _scalar(uniques[i]))
            totals[key] += int(counts[i])
        frequent = sorted((spellings[key] for key, _ in totals.most_common(MOST_CATEGORIES)), key=str)
        many = len(totals) > MOST_CATEGORIES
        return cls(plain_name(column.name), str(column.dtype), tuple(frequent), many, bool((codes < 0).any()))

    @property
    def names(self) -> list[str]:
        """What each encoded column is."""
        extra = [OTHER] * self.other + [MISSING] * self.missing
        return [f"{self.name} = {value}" for value in (*self.categories, *extra)]

    def encode(self, column: pd.Series) -> NDArray[np.float32]:
        """(n, number of columns), at most a single 1 in each row."""
        codes, uniques = pd.factorize(column)
        places = {_key(category): place for place, category in enumerate(self.categories)}
        rare = len(self.categories) if self.other else -1
        absent = len(self.categories) + self.other if self.missing else -1
        chosen = np.array([*(places.get(_key(value), rare) for value in uniques), absent])[codes]  # code -1 is the last
        encoded = np.zeros((len(column), len(self.names)), np.float32)
        rows = np.flatnonzero(chosen >= 0)
        encoded[rows, chosen[rows]] = 1
        return encoded

    def decode(self, encoded: NDArray[np.floating[Any]]) -> pd.Series:
        """The category whose column is largest."""
        values = [*self.categories, *([OTHER] * self.other), *([None] * self.missing)]
        if not values:  # nothing but zero columns: not one value was ever seen
            return pd.Series([None] * len(encoded), dtype=object)
        chosen = np.array(values, object)[encoded.argmax(axis=1)]
        if self.dtype == "category":
            return pd.Series(pd.Categorical(chosen, categories=[v for v in values if v is not None]))
        return pd.Series(chosen, dtype=self.dtype)

    def within(self, values: pd.Series) -> pd.Series:
        """As they are: decoded ones are those of the fitted column."""
        return values


Column = NumberColumn | TimeColumn | CategoryColumn
COLUMNS: dict[str, type[Column]] = {c.kind: c for c in (NumberColumn, TimeColumn, CategoryColumn)}


def fit_column(column: pd.Series) -> Column:
    """The encoding that suits a column's type, and its text."""
    if pd.api.types.is_bool_dtype(column.dtype) or isinstance(column.dtype, pd.CategoricalDtype):
        return CategoryColumn.fitted(column)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return NumberColumn.fitted(column)
    if column.dtype.kind in "mM":
        return TimeColumn.fitted(column)
    found = date_format(column)
    return TimeColumn.fitted(column, found) if found else CategoryColumn.fitted(column)


def plain_name(name: Any) -> Name:
    """The name of a column as JSON keeps it: numbers, text and tuples of them as they are, all else as text."""
    return tuple(_scalar(part) for part in name) if isinstance(name, tuple) else _scalar(name)


def _floats(column: pd.Series) -> NDArray[np.float64]:
    if column.isna().all():  # of whatever type: few rows do not show it
        return np.full(len(column), np.nan)
    if column.dtype.kind not in "mM":
        with suppress(TypeError, ValueError):
            return pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
    held = "times" if column.dtype.kind in "mM" else "text"
    raise ModelError(
        f"Column {column.name!r} holds {held} where the model was fitted on numbers; convert it with pandas.to_numeric."
    )


def _seconds(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.ArrowDtype):
        column = column.array.__arrow_array__().to_pandas(date_as_object=False).rename(column.name)
    if column.dtype.kind == "M":  # the zero in seconds: in nanoseconds it would not reach beyond the year 2262
        column = pd.to_datetime(column, utc=True).dt.tz_localize(None) - pd.Timestamp(0).as_unit("s")
    seconds: pd.Series = column.dt.total_seconds()
    return seconds


def _scalar(value: Any) -> Scalar:
    """A category, or part of a name, as JSON keeps it."""
    plain = value.item() if isinstance(value, np.generic) else value
    return plain if isinstance(plain, str | bool | int | float) else str(plain)


def _key(value: Any) -> str:
    """What a category is known by: 1, 1.0 and '01' are one, True and 'true' too, as files do not tell them apart."""
    text = str(value)
    if NUMBER.fullmatch(text):
        return str(float(text) + 0.0)  # which has no minus zero
    return text.lower() if text.lower() in ("true", "false") else text
