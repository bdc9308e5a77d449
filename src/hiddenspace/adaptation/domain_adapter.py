"""What all methods of domain adaptation share: two domains in, a classifier of the target out, and how it went."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from hiddenspace import checks
from hiddenspace.adaptation.adaptation import Adaptation
from hiddenspace.adaptation.domains import are_several, check_target, same_shape, several, unlabelled
from hiddenspace.adaptation.health import AdaptationWarning, examined
from hiddenspace.adaptation.recipe import EMA, EPOCH_STEPS, adaptation_recipe, default_features
from hiddenspace.adaptation.watching import CRITERIA, Watch, judged, some_of
from hiddenspace.data.affine import RandomAffine
from hiddenspace.data.arrays import Channels
from hiddenspace.data.augment import ImageAugmentation, RowAugmentation
from hiddenspace.data.batches import as_it_is
from hiddenspace.data.corruption import Corruption
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import BATCH, Scaling, fit_format
from hiddenspace.data.joining import joined
from hiddenspace.data.named_batches import NamedBatches
from hiddenspace.data.resizing import resized
from hiddenspace.data.restyling import Restyling, looks_of, vary_unlike
from hiddenspace.errors import UsageError
from hiddenspace.metrics.domains import AT_MOST
from hiddenspace.models.batchwise import collected
from hiddenspace.models.columns import column_wise
from hiddenspace.models.encoding import Encoding
from hiddenspace.models.health import Health
from hiddenspace.models.naming import Naming
from hiddenspace.models.own_networks import code_size_of, copied_network
from hiddenspace.models.recipe import Recipe
from hiddenspace.models.targets import checked_labels, stratified
from hiddenspace.models.trained import Trained
from hiddenspace.nets.head import Features
from hiddenspace.nets.modes import in_evaluation
from hiddenspace.nets.statistics import by_the_batch
from hiddenspace.training.events import Observer
from hiddenspace.training.observers import BestWeights
from hiddenspace.training.randomness import seeded
from hiddenspace.training.trainer import Trainer

Checkpoint = Literal["last", "source", "information", "density"]


class DomainAdapter(Trained, Encoding, Naming):
    """Abstract: learns from labelled items of a source domain and unlabelled ones of a target domain.

    A subclass says which game is played (`_new_game`).
    """

    network_names: ClassVar[tuple[str, ...]] = ("encoder", "head")
    best_by_training_loss: ClassVar[bool] = False
    patience: ClassVar[int | None] = None  # type: ignore[misc]  # the schedule is fixed, nothing is waited for
    needs_target: ClassVar[bool] = True

    head_: nn.Module
    health_: Health

    def __init__(
        self,
        *,
        encoder: nn.Module | None = None,
        shared_batch: bool = False,
        augmentation: Corruption | Literal["auto"] | None = "auto",
        restyling: Restyling | Literal["auto"] | None = None,
        consistency: float = 0.0,
        threshold: float = 0.9,
        smoothing: float = 0.0,
        size: int | None = None,
        checkpoint: Checkpoint = "last",
        scaling: Scaling = "auto",
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        validation_fraction: float = 0.1,
        random_state: int | None = None,
        trainer: Trainer | None = None,
    ) -> None:
        self.encoder = encoder
        self.shared_batch = shared_batch
        self.augmentation = augmentation
        self.restyling = restyling
        self.consistency = consistency
        self.threshold = threshold
        self.smoothing = smoothing
        self.size = size
        self.checkpoint = checkpoint
        self.scaling = scaling
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.trainer = trainer

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        super().check_params()
        for name in ("smoothing", "threshold"):
            checks.number(name, getattr(self, name), least=0, below=1)
        checks.number("consistency", self.consistency, least=0)
        if not (self.restyling in (None, "auto") or isinstance(self.restyling, Restyling)):
            raise UsageError(f"restyling={self.restyling!r} is unknown; use 'auto', Restyling(...) or None.")
        if self.size is not None:
            checks.whole("size", self.size)
        if self.checkpoint not in get_args(Checkpoint):
            known = ", ".join(map(repr, get_args(Checkpoint)))
            raise UsageError(f"checkpoint={self.checkpoint!r} is unknown; use {known}.")
        if self.augmentation is not None and self.augmentation != "auto":
            checks.function("augmentation", self.augmentation)

    # fit --------------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None, *, X_target: Any = None) -> Self:
        """Learns from a labelled source domain and an unlabelled target domain.

        Parameters
        ----------
        X : array, DataFrame, path, name or Dataset; or a list of such
            The source: n items, anything `load_dataset` takes. Of several sources, given with a list of as many `y`,
            all items count alike.
        y : array-like of shape (n,), or a list of such
            Labels of at most 1,000 classes, none missing; by default those that the source has.
        X_target : as X
            The target: m items of the same kind, shape and columns. Labels that a Dataset, a path or a name brings
            along are dropped unseen. scikit-learn's cross-validation splits the source alone and gives each fold the
            whole target (`params={"X_target": [U]}`; without the list it would split a U of as many rows as X).

        Returns
        -------
        self

        Raises
        ------
        DataError
            If items or labels cannot be read or learned from, or the domains are of unlike kind or shape.
        UsageError
            If a hyperparameter has a value that makes no sense, or the target is missing or comes with labels.
        TrainingError
            If a loss stops being finite. After this, or any other failure, the estimator is as it was before.
        """
        self.check_params()
        (self.trainer or Trainer()).launch()
        with self._whole_or_not_at_all():
            source, target = self._both_domains(X, y, X_target)
            with seeded(self.seed_):
                self._build_networks()
                self.data_["restyled"] = self._is_restyled(source, target)
                self._learn(source, target)
                self.health_ = self._examined(source, target)
        for trouble in self.health_.troubles:
            warnings.warn(str(trouble), AdaptationWarning, stacklevel=2)
        return self

    def _both_domains(self, X: Any, y: Any, X_target: Any) -> tuple[Dataset, Dataset | None]:
        """Source, its labels as numbers, and target, of one shape; their format is remembered."""
        if X_target is not None or self.needs_target:
            X_target = check_target(X_target)
        if are_several(X, y):
            X, y = several(X, y, self.size)
        source = self._begin(X, self.scaling)
        numbers = self._numbered(checked_labels(source.labels if y is None else y, len(source)))
        source = replace(source, ids=None, test=None)
        for name in self.network_names:  # until the data are known: reading asks whether all are there
            setattr(self, f"{name}_", nn.Identity())
        target = None if X_target is None else unlabelled(super()._read(X_target), source)
        domains = [source] if target is None else [source, target]
        source, *rest = same_shape(domains, self.size) if source.kind == "images" or self.size else domains
        if source.kind == "images":
            self.format_ = fit_format(source)
            self._remember_features(source)
        elif rest:
            self.format_ = fit_format(joined(source, rest[0]), self.scaling)
        if rest:
            self.data_["target"] = {"name": rest[0].name, "items": len(rest[0])}
        return replace(source, labels=numbers), rest[0] if rest else None

    def _read(self, X: Any, *, fitting: bool = False, channels: Channels = "auto") -> Dataset:
        """As everywhere; images are brought to the model's size where that was asked for."""
        dataset = super()._read(X, fitting=fitting, channels=channels)
        if fitting or self.size is None or dataset.kind != "images":
            return dataset
        count, height, width = self.format_.shape
        return resized(dataset, height, width, count)

    def _learn(self, source: Dataset, target: Dataset | None) -> None:
        """Plays the game of this method on the two domains."""
        training, held_out = self._split(source)
        self.recipe_ = self._recipe(len(training))
        batches = self._domain_batches(training, target)
        validation = None
        if held_out is not None:
            labels = {"labels": np.asarray(held_out.labels)}
            validation = NamedBatches(self._side_by_side(held_out, labels, BATCH, None))
        self._play(self._new_game(), batches, validation, [self._watch(source, held_out, target)])

    def _watch(self, source: Dataset, held_out: Dataset | None, target: Dataset | None) -> Watch:
        return Watch(self, source if held_out is None else held_out, target)

    def _domain_batches(self, training: Dataset, target: Dataset | None) -> NamedBatches:
        """Source items, their labels, and target items in an order of their own."""
        size = self.recipe_.batch_size
        parts = self._side_by_side(training, {"labels": np.asarray(training.labels)}, size, self.seed_)
        if target is not None:
            # in another order: domains made of each other's items would come in pairs
            parts["target"] = self._training_batches(target, size, self.seed_ + 1)
        return NamedBatches(parts, steps=EPOCH_STEPS)

    def _split(self, dataset: Dataset) -> tuple[Dataset, Dataset | None]:
        share = min(self.validation_fraction, AT_MOST / len(dataset))  # no more than are judged
        kept, held_out = stratified(np.asarray(dataset.labels), share, self.seed_)
        if len(held_out) < 2:  # normalisation by a batch of one is none
            return dataset, None
        if len(held_out) > BATCH:
            held_out = held_out[: len(held_out) // BATCH * BATCH]
        return dataset.take(kept), dataset.take(held_out)

    def _judges(self, validated: bool) -> list[Observer]:
        """The last epoch is kept unless a criterion was asked for; the schedule is played to its end in any case."""
        return [] if self.checkpoint == "last" else [BestWeights(f"monitor/{self.checkpoint}", highest=True)]

    def _rules(self) -> dict[str, Any]:
        """What all games are told."""
        images = self.format_.kind == "images"
        distortion = ImageAugmentation(rotation=10.0) if images else RowAugmentation()
        return {
            "augmentation": self._augmentation(),
            "shared_batch": self.shared_batch,
            "smoothing": self.smoothing,
            "restyling": self._restyling(),
            "consistency": self.consistency,
            "threshold": self.threshold,
            "distortion": column_wise(distortion, self.format_),
        }

    @abstractmethod
    def _new_game(self) -> Adaptation:
        """The game that trains the networks."""

    def _is_restyled(self, source: Dataset, target: Dataset | None) -> bool:
        """Whether source images get the looks of target ones: by default where looks vary unlike."""
        if self.restyling != "auto" or target is None or source.kind != "images":
            return isinstance(self.restyling, Restyling)
        looks = (torch.cat([looks_of(x) for x in self._batches(some_of(domain))]) for domain in (source, target))
        return vary_unlike(*looks)

    def _restyling(self) -> Restyling | None:
        if self.restyling == "auto":
            return Restyling() if self.data_["restyled"] else None
        assert not isinstance(self.restyling, str)
        return self.restyling

    def _augmentation(self) -> Corruption | None:
        if self.augmentation == "auto":
            return RandomAffine() if self.format_.kind == "images" else None
        return column_wise(self.augmentation, self.format_)

    def _default_recipe(self, items: int) -> Recipe:
        return adaptation_recipe(self.format_.kind)

    def _trainer(self, recipe: Recipe) -> Trainer:
        trainer = super()._trainer(recipe)
        return replace(trainer, ema=EMA) if trainer.ema is None else trainer

    # how it went ------------------------------------------------------------------------------------------------

    @property
    def validation_(self) -> pd.DataFrame:
        """By epoch the criteria that need no target label: `source`, `information`, `density`; higher is better."""
        rows = [{"epoch": int(row["epoch"]), **{n: row.get(f"monitor/{n}") for n in CRITERIA}} for row in self.history_]
        return pd.DataFrame(rows).set_index("epoch").dropna(axis=1, how="all")

    def _examined(self, source: Dataset, target: Dataset | None) -> Health:
        if target is None:
            return Health({"source": float(self.history_[-1]["monitor/source"])})
        features, _ = self._of_source(some_of(source))
        target_features, target_answers = self._of_target(some_of(target))
        shares = np.bincount(np.asarray(source.labels), minlength=self.outputs_) / len(source)
        return examined(
            self.history_,
            self.best_epoch_,
            judged(target_answers),
            (features, target_features),
            (shares, target_answers.argmax(1)),
            self.classes_,
        )

    # answers ----------------------------------------------------------------------------------------------------

    def _answers(self, X: Any, after: Callable[[Tensor], Tensor] = as_it_is) -> np.ndarray:
        batches = self._batches(self._read(X))
        return collected(self._map(lambda x: after(self.head_(self._encode(x))), x) for x in batches)

    def _of_target(self, dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
        """Features and answers of items of the target, (n, d) and (n, classes)."""
        return self._seen(self.encoder_, dataset, nullcontext())

    def _of_source(self, dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
        """Those of items of the source, normalised as they were in training."""
        encoder = self._source_encoder()
        return self._seen(encoder, dataset, by_the_batch(encoder) if self._remembers_target() else nullcontext())

    def _seen(
        self, encoder: nn.Module, dataset: Dataset, normalised: AbstractContextManager[None]
    ) -> tuple[np.ndarray, np.ndarray]:
        def made() -> Iterator[Tensor]:
            for x in self._batches(dataset):
                features = encoder(x).float()
                yield torch.cat([features, self.head_(features).float()], dim=1)

        with in_evaluation(nn.ModuleList([encoder, self.head_])), normalised:
            whole = collected(made())
        return whole[:, : -self.outputs_], whole[:, -self.outputs_ :]

    def _source_encoder(self) -> nn.Module:
        """That of the source, for methods that have another one for it."""
        return self.encoder_

    def _remembers_target(self) -> bool:
        """Whether the normalisations of the source's encoder remember the target alone."""
        return not self.shared_batch

    # what is learned --------------------------------------------------------------------------------------------

    def _build_networks(self) -> None:
        own = copied_network("encoder", self.encoder)
        shape = self.format_.shape
        self.encoder_ = Features(own if own is not None else default_features(shape))
        self.code_size_ = code_size_of(self.encoder_, shape, 1)
        self.head_ = nn.Linear(self.code_size_, self.outputs_)

    def _fitted_config(self) -> dict[str, Any]:
        return {**super()._fitted_config(), "health": self.health_.config()}

    def _take_fitted_config(self, config: dict[str, Any]) -> None:
        super()._take_fitted_config(config)
        self.outputs_ = len(self.classes_)
        self.health_ = Health.from_config(config.pop("health"))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags
