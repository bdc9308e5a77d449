"""What every autoencoder that is trained shares: how fit turns data and networks into a played game."""

from __future__ import annotations

import copy
import math
import warnings
from abc import abstractmethod
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import torch
from torch import nn

from hiddenspace.autoencoders.coder import Coder
from hiddenspace.autoencoders.recipe import Recipe, default_code, default_recipe
from hiddenspace.data.batches import ArrayBatches
from hiddenspace.data.dataset import Dataset
from hiddenspace.errors import ModelError, UsageError
from hiddenspace.nets.defaults import default_decoder, default_encoder
from hiddenspace.training.events import Observer
from hiddenspace.training.game import Game
from hiddenspace.training.observers import BestWeights, CsvLog, EarlyStopping, TensorBoard
from hiddenspace.training.play import play
from hiddenspace.training.progress import ProgressBar
from hiddenspace.training.randomness import seeded
from hiddenspace.training.schedules import OneCycle
from hiddenspace.training.trainer import Trainer


class OvercompleteWarning(UserWarning):
    """A code as large as the data with nothing to keep the network from copying."""


class Learner(Coder):
    """Abstract: an encoder and a decoder that play a game on batches of data.

    A subclass says which game (`_game`), and which of its hyperparameters keep it from learning the identity.
    """

    code_per_output = 1
    """How many numbers the encoder gives for each one of the code (two for a mean and a variance)."""

    best_epoch_: int

    @abstractmethod
    def _game(self, encoder: nn.Module, decoder: nn.Module) -> Game:
        """The game that trains these networks."""

    def _regularised(self) -> bool:
        return False

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learns from items without labels.

        Parameters
        ----------
        X : array, DataFrame, path, name or Dataset
            Images (n, h, w), (n, h, w, c) or (n, c, h, w); rows (n, d); a table; or anything `load_dataset` takes.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        DataError
            If there are fewer than two items, or they cannot be read.
        TrainingError
            If a loss stops being finite, or checkpoints cannot be written.
        """
        before = (self.encoder_, self.decoder_, self.format_) if self._continues() else None
        dataset = self._begin(X, self.scaling)
        with seeded(self.seed_):
            if before is not None and before[2].shape == self.format_.shape:
                self.encoder_, self.decoder_ = before[:2]
            else:
                self._build_networks()
            self._warn_if_it_can_copy()
            self._train(self._game(self.encoder_, self.decoder_), dataset)
        return self

    def _continues(self) -> bool:
        return bool(self.warm_start and self.__sklearn_is_fitted__())

    def _build_networks(self) -> None:
        shape = self.format_.shape
        self.code_size_ = default_code(shape) if self.code is None else self.code
        if not isinstance(self.code_size_, int) or self.code_size_ < 1:
            raise UsageError(f"code={self.code!r} is no size; use a whole number of 1 or more.")
        size = {"depth": self.depth, "width": self.width}
        if self.encoder is None:
            self.encoder_ = default_encoder(shape, self.code_size_ * self.code_per_output, **size)
        else:
            self.encoder_ = _own(self.encoder, "encoder")
            self.code_size_ = _output_size(self.encoder_, shape) // self.code_per_output
        self.decoder_ = (
            default_decoder(self.code_size_, shape, **size) if self.decoder is None else _own(self.decoder, "decoder")
        )

    def _warn_if_it_can_copy(self) -> None:
        features = math.prod(self.format_.shape)
        if self.code_size_ >= features and not self._regularised():
            warnings.warn(
                f"a code of {self.code_size_} for {features} features lets the network copy its input; keep it from "
                "that with sparsity= (penalty on the code), code_noise= (noise or dropout on the code) or corruption= "
                "(distort the input), or use a smaller code.",
                OvercompleteWarning,
                stacklevel=3,
            )

    # training ---------------------------------------------------------------------------------------------------

    def _recipe(self, items: int) -> Recipe:
        """The defaults for so many items, with what the person has set."""
        default = default_recipe(self.format_.kind, items)
        mine = {name: getattr(self, name) for name in ("batch_size", "epochs", "learning_rate", "patience")}
        if mine["epochs"] is not None and mine["patience"] is None:
            mine["patience"] = max(5, math.ceil(0.2 * mine["epochs"]))
        for name, value in mine.items():
            if value is not None and not value > 0:
                raise UsageError(f"{name}={value!r} must be above 0.")
        return replace(default, **{name: value for name, value in mine.items() if value is not None})

    def _train(self, game: Game, dataset: Dataset) -> None:
        training, held_out = self._split(dataset)
        recipe = self._recipe(len(training))
        batches = self._training_batches(training, recipe.batch_size, self.seed_)
        validation = None if held_out is None else self._training_batches(held_out, 1024, None)
        best = BestWeights()
        trainer = self._trainer(recipe)
        history = play(
            game,
            batches,
            rounds=recipe.epochs * len(batches),
            trainer=trainer,
            observers=[best, EarlyStopping(recipe.patience), *self._files(trainer)],
            validation=validation,
        )
        best.put_back()
        self.history_, self.best_epoch_ = history.rows, best.epoch

    def _split(self, dataset: Dataset) -> tuple[Dataset, Dataset | None]:
        if not 0 <= self.validation_fraction < 1:
            raise UsageError(f"validation_fraction={self.validation_fraction} must be at least 0 and below 1.")
        if self.validation_fraction == 0 or len(dataset) * self.validation_fraction < 1:
            return dataset, None
        return dataset.split(self.validation_fraction, self.seed_)

    def _training_batches(self, dataset: Dataset, batch_size: int, seed: int | None) -> ArrayBatches:
        return ArrayBatches(
            self.format_.store(dataset),
            self.format_.to_model,
            batch_size=batch_size,
            seed=seed,
            drop_last=seed is not None,
        )

    def _trainer(self, recipe: Recipe) -> Trainer:
        trainer = self.trainer or Trainer()
        if trainer.optimizer is None:
            adamw = partial(torch.optim.AdamW, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
            trainer = replace(trainer, optimizer=adamw, schedule=trainer.schedule or OneCycle())
        return trainer

    def _files(self, trainer: Trainer) -> list[Observer]:
        watchers: list[Observer] = [ProgressBar(type(self).__name__, trainer.progress)]
        if trainer.folder is not None:
            folder = Path(trainer.folder)
            folder.mkdir(parents=True, exist_ok=True)
            watchers += [CsvLog(folder / "metrics.csv"), TensorBoard(folder / "tensorboard")]
        return watchers


def _own(module: Any, name: str) -> nn.Module:
    """A copy of somebody's network, so that what was given as an argument stays as it was."""
    if not isinstance(module, nn.Module):
        given = getattr(module, "code", type(module).__name__)
        raise ModelError(f"{name} was a network of your own ({given}); give it again as load(folder, {name}=...).")
    return copy.deepcopy(module)


def _output_size(encoder: nn.Module, shape: tuple[int, ...]) -> int:
    """What an encoder gives for an item of this shape."""
    was_training = encoder.training
    with torch.inference_mode():
        code = encoder.eval()(torch.zeros(2, *shape))
    encoder.train(was_training)
    if code.ndim != 2:
        raise UsageError(f"the encoder gives codes of shape {tuple(code.shape)}; make it give (batch, code).")
    return int(code.shape[1])
