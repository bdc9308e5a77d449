"""How one column of a table becomes numbers for a network, and back."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hiddenspace.errors import ModelError

Name = str | int
Scalar = str | bool | int | float

MOST_CATEGORIES = 30  # rarer ones share a column
OTHER, MISSING = "other", "missing"


@dataclass(frozen=True)
class NumberColumn:
    """(x - mean) / scale; what is missing becomes the mean, and is flagged where the fitted column had such values."""

    kind: ClassVar[str] = "number"

    name: Name
    dtype: str
    mean: float
    scale: float
    missing: bool

    @classmethod
    def fitted(cls, column: pd.Series) -> Self:
        """Mean and standard deviation of what is there; 1 in place of the deviation of a constant."""
        values = _floats(column)
        known = values[~np.isnan(values)]
        mean, deviation = (float(known.mean()), float(known.std())) if len(known) else (0.0, 0.0)
        scale = deviation if deviation > 1e-12 * abs(mean) else 1.0
        return cls(_plain_name(column), str(column.dtype), mean, scale, len(known) < len(values))

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
            info = np.iinfo(dtype.name.lower())
            top = float(info.max) if info.bits < 64 else np.nextafter(float(info.max), 0)
            values = np.clip(np.rint(values), float(info.min), top)
        if not self.missing:
            return pd.Series(values).astype(dtype)
        absent = encoded[:, 1] > 0.5
        return pd.Series(np.where(absent, np.nan, values)).astype(dtype)


class TimeColumn(NumberColumn):
    """Dates and durations: seconds, then as numbers."""

    kind: ClassVar[str] = "time"

    @classmethod
    def fitted(cls, column: pd.Series) -> Self:
        """As for numbers."""
        return replace(super().fitted(_seconds(column)), dtype=str(column.dtype))

    def encode(self, column: pd.Series) -> NDArray[np.float64]:
        """(n, 1), or (n, 2) with the flag."""
        if column.dtype.kind not in "mM":
            try:
                column = column.astype(self.dtype)  # type: ignore[call-overload]
            except (TypeError, ValueError):
                raise ModelError(
                    f"Column {self.name!r} holds {column.dtype} where the model was fitted on times; convert it with "
                    "pandas.to_datetime."
                ) from None
        return super().encode(_seconds(column))

    def decode(self, encoded: NDArray[np.floating[Any]]) -> pd.Series:
        """Times of the column's own type, to the microsecond; NaT where the flag is above one half."""
        seconds = NumberColumn.decode(replace(self, dtype="float64"), encoded)
        plain = pd.Series((seconds * 1e6).round().to_numpy(na_value=np.nan)).astype("Int64")
        if self.dtype.startswith("timedelta"):
            return pd.to_timedelta(plain, unit="us").astype(self.dtype)  # type: ignore[call-overload, no-any-return]
        times = pd.to_datetime(plain, unit="us", utc="," in self.dtype)
        return times.astype(self.dtype)  # type: ignore[call-overload, no-any-return]


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
        """The most frequent categories, in the order of their names."""
        codes, uniques = pd.factorize(column)
        counts = np.bincount(codes[codes >= 0], minlength=len(uniques))
        ranked = sorted(range(len(uniques)), key=lambda i: (-counts[i], str(uniques[i])))
        frequent = sorted((_scalar(uniques[i]) for i in ranked[:MOST_CATEGORIES]), key=str)
        many = len(uniques) > MOST_CATEGORIES
        return cls(_plain_name(column), str(column.dtype), tuple(frequent), many, bool((codes < 0).any()))

    @property
    def names(self) -> list[str]:
        """What each encoded column is."""
        extra = [OTHER] * self.other + [MISSING] * self.missing
        return [f"{self.name} = {value}" for value in (*self.categories, *extra)]

    def encode(self, column: pd.Series) -> NDArray[np.float32]:
        """(n, number of columns), at most a single 1 in each row."""
        codes, uniques = pd.factorize(column)
        places = {str(category): place for place, category in enumerate(self.categories)}
        rare = len(self.categories) if self.other else -1
        absent = len(self.categories) + self.other if self.missing else -1
        chosen = np.array([*(places.get(str(value), rare) for value in uniques), absent])[codes]  # code -1 is the last
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


Column = NumberColumn | TimeColumn | CategoryColumn
COLUMNS: dict[str, type[Column]] = {c.kind: c for c in (NumberColumn, TimeColumn, CategoryColumn)}


def fit_column(column: pd.Series) -> Column:
    """The encoding that suits a column's type."""
    if pd.api.types.is_bool_dtype(column.dtype) or isinstance(column.dtype, pd.CategoricalDtype):
        return CategoryColumn.fitted(column)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return NumberColumn.fitted(column)
    return TimeColumn.fitted(column) if column.dtype.kind in "mM" else CategoryColumn.fitted(column)


def _floats(column: pd.Series) -> NDArray[np.float64]:
    try:
        return pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise ModelError(
            f"Column {column.name!r} holds text where the model was fitted on numbers; convert it with "
            "pandas.to_numeric."
        ) from None


def _seconds(column: pd.Series) -> pd.Series:
    if column.dtype.kind == "M":
        zone = getattr(column.dtype, "tz", None)
        column = (column.dt.tz_convert("UTC").dt.tz_localize(None) if zone else column) - pd.Timestamp(0)
    seconds: pd.Series = column.dt.total_seconds()
    return seconds


def _scalar(value: Any) -> Scalar:
    """A category as JSON keeps it."""
    plain = value.item() if isinstance(value, np.generic) else value
    return plain if isinstance(plain, str | bool | int | float) else str(plain)


def _plain_name(column: pd.Series) -> Name:
    name: Any = column.name
    return int(name) if isinstance(name, int | np.integer) else str(name)
