"""What everything that is trained shares: how fit turns data and networks into a played game."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from hiddenspace import checks
from hiddenspace.data.batches import ArrayBatches, as_it_is
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import BATCH, Scaling
from hiddenspace.errors import DivergedError, TrainingError, UsageError
from hiddenspace.models.batchwise import Batchwise
from hiddenspace.models.recipe import Recipe, adamw, default_patience
from hiddenspace.training.checkpoint import read_settings
from hiddenspace.training.events import Observer
from hiddenspace.training.game import Batches, Game
from hiddenspace.training.observers import BestWeights, CsvLog, EarlyStopping, TensorBoard
from hiddenspace.training.play import play
from hiddenspace.training.progress import ProgressBar
from hiddenspace.training.randomness import seeded
from hiddenspace.training.schedules import OneCycle
from hiddenspace.training.trainer import OptimizerFactory, Trainer


class Trained(Batchwise):
    """Abstract: networks that play a game on batches of data.

    A subclass makes the networks (`_build_networks`), says which game they play (`_new_game`) and what suits so many
    items (`_default_recipe`).
    """

    best_by_training_loss: ClassVar[bool] = True
    """Where nothing is held out: whether the epoch of the lowest training loss is kept, or the last one."""

    best_by: ClassVar[str] = "loss"
    """The figure of an epoch's row that says how good it was; lower is better."""

    scaling: Scaling
    epochs: int | None
    batch_size: int | None
    learning_rate: float | None
    validation_fraction: float
    patience: int | None
    best_epoch_: int
    recipe_: Recipe

    @abstractmethod
    def _new_game(self) -> Game:
        """The game that trains the networks."""

    @abstractmethod
    def _default_recipe(self, items: int) -> Recipe:
        """What suits so many items of this format."""

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        for name in ("epochs", "batch_size", "patience", "code", "depth", "width"):
            if getattr(self, name, None) is not None:  # not all have a code, or default networks of a size to choose
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
        going_on = self._goes_on()
        (self.trainer or Trainer()).launch()
        with self._whole_or_not_at_all():
            dataset = self._begin(X, self.scaling, going_on=going_on)
            with seeded(self.seed_):
                self._prepare(going_on)
                self._train(self._new_game(), dataset)
        return self

    def _goes_on(self) -> bool:
        """Whether this fit starts from the networks of the last one."""
        return False

    def _prepare(self, going_on: bool) -> None:
        """Makes the networks, once the format of the data is known."""
        self._build_networks()

    def _draw_seed(self) -> int:
        """That of the training which is resumed, where there is one: only a whole number would give it once more."""
        fixed = isinstance(self.random_state, int | np.integer)
        if not fixed and self.trainer is not None and self.trainer.resume and self.trainer.checkpoints is not None:
            before = read_settings(self.trainer.checkpoints) or {}
            seed = before.get("data: seed", before.get("data: x seed"))  # of items alone, or beside their labels
            if isinstance(seed, int):
                return seed
        return super()._draw_seed()

    # training ---------------------------------------------------------------------------------------------------

    def _recipe(self, items: int) -> Recipe:
        """The defaults for so many items, with what the person has set."""
        mine = {name: getattr(self, name) for name in ("batch_size", "epochs", "learning_rate", "patience")}
        if mine["epochs"] is not None and mine["patience"] is None:
            mine["patience"] = self._default_patience(mine["epochs"])
        mine["clip"] = self.trainer and self.trainer.clip
        # numbers of NumPy as Python's: the recipe goes into JSON
        set_ = {n: v.item() if isinstance(v, np.generic) else v for n, v in mine.items() if v is not None}
        return replace(self._default_recipe(items), **set_)

    def _default_patience(self, epochs: int) -> int:
        """How long to wait for a better epoch, where so many epochs were asked for."""
        return default_patience(epochs)

    def _train(self, game: Game, dataset: Dataset) -> None:
        training, held_out = self._split(dataset)
        recipe = self.recipe_ = self._recipe(len(training))
        batches = self._training_batches(training, recipe.batch_size, self.seed_)
        validation = None if held_out is None else self._training_batches(held_out, BATCH, None)
        self._play(game, batches, validation, self._watchers(training, held_out))

    def _play(self, game: Game, batches: Batches, validation: Batches | None, watchers: Sequence[Observer]) -> None:
        """Trains by `recipe_`, keeps the best weights, and remembers what happened."""
        recipe = self.recipe_
        judges = self._judges(validation is not None)
        best = next((judge for judge in judges if isinstance(judge, BestWeights)), None)
        trainer = self._trainer(recipe)
        observers = [*judges, *watchers, *self._files(trainer)]
        try:
            history = play(
                game,
                batches,
                rounds=self._rounds(batches),
                trainer=trainer,
                observers=observers,
                validation=validation,
            )
            self.history_ = history.rows
        except DivergedError as error:
            if best is None:
                raise
            self.history_ = best.rows
            self._after_divergence(error, best.epoch)
            game.eval()
        if best is not None:
            best.put_back()
        self.best_epoch_ = len(self.history_) if best is None else best.epoch

    def _judges(self, validated: bool) -> list[Observer]:
        """Those who choose the epoch that is kept and end the training; without `BestWeights` it is the last one."""
        if not validated and not self.best_by_training_loss:
            return []
        return [BestWeights(self.best_by), EarlyStopping(self.recipe_.patience, by=self.best_by)]

    def _rounds(self, batches: Batches) -> int:
        """How long to play; a round draws one batch unless a game has several players that do."""
        return self.recipe_.epochs * len(batches)

    def _after_divergence(self, error: DivergedError, best_epoch: int) -> None:
        """What comes of a training whose losses stopped being finite: nothing, unless the best epoch shall do."""
        raise error

    def _watchers(self, training: Dataset, held_out: Dataset | None) -> list[Observer]:
        """Observers of this kind of training."""
        return []

    def _split(self, dataset: Dataset) -> tuple[Dataset, Dataset | None]:
        if len(dataset) * self.validation_fraction < 1:
            return dataset, None
        return dataset.split(self.validation_fraction, self.seed_)

    def _training_batches(self, dataset: Dataset, batch_size: int, seed: int | None) -> ArrayBatches:
        stored, to_model = self.format_.store(dataset), self.format_.to_model
        return ArrayBatches(stored, to_model, batch_size=batch_size, seed=seed, drop_last=seed is not None)

    def _side_by_side(
        self, dataset: Dataset, beside: Mapping[str, np.ndarray], batch_size: int, seed: int | None
    ) -> dict[str, ArrayBatches]:
        """Items as `x`, and what is known of each, (n, ...) by name, in the same order."""
        parts = {"x": self._training_batches(dataset, batch_size, seed)}
        for name, values in beside.items():
            parts[name] = ArrayBatches(values, as_it_is, batch_size=batch_size, seed=seed, drop_last=seed is not None)
        return parts

    def _trainer(self, recipe: Recipe) -> Trainer:
        trainer = self.trainer or Trainer()
        if trainer.optimizer is None:
            schedule = trainer.schedule or OneCycle()
            trainer = replace(trainer, optimizer=self._optimizer(recipe), schedule=schedule, clip=recipe.clip)
        return trainer

    def _optimizer(self, recipe: Recipe) -> OptimizerFactory:
        """What serves where the person names none."""
        return partial(adamw, learning_rate=recipe.learning_rate, weight_decay=recipe.weight_decay)

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
