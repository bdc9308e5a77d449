"""What all networks share that paint in one pass: photographs to learn from, so many steps, pictures of any size."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hiddenspace import checks
from hiddenspace.data.arrays import Channels
from hiddenspace.data.batches import ArrayBatches, as_tensor
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import Format, Scaling
from hiddenspace.data.named_batches import NamedBatches
from hiddenspace.errors import UsageError
from hiddenspace.models.recipe import Recipe
from hiddenspace.models.trained import Trained
from hiddenspace.nets.modes import in_evaluation
from hiddenspace.style.looking import check_tile
from hiddenspace.style.painting import DISTANCES, TextureDistance
from hiddenspace.style.photographs import read_photographs
from hiddenspace.style.pictures import LEAST, as_bytes, read_picture, with_longer_side
from hiddenspace.style.tiled import painted
from hiddenspace.training.game import Batches, Game
from hiddenspace.training.muon import Muon
from hiddenspace.training.trainer import OptimizerFactory, Trainer

ROW = 50
"""Steps in a row of the history."""
EMA = 0.99
RATE, KERNELS = 2e-3, 10.0
"""The learning rate, and that of kernels in units of it."""
LEARNED_FROM = 8
"""Photographs that a feature net without a file learns from."""


def some_of(dataset: Dataset, form: Format, count: int = LEARNED_FROM) -> list[Tensor]:
    """A few pictures from all over a set, (1, 3, h, w) in [0, 1] each."""
    chosen = np.unique(np.linspace(0, len(dataset) - 1, count).round().astype(int))
    some = form.to_model(as_tensor(np.asarray(form.store(dataset.take(chosen))[:])))
    return list(torch.split(some.expand(-1, 3, -1, -1), 1))


class FeedForward(Trained):
    """Abstract: learns from photographs to paint any picture in one pass. The last step is kept."""

    best_by_training_loss: ClassVar[bool] = False
    scaling: Scaling = "auto"
    epochs: int | None = None
    patience: int | None = None
    validation_fraction: float = 0.0

    steps: int
    size: int
    crop: int
    texture: TextureDistance
    tile: int

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        super().check_params()
        for name in ("steps", "size", "crop"):
            checks.whole(name, getattr(self, name))
        if not 2 * LEAST <= self.crop <= self.size:
            raise UsageError(
                f"crop={self.crop} is not possible; use {2 * LEAST} or more, and at most size={self.size}."
            )
        check_tile(self.tile)
        if self.texture not in DISTANCES:
            raise UsageError(f"texture={self.texture!r} is unknown; use {', '.join(map(repr, DISTANCES))}.")

    # training ---------------------------------------------------------------------------------------------------

    def _read(self, X: Any, *, fitting: bool = False, channels: Channels = "auto") -> Dataset:
        """Photographs as they are learned from."""
        return super()._read(read_photographs(X, self.size, self.crop, channels), fitting=fitting)

    def _learn(self, game: Game, dataset: Dataset, **beside: Callable[[int], ArrayBatches]) -> None:
        """Plays on photographs as `x`, and on what else is given by name: batch size -> batches."""
        recipe = self.recipe_ = self._recipe(len(dataset))
        parts = {"x": self._training_batches(dataset, recipe.batch_size, self.seed_)}
        parts |= {name: batches(recipe.batch_size) for name, batches in beside.items()}
        self._play(game, NamedBatches(parts, steps=min(ROW, self.steps)), None, [])

    def _rounds(self, batches: Batches) -> int:
        return int(self.steps)

    def _default_recipe(self, items: int) -> Recipe:
        epochs = math.ceil(self.steps / ROW)
        return Recipe(batch_size=2, epochs=epochs, learning_rate=RATE, weight_decay=0.0, clip=1.0, patience=epochs)

    def _optimizer(self, recipe: Recipe) -> OptimizerFactory:
        # normalisations make the size of most kernels irrelevant, as Muon wants it
        rate = recipe.learning_rate
        return partial(Muon, learning_rate=rate, kernel_rate=KERNELS * rate, weight_decay=recipe.weight_decay)

    def _trainer(self, recipe: Recipe) -> Trainer:
        trainer = super()._trainer(recipe)
        return replace(trainer, ema=EMA) if trainer.ema is None else trainer

    # painting ---------------------------------------------------------------------------------------------------

    def _painted(
        self, content: Any, size: int | None, net: nn.Module, paint: Callable[[Tensor], Tensor]
    ) -> NDArray[np.uint8]:
        """A picture, read with this longer side and painted."""
        if size is not None:
            checks.whole("size", size)
        picture = read_picture(content, "the content", lambda natural: with_longer_side(natural, size))
        with in_evaluation(net):
            return as_bytes(painted(paint, net, picture, self.tile))
