"""Hyperparameters, looked at when a fit begins: scikit-learn wants `__init__` to take anything."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hiddenspace.errors import UsageError


def whole(name: str, value: Any, most: int | None = None) -> int:
    """A whole number of 1 or more, of Python or NumPy; a boolean is none."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or not 1 <= value <= (most or value):
        span = "of 1 or more" if most is None else f"from 1 to {most}"
        raise UsageError(f"{name}={value!r} is not possible; use a whole number {span}.")
    return int(value)


def seed(name: str, value: Any) -> int:
    """A whole number of 0 or more, as NumPy's generators take it."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 0:
        raise UsageError(f"{name}={value!r} is no seed; use a whole number of 0 or more.")
    return int(value)


def number(name: str, value: Any, *, least: float, above: float = -math.inf, below: float = math.inf) -> None:
    """A number within bounds; neither infinity nor a boolean is one."""
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not is_number or not (least <= value < below and value > above):
        low = f"above {above:g}" if above >= least else f"of {least:g} or more"
        high = f" and below {below:g}" if below < math.inf else ""
        raise UsageError(f"{name}={value!r} is not possible; use a number {low}{high}.")


def function(name: str, value: Any) -> None:
    """Something that can be called with a batch."""
    if not callable(value):
        raise UsageError(f"{name}={value!r} is no function; use for example GaussianNoise(0.3), or None.")
