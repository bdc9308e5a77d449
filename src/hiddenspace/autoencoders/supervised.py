"""What nets that learn from labels share: an encoder to start from, freezing, layer-wise rates, unlabelled items."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn

from hiddenspace import checks
from hiddenspace.autoencoders.layerwise import layerwise_adamw
from hiddenspace.autoencoders.recipe import LABELLED_EPOCH, supervised_recipe
from hiddenspace.autoencoders.starting import Origin, Start, encoder_again, start_from
from hiddenspace.data.affine import RandomAffine
from hiddenspace.data.batches import ArrayBatches, as_it_is
from hiddenspace.data.corruption import Corruption
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import BATCH
from hiddenspace.data.joining import joined
from hiddenspace.data.named_batches import NamedBatches
from hiddenspace.errors import UsageError
from hiddenspace.models.batchwise import Batchwise, collected
from hiddenspace.models.columns import column_wise
from hiddenspace.models.own_networks import code_size_of
from hiddenspace.models.recipe import Recipe
from hiddenspace.models.trained import Trained
from hiddenspace.nets.head import Head
from hiddenspace.training.randomness import seeded
from hiddenspace.training.trainer import Trainer

FEWEST_HELD_OUT = {"images": 200, "vectors": 25, "table": 25}
"""With fewer to judge by, stopping early is worth less than the labels it costs; augmented images rarely need it."""
FROZEN = 0.1
"""The part of the training in which only the head learns, where the encoder has learned before."""
LAYER_DECAY = 0.9
CALIBRATED = 2048
"""Items whose features set the scales of the head."""
EMA = 0.99


class Supervised(Trained):
    """Abstract: an encoder and a linear head that learn from labels.

    A subclass checks the targets (`_targets`), says which game is played (`_game`), and what answers mean.
    """

    network_names: ClassVar[tuple[str, ...]] = ("encoder", "head")
    best_by_training_loss: ClassVar[bool] = False

    init: Any
    encoder: nn.Module | None
    freeze: int | None
    layer_decay: float | None
    augmentation: Corruption | Literal["auto"] | None
    encoder_: nn.Module
    head_: Head
    origin_: Origin
    outputs_: int
    pretrained_: bool

    @abstractmethod
    def _targets(self, y: Any, items: int) -> np.ndarray:
        """Checks and remembers what is to be learned, and gives it as the loss takes it."""

    @abstractmethod
    def _game(self, frozen: float) -> Any:
        """The game, of which the first `frozen` leaves the encoder as it is."""

    def _uses_unlabelled(self) -> bool:
        """Whether unlabelled items take part in the training itself."""
        return False

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        super().check_params()
        if self.freeze is not None:
            checks.number("freeze", self.freeze, least=0)
        if self.layer_decay is not None:
            checks.number("layer_decay", self.layer_decay, least=0, above=0, below=1 + 1e-9)
            if self.trainer is not None and self.trainer.optimizer is not None:
                raise UsageError("layer_decay= is that of the default optimizer; leave it out with another one.")
        if self.augmentation is not None and self.augmentation != "auto":
            checks.function("augmentation", self.augmentation)

    # fit --------------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None, unlabelled: Any = None) -> Self:
        """Learns from items and their labels, and from items without.

        Parameters
        ----------
        X : array, DataFrame, path, name or Dataset
            Of n items: anything `load_dataset` takes; where `init` is a fitted model, of the kind and shape of its
            data.
        y : array-like of shape (n,)
            Labels of at most 1,000 classes or numbers, none missing (words such as '' and 'nan' are missing labels); by
            default those that the source has (folders that are classes, say).
        unlabelled : as X, optional
            More items of the same kind. An unfitted `init` is pretrained on X and these, and a Classifier with
            `consistency` learns from them; where nothing uses them, a warning says so.

        Returns
        -------
        self

        Raises
        ------
        DataError
            If items or labels cannot be read or learned from; the message says why.
        UsageError
            If a hyperparameter has a value that makes no sense, or asks for unlabelled items and there are none.
        ModelError
            If `init` cannot be loaded, or is of other data than `X`.
        TrainingError
            If a loss stops being finite. After this, or any other failure, the estimator is as it was before.
        """
        self.check_params()
        (self.trainer or Trainer()).launch()
        with self._whole_or_not_at_all():
            start = start_from(self.init, self.encoder)
            start.check_use_of(unlabelled, self._uses_unlabelled())
            self._take_over(start.fitted)
            dataset = self._begin(X, self.scaling, going_on=start.fitted is not None)
            targets = self._targets(dataset.labels if y is None else y, len(dataset))
            dataset = replace(dataset, labels=targets, ids=None, test=None)
            free = None if unlabelled is None else self._read(unlabelled)
            with seeded(self.seed_):
                self._prepare_from(start, dataset, free)
                self._learn(dataset, free)
        return self

    def _take_over(self, model: Batchwise | None) -> None:
        """How a fitted model sees data, so that X is read as its own data were."""
        self.encoder_, self.head_ = nn.Identity(), Head(1, 1)  # until the data are known: reading asks for both
        if model is None:
            return
        if hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        for name in ("format_", "n_features_in_", "feature_names_in_"):
            if hasattr(model, name):
                setattr(self, name, getattr(model, name))

    def _prepare_from(self, start: Start, dataset: Dataset, free: Dataset | None) -> None:
        """Pretrains where that is still to be done, and makes encoder and head."""
        if start.unfitted is not None:
            start = start.after_pretraining(dataset if free is None else joined(dataset, free), self.trainer)
            assert start.fitted is not None
            self.format_ = start.fitted.format_
        self.pretrained_, self.origin_ = start.pretrained, start.origin(self.format_.kind)
        self.encoder_ = start.encoder(self.format_.shape, self.origin_.get("features"))
        self.head_ = Head(code_size_of(self.encoder_, self.format_.shape, 1), self.outputs_)

    def _learn(self, dataset: Dataset, free: Dataset | None) -> None:
        training, held_out = self._split(dataset)
        recipe = self.recipe_ = self._recipe(len(training))
        self._calibrate(training)
        validation = None if held_out is None else NamedBatches(self._parts(held_out, BATCH, None))
        parts = self._parts(training, recipe.batch_size, self.seed_)
        if free is not None and self._uses_unlabelled():
            parts["unlabelled"] = self._training_batches(free, recipe.batch_size, self.seed_)
        batches = NamedBatches(parts, LABELLED_EPOCH)
        frozen = min(1.0, self._frozen_epochs(recipe) / recipe.epochs)
        self._play(self._game(frozen), batches, validation, [])

    def _frozen_epochs(self, recipe: Recipe) -> float:
        if self.freeze is not None:
            return self.freeze
        return FROZEN * recipe.epochs if self.pretrained_ else 0.0

    def _calibrate(self, training: Dataset) -> None:
        """Lets the head know how large features are.

        Normalisation layers of a fresh encoder have seen nothing yet: they go by the batch here, as they will at first,
        and forget it afterwards.
        """
        some = np.linspace(0, len(training) - 1, min(len(training), CALIBRATED)).astype(np.intp)
        encoder = self.encoder_.eval() if self.pretrained_ else copy.deepcopy(self.encoder_).train()
        features = collected(self._map(encoder, x) for x in self._batches(training.take(some)))
        self.head_.calibrate(torch.from_numpy(features))

    def _parts(self, dataset: Dataset, batch_size: int, seed: int | None) -> dict[str, ArrayBatches]:
        """Items and targets."""
        return self._side_by_side(dataset, {"labels": np.asarray(dataset.labels)}, batch_size, seed)

    def _split(self, dataset: Dataset) -> tuple[Dataset, Dataset | None]:
        if len(dataset) * self.validation_fraction < FEWEST_HELD_OUT[self.format_.kind]:
            return dataset, None
        kept, held_out = self._split_positions(dataset)
        return dataset.take(kept), dataset.take(held_out)

    @abstractmethod
    def _split_positions(self, dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
        """What is trained on and what is held out."""

    def _augmentation(self) -> Corruption | None:
        """What was asked for; by default small affine maps of images, and nothing for other data."""
        if self.augmentation == "auto":
            return RandomAffine() if self.format_.kind == "images" else None
        return column_wise(self.augmentation, self.format_)

    def _default_recipe(self, items: int) -> Recipe:
        return supervised_recipe(self.format_.kind, items, self.pretrained_)

    def _trainer(self, recipe: Recipe) -> Trainer:
        trainer = super()._trainer(recipe)
        if self.trainer is None or self.trainer.optimizer is None:
            decay = self.layer_decay or (LAYER_DECAY if self.pretrained_ else 1.0)
            optimizer = partial(
                layerwise_adamw,
                encoder=self.encoder_,
                learning_rate=recipe.learning_rate,
                layer_decay=decay,
                weight_decay=recipe.weight_decay,
            )
            trainer = replace(trainer, optimizer=optimizer)
        return replace(trainer, ema=EMA) if trainer.ema is None else trainer

    # answers ----------------------------------------------------------------------------------------------------

    def _answers(self, X: Any, after: Callable[[Tensor], Tensor] = as_it_is) -> np.ndarray:
        """(n, outputs) float32, passed through `after` batch by batch."""
        batches = self._batches(self._read(X))
        return collected(self._map(lambda x: after(self.head_(self.encoder_(x))), x) for x in batches)

    # what is learned --------------------------------------------------------------------------------------------

    def _build_networks(self) -> None:
        own = next((given for given in (self.encoder, self.init) if isinstance(given, nn.Module)), None)
        self.encoder_ = encoder_again(self.origin_, self.format_.shape, own)
        self.head_ = Head(code_size_of(self.encoder_, self.format_.shape, 1), self.outputs_)

    def _fitted_config(self) -> dict[str, Any]:
        mine = {"origin": self.origin_, "outputs": self.outputs_, "pretrained": self.pretrained_}
        return {**super()._fitted_config(), **mine}

    def _take_fitted_config(self, config: dict[str, Any]) -> None:
        super()._take_fitted_config(config)
        self.origin_, self.outputs_ = dict(config.pop("origin")), int(config.pop("outputs"))
        self.pretrained_ = bool(config.pop("pretrained"))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags
