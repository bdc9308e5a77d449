"""What 0 and 1 of model space are in the data, so that 0..255 and 0..1 mean the same picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from hiddenspace.data.chunks import chunks, extremes, mapped, sample

CONVENTIONAL = {"unit": (0.0, 1.0), "byte": (0.0, 255.0), "word": (0.0, 65535.0)}
NOISY_UNIT = 16.0
"""Values beyond this are no unit range, however noisy; values below it that are no whole numbers are no bytes."""
NOISY_BYTE = 4 * 255.0
"""Values beyond this are no bytes, however noisy."""
LOOKED_AT = 4096
"""Rows whose values tell one conventional range from another."""


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
        """Whether it is one of the ranges that pictures come in, so that any other of them can stand for it."""
        return self.name in CONVENTIONAL

    def converter(self, x: Any) -> Callable[[np.ndarray], np.ndarray]:
        """What maps rows of `x` to float32 with `low` at 0 and `high` at 1.

        Conventional ranges other than the fitted one are recognised, once for the whole of `x`: by its type, or else
        by its values, of which those up to 1 are unit.
        """
        low, high = CONVENTIONAL[self._recognised(x)] if self.conventional else (self.low, self.high)

        def to_unit(rows: np.ndarray) -> np.ndarray:
            exact = rows if rows.dtype == np.float32 else rows.astype(np.float64)
            unit = exact - low  # before the cast, so that digits are kept where `low` is far from zero
            unit /= high - low
            return unit.astype(np.float32, copy=False)

        return to_unit

    def stored(self, x: Any) -> Any:
        """What batches index: bytes, and floats that are in [0, 1] already, as they are; else float32 in that range."""
        if self.conventional and (x.dtype == np.uint8 or (x.dtype == np.float32 and self._recognised(x) == "unit")):
            return x
        return mapped(x, self.converter(x))

    def _recognised(self, x: Any) -> str:
        """Which conventional range `x` is in: by its type, or else by its values, which may be noisy."""
        by_type = _name_by_type(x)
        if by_type is not None or len(x) == 0:
            return by_type or self.name
        rows = sample(x, LOOKED_AT)
        highest, fractions = float(rows.max()), _has_fractions(rows)
        if highest <= 1 or (fractions and highest <= NOISY_UNIT):  # bytes as floats have no fractions, even dark ones
            return "unit"
        if self.name == "unit" and rows.ndim == 2 and (fractions or highest <= NOISY_UNIT):
            return "unit"  # rows may be more than was seen at fit, and are no pictures in another range for that
        if highest <= NOISY_BYTE:
            return "byte" if self.name == "unit" else self.name
        return "word"

    def from_unit(self, x: np.ndarray) -> np.ndarray:
        """What `converter` did, backwards and in the fitted range, float32."""
        return (x * np.float32(self.high - self.low) + np.float32(self.low)).astype(np.float32)

    def config(self) -> dict[str, Any]:
        """JSON."""
        return asdict(self)


def unit_floats(raw: Tensor) -> Tensor:
    """A batch of what `ValueRange.stored` gave -> float32."""
    return raw.to(torch.float32).div_(255) if raw.dtype == torch.uint8 else raw


def _name_of(x: Any) -> str:
    by_type = _name_by_type(x)
    if by_type is not None:
        return by_type
    low, high = extremes(x)
    if low >= 0 and high <= 1:
        return "unit"
    if low >= 0 and 127 < high <= 255 and not _has_fractions(x):
        return "byte"
    return "own"


def _name_by_type(x: Any) -> str | None:
    names = {np.dtype(np.uint8): "byte", np.dtype(np.uint16): "word", np.dtype(np.bool_): "unit"}
    return names.get(np.dtype(x.dtype).newbyteorder("="))


def _has_fractions(x: Any) -> bool:
    """Whether any value is not a whole number; stops at the first piece that has one."""
    return any(bool((part != np.floor(part)).any()) for part in chunks(x))
