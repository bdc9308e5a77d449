"""What every autoencoder that is trained shares: how fit turns data and networks into a played game."""

from __future__ import annotations

import copy
import math
import warnings
from abc import abstractmethod
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import nn

from hiddenspace.autoencoders import checks
from hiddenspace.autoencoders.coder import BATCH, Coder
from hiddenspace.autoencoders.own_networks import check_decoder, code_size_of, copied
from hiddenspace.autoencoders.recipe import Recipe, adamw, default_code, default_patience, default_recipe
from hiddenspace.data.batches import ArrayBatches
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import Scaling
from hiddenspace.errors import TrainingError, UsageError
from hiddenspace.nets.defaults import default_decoder, default_encoder
from hiddenspace.nets.mlp import hidden_sizes
from hiddenspace.training.checkpoint import read_settings
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

    code: int | None
    depth: int | None
    width: int | None
    encoder: nn.Module | None
    decoder: nn.Module | None
    scaling: Scaling
    epochs: int | None
    batch_size: int | None
    learning_rate: float | None
    validation_fraction: float
    patience: int | None
    warm_start: bool
    best_epoch_: int
    recipe_: Recipe

    @abstractmethod
    def _game(self, encoder: nn.Module, decoder: nn.Module) -> Game:
        """The game that trains these networks."""

    def _regularised(self) -> bool:
        return False

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        for name in ("code", "depth", "width", "epochs", "batch_size", "patience"):
            if getattr(self, name) is not None:
                checks.whole(name, getattr(self, name))
        if self.learning_rate is not None:
            checks.number("learning_rate", self.learning_rate, least=0, above=0)
            if self.trainer is not None and self.trainer.optimizer is not None:
                raise UsageError("learning_rate= is that of the default optimizer; set it in Trainer(optimizer=...).")
        checks.number("validation_fraction", self.validation_fraction, least=0, below=1)

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
        UsageError
            If a hyperparameter has a value that makes no sense.
        TrainingError
            If a loss stops being finite, or files of the run cannot be written. After this, or any other failure, the
            estimator is as it was before.
        """
        self.check_params()
        going_on = bool(self.warm_start) and self.__sklearn_is_fitted__()
        if going_on:
            self._check_warm_start()
        (self.trainer or Trainer()).launch()
        with self._whole_or_not_at_all():
            dataset = self._begin(X, self.scaling, going_on=going_on)
            with seeded(self.seed_, [torch.device("cuda")] if torch.cuda.is_available() else None):
                if going_on:  # with copies, should this fit fail
                    self.encoder_, self.decoder_ = copy.deepcopy((self.encoder_, self.decoder_))
                else:
                    self.code_size_ = default_code(self.format_.shape) if self.code is None else int(self.code)
                    self._build_networks()
                self._warn_if_it_can_copy()
                self._train(self._game(self.encoder_, self.decoder_), dataset)
        return self

    def _check_warm_start(self) -> None:
        if self.code not in (None, self.code_size_):
            raise UsageError(
                f"warm_start goes on with codes of {self.code_size_}, but code={self.code}; set warm_start=False."
            )
        if self.trainer is not None and self.trainer.resume and self.trainer.folder is not None:
            raise UsageError(
                "warm_start goes on from the last fit, but Trainer(resume=True) from a checkpoint; set one of them to "
                "False."
            )

    def _draw_seed(self) -> int:
        """That of the training which is resumed, where there is one: only a whole number would give it once more."""
        fixed = isinstance(self.random_state, int | np.integer)
        if not fixed and self.trainer is not None and self.trainer.resume and self.trainer.checkpoints is not None:
            before = read_settings(self.trainer.checkpoints)
            if before is not None and isinstance(before.get("data: seed"), int):
                return int(before["data: seed"])
        return super()._draw_seed()

    def _build_networks(self) -> None:
        """The person's own networks, the code being what their encoder gives; default ones where there are none."""
        shape, size = self.format_.shape, {"depth": self.depth, "width": self.width}
        encoder, decoder = copied(self.encoder, self.decoder)
        if encoder is None:
            encoder = default_encoder(shape, self.code_size_ * self.code_per_output, **size)
        else:
            self.code_size_ = code_size_of(encoder, shape, self.code_per_output)
            if self.code not in (None, self.code_size_):
                raise UsageError(f"code={self.code}, but the encoder gives codes of {self.code_size_}; leave code out.")
        if decoder is None:
            decoder = default_decoder(self.code_size_, shape, **size)
        else:
            check_decoder(decoder, self.code_size_, shape)
        self.encoder_, self.decoder_ = encoder, decoder

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
        mine = {name: getattr(self, name) for name in ("batch_size", "epochs", "learning_rate", "patience")}
        if mine["epochs"] is not None and mine["patience"] is None:
            mine["patience"] = default_patience(mine["epochs"])
        mine["clip"] = self.trainer and self.trainer.clip
        # numbers of NumPy as Python's: the recipe goes into JSON
        set_ = {n: v.item() if isinstance(v, np.generic) else v for n, v in mine.items() if v is not None}
        shape = self.format_.shape
        widths = hidden_sizes(shape[0], self.code_size_, self.depth, self.width)
        size = max(shape[1:]) if self.format_.kind == "images" else widths[0]
        return replace(default_recipe(self.format_.kind, items, size), **set_)

    def _train(self, game: Game, dataset: Dataset) -> None:
        training, held_out = self._split(dataset)
        recipe = self.recipe_ = self._recipe(len(training))
        batches = self._training_batches(training, recipe.batch_size, self.seed_)
        validation = None if held_out is None else self._training_batches(held_out, BATCH, None)
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
        if len(dataset) * self.validation_fraction < 1:
            return dataset, None
        return dataset.split(self.validation_fraction, self.seed_)

    def _training_batches(self, dataset: Dataset, batch_size: int, seed: int | None) -> ArrayBatches:
        stored, to_model = self.format_.store(dataset), self.format_.to_model
        return ArrayBatches(stored, to_model, batch_size=batch_size, seed=seed, drop_last=seed is not None)

    def _trainer(self, recipe: Recipe) -> Trainer:
        trainer = self.trainer or Trainer()
        if trainer.optimizer is None:
            optimizer = partial(adamw, learning_rate=recipe.learning_rate, weight_decay=recipe.weight_decay)
            schedule = trainer.schedule or OneCycle()
            trainer = replace(trainer, optimizer=optimizer, schedule=schedule, clip=recipe.clip)
        return trainer

    def _files(self, trainer: Trainer) -> list[Observer]:
        watchers: list[Observer] = [ProgressBar(type(self).__name__, trainer.progress)]
        if trainer.folder is not None:
            folder = Path(trainer.folder)
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise TrainingError(
                    f"cannot make the folder {folder} ({error.strerror or error}); choose one that can be written."
                ) from error
            watchers += [CsvLog(folder / "metrics.csv"), TensorBoard(folder / "tensorboard")]
        return watchers

    # what is learned --------------------------------------------------------------------------------------------

    def _fitted_config(self) -> dict[str, Any]:
        return {**super()._fitted_config(), "best_epoch": self.best_epoch_, "recipe": asdict(self.recipe_)}

    def _take_fitted_config(self, config: dict[str, Any]) -> None:
        super()._take_fitted_config(config)
        self.best_epoch_ = int(config.pop("best_epoch"))
        self.recipe_ = Recipe(**config.pop("recipe"))
