"""Defaults by data: code size, batch size, epochs, learning rate."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hiddenspace.data.dataset import Kind

STEPS = 4000
"""Optimizer steps that a default training aims at, within bounds on the epochs."""


@dataclass(frozen=True)
class Recipe:
    """How long and in what steps to train."""

    batch_size: int
    epochs: int
    learning_rate: float
    weight_decay: float
    patience: int


def default_code(shape: tuple[int, ...]) -> int:
    """A quarter of the features, between 2 and 32."""
    return min(32, max(2, math.prod(shape) // 4))


def default_recipe(kind: Kind, items: int) -> Recipe:
    """What has served well on small and middling data of each kind."""
    batch = min(256, max(16, 2 ** round(math.log2(max(items, 16) / 32))))
    epochs = min(200, max(10, round(STEPS * batch / max(items, batch))))
    rate = 2e-3 if kind == "images" else 1e-3
    return Recipe(batch, epochs, rate, 1e-4, max(5, math.ceil(0.2 * epochs)))
