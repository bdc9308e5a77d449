"""What 0 and 1 of model space are in the data, so that 0..255 and 0..1 mean the same picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from hiddenspace.data.chunks import chunks, extremes

CONVENTIONAL = {"unit": (0.0, 1.0), "byte": (0.0, 255.0), "word": (0.0, 65535.0)}
NOISY_UNIT = 16.0
"""Floats beyond this are no unit range, however noisy; floats below it that are no whole numbers are no bytes."""


@dataclass(frozen=True)
class ValueRange:
    """`low` maps to 0 and `high` to 1. `name` is unit, byte or word for the ranges that pictures come in, else own."""

    name: str
    low: float
    high: float

    @classmethod
    def of(cls, x: Any) -> Self:
        """The range of an array: by its type where it is of whole numbers, by its values otherwise."""
        name = _name_of(x)
        if name in CONVENTIONAL:
            return cls(name, *CONVENTIONAL[name])
        low, high = extremes(x)
        return cls("own", low, high if high > low else low + 1.0)

    @property
    def conventional(self) -> bool:
        """Whether it is one of the ranges that pictures come in."""
        return self.name in CONVENTIONAL

    @property
    def is_of_bytes(self) -> bool:
        """Whether unsigned bytes may be divided by 255, whatever the model was fitted on."""
        return self.conventional

    def converter(self, x: Any) -> Callable[[np.ndarray], np.ndarray]:
        """What maps rows of `x` to float32 with `low` at 0 and `high` at 1.

        Conventional ranges other than the fitted one are recognised, once for the whole of `x`.
        """
        low, high = CONVENTIONAL[self._recognised(x)] if self.conventional else (self.low, self.high)

        def to_unit(rows: np.ndarray) -> np.ndarray:
            exact = rows if rows.dtype.kind == "f" else rows.astype(np.float32)
            return ((exact - low) / (high - low)).astype(np.float32)  # float64 keeps its digits until the low is off

        return to_unit

    def _recognised(self, x: Any) -> str:
        if x.dtype == np.uint8:
            return "byte"
        if x.dtype == np.uint16:
            return "word"
        if len(x) == 0 or x.dtype.kind != "f":
            return self.name
        _, highest = extremes(x)
        if self.name == "unit":
            return "unit" if highest <= NOISY_UNIT else "byte" if highest <= 4 * 255 else "word"
        # Dark bytes stay bytes: only fractions, which bytes as floats do not have, speak for a unit range.
        return "unit" if highest <= NOISY_UNIT and _has_fractions(x) else self.name

    def from_unit(self, x: np.ndarray) -> np.ndarray:
        """What `converter` did, backwards and in the fitted range, float32."""
        return (x * np.float32(self.high - self.low) + np.float32(self.low)).astype(np.float32)

    def config(self) -> dict[str, Any]:
        """JSON."""
        return asdict(self)


def _name_of(x: Any) -> str:
    if x.dtype == np.uint8:
        return "byte"
    if x.dtype == np.uint16:
        return "word"
    if x.dtype == np.bool_:
        return "unit"
    low, high = extremes(x)
    if low >= 0 and high <= 1:
        return "unit"
    if low >= 0 and 127 < high <= 255 and not _has_fractions(x):
        return "byte"
    return "own"


def _has_fractions(x: Any) -> bool:
    """Whether any value is not a whole number; stops at the first piece that has one."""
    return any(bool((part != np.floor(part)).any()) for part in chunks(x))
