"""One attribute each as numbers for a network: categories, numbers, and what comes round again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from hiddenspace.errors import DataError, UsageError

Floats = NDArray[np.float64]
Scalar = str | bool | int | float

MOST_CATEGORIES = 1000
"""More different values are not classes of anything."""


@dataclass(frozen=True)
class Category:
    """One column for each value that was there at fit; in each row a single 1."""

    kind: ClassVar[str] = "category"

    name: str
    categories: tuple[Scalar, ...]

    @classmethod
    def fitted(cls, name: str, values: NDArray[Any]) -> Self:
        """The values in their order, numbers before text."""
        found = sorted({_plain(value) for value in values}, key=lambda v: (isinstance(v, str), v))
        if len(found) > MOST_CATEGORIES:
            raise DataError(
                f"the attribute {name!r} has {len(found):,} values, more than {MOST_CATEGORIES:,} categories; "
                "give a column of numbers in a table if it is one."
            )
        return cls(name, tuple(found))

    @property
    def names(self) -> tuple[str, ...]:
        """What each encoded column is."""
        return tuple(f"{self.name} = {category}" for category in self.categories)

    def encode(self, values: NDArray[Any]) -> Floats:
        """(n,) -> (n, categories)."""
        places = {category: place for place, category in enumerate(self.categories)}
        plain = [_plain(value) for value in values]
        if unknown := [value for value in plain if value not in places]:
            known = ", ".join(map(repr, self.categories[:12])) + ", ..." * (len(self.categories) > 12)
            raise DataError(f"{unknown[0]!r} is no known value of the attribute {self.name!r}; use one of {known}.")
        encoded = np.zeros((len(plain), len(self.categories)))
        encoded[np.arange(len(plain)), [places[value] for value in plain]] = 1
        return encoded

    def between(self, a: NDArray[Any], b: NDArray[Any], share: Floats) -> Floats:
        """From a (1,) to b (1,): so much of the one and of the other, (s, categories)."""
        first, last = self.encode(a), self.encode(b)
        return first + share[:, None] * (last - first)


@dataclass(frozen=True)
class Number:
    """(x - mean) / standard deviation; a constant becomes zeros."""

    kind: ClassVar[str] = "number"

    name: str
    mean: float
    scale: float

    @classmethod
    def fitted(cls, name: str, values: NDArray[Any]) -> Self:
        """By the mean and the standard deviation of these values."""
        x = as_numbers(name, values)
        mean, scale = float(x.mean()), float(x.std())
        return cls(name, mean, scale if scale > 1e-12 * max(1.0, abs(mean)) else 1.0)

    @property
    def names(self) -> tuple[str, ...]:
        """What the encoded column is."""
        return (self.name,)

    def encode(self, values: NDArray[Any]) -> Floats:
        """(n,) -> (n, 1)."""
        return (as_numbers(self.name, values)[:, None] - self.mean) / self.scale

    def between(self, a: NDArray[Any], b: NDArray[Any], share: Floats) -> Floats:
        """In a straight line from a (1,) to b (1,), (s, 1)."""
        first, last = self.encode(a), self.encode(b)
        return first + share[:, None] * (last - first)


@dataclass(frozen=True)
class Cycle:
    """The cosine and the sine of the angle, and of its multiples: 359 degrees lie beside 0."""

    kind: ClassVar[str] = "cycle"

    name: str
    period: float
    harmonics: int

    def __post_init__(self) -> None:
        """Refuses what is no period."""
        if not isinstance(self.period, int | float) or not 0 < self.period < np.inf:
            raise UsageError(f"{self.period!r} is no period of the attribute {self.name!r}; use a number such as 360.")

    @property
    def names(self) -> tuple[str, ...]:
        """What each encoded column is."""
        times = [f"{k} " * (k > 1) for k in range(1, self.harmonics + 1)]
        return tuple(f"{wave} {k}{self.name}" for k in times for wave in ("cos", "sin"))

    def encode(self, values: NDArray[Any]) -> Floats:
        """(n,) -> (n, 2 * harmonics)."""
        return self._waves(as_numbers(self.name, values))

    def between(self, a: NDArray[Any], b: NDArray[Any], share: Floats) -> Floats:
        """Along the shorter arc from a (1,) to b (1,), (s, 2 * harmonics)."""
        first, last = as_numbers(self.name, a)[0], as_numbers(self.name, b)[0]
        way = (last - first + self.period / 2) % self.period - self.period / 2
        return self._waves(first + share * way)

    def _waves(self, x: Floats) -> Floats:
        angles = x[:, None] * np.arange(1, self.harmonics + 1) * (2 * np.pi / self.period)
        return np.stack([np.cos(angles), np.sin(angles)], axis=2).reshape(len(x), -1)


Column = Category | Number | Cycle
COLUMNS: dict[str, type[Column]] = {column.kind: column for column in (Category, Number, Cycle)}


def as_numbers(name: str, values: NDArray[Any]) -> Floats:
    """(n,) float64.

    Raises
    ------
    DataError
        If one is no finite number.
    """
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError):
        odd = next((value for value in values if not isinstance(_plain(value), int | float)), values[0])
        raise DataError(
            f"{_plain(odd)!r} is no value of the attribute {name!r}, which is a number; give one."
        ) from None
    if len(numbers) and not np.isfinite(numbers).all():
        raise DataError(f"the attribute {name!r} has a value that is not finite; give finite numbers.")
    return numbers


def _plain(value: Any) -> Scalar:
    """As JSON keeps it; True stays True."""
    plain = value.item() if isinstance(value, np.generic) else value
    return plain if isinstance(plain, str | bool | int | float) else str(plain)
