"""SHOT: the source's classifier stays, and the encoder learns to make sure and varied features of the target."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace import checks
from hiddenspace.adaptation.adaptation import Adaptation
from hiddenspace.adaptation.after_source import AfterSource
from hiddenspace.adaptation.domain_adapter import Checkpoint
from hiddenspace.adaptation.recipe import EPOCH_STEPS
from hiddenspace.data.corruption import Corruption
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import Scaling
from hiddenspace.data.named_batches import NamedBatches
from hiddenspace.losses.domains import information_loss
from hiddenspace.nets.modes import in_evaluation
from hiddenspace.training.game import Batch, Player
from hiddenspace.training.trainer import Trainer

FOR_CENTROIDS = 5_000
"""Target items that the centroids of the classes are taken of."""


class Hypothesis(Adaptation):
    """The encoder learns on the target; the head, which holds what the source taught, is fixed.

    Parameters
    ----------
    target : callable
        () -> batches of items of the target, by which the centroids are found anew after each epoch.
    pseudo_labels : float
        Weight of the labels that the centroids give.
    *networks, **rules
        As in `Adaptation`.
    """

    never_changed: ClassVar[tuple[str, ...]] = ("head",)

    centroids: Tensor

    def __init__(
        self, target: Callable[[], Iterator[Tensor]], pseudo_labels: float, *networks: Any, **rules: Any
    ) -> None:
        super().__init__(*networks, **rules)
        self.target, self.pseudo_labels = target, pseudo_labels
        self.register_buffer("centroids", self.found())

    def players(self) -> Mapping[str, Player]:
        return {"encoder": Player((self.encoder,), self.loss)}

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Entropy of each answer - entropy of their mean + pseudo_labels * cross-entropy of the nearest centroids."""
        assert isinstance(batch, dict)
        features = self.encoder(self.augmented(batch["target"])).float()
        answers = self.head(features).float()
        entropy, diversity = information_loss(answers)
        labels = self.nearest(features.detach())
        return {
            "entropy": entropy,
            "marginal": diversity,
            "pseudo": self.pseudo_labels * F.cross_entropy(answers, labels),
        }

    def epoch_ended(self) -> None:
        """Finds the centroids anew."""
        self.centroids.copy_(self.found())

    @torch.no_grad()
    def found(self) -> Tensor:
        """The centroids (classes, d) of the target's features, of length 1.

        First means weighted by the answers' probabilities, then means of what lies nearest to these (Liang et al. 2020,
        equations 4 to 6).
        """
        with in_evaluation(nn.ModuleList([self.encoder, self.head])):
            features = torch.cat([self.encoder(x).float() for x in self.target()])
            chances = self.head(features).float().softmax(1)
        lengths_of_one = F.normalize(features)
        first = F.normalize(chances.T @ lengths_of_one)
        nearest = F.one_hot((lengths_of_one @ first.T).argmax(1), chances.shape[1]).float()
        found = F.normalize(nearest.T @ lengths_of_one)
        return torch.where(nearest.sum(0)[:, None] > 0, found, first)

    def nearest(self, features: Tensor) -> Tensor:
        """Which centroid lies nearest by the cosine, (b, d) -> (b,)."""
        return (F.normalize(features) @ self.centroids.T).argmax(1)


class SHOT(AfterSource):
    """Source hypothesis transfer (Liang et al. 2020): adapts without looking at the source again.

    First encoder and head learn the source, with smoothed labels. Then the head is fixed, and the encoder learns on the
    target alone to give sure answers that are not all alike (information maximisation), and those of the nearest
    centroids of the classes (pseudo-labels). The loss is `Hypothesis.loss`. Departures from the paper: the head is a
    plain linear layer; centroids are taken of at most 5,000 items, and each batch is labelled by them as it comes; the
    optimizer is AdamW.

    Parameters
    ----------
    source_epochs : int, optional
        Of the first training, as many as `epochs` by default.
    pseudo_labels : float
        Weight of the labels that the centroids give, 0 or more.
    encoder, augmentation, size, checkpoint, scaling, epochs, batch_size, learning_rate, validation_fraction
        As in DANN; `epochs` are those of the second training, which learns at a tenth of the rate.
    smoothing : float
        The part of the probability that labels of the source spread over all classes, in [0, 1).
    random_state, trainer
        As in DANN.

    Attributes
    ----------
    classes_, encoder_, head_, validation_, health_, history_, best_epoch_, recipe_
        As in DANN; the epochs are those of both trainings.
    """

    slower: ClassVar[float] = 0.1

    def __init__(
        self,
        *,
        source_epochs: int | None = None,
        pseudo_labels: float = 0.3,
        encoder: nn.Module | None = None,
        augmentation: Corruption | Literal["auto"] | None = "auto",
        smoothing: float = 0.1,
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
        super().__init__(
            encoder=encoder,
            augmentation=augmentation,
            smoothing=smoothing,
            size=size,
            checkpoint=checkpoint,
            scaling=scaling,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            validation_fraction=validation_fraction,
            random_state=random_state,
            trainer=trainer,
        )
        self.source_epochs = source_epochs
        self.pseudo_labels = pseudo_labels

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        super().check_params()
        checks.number("pseudo_labels", self.pseudo_labels, least=0)

    def _start_target(self, target: Dataset) -> None:
        self._some_target = target.take(
            np.linspace(0, len(target) - 1, min(len(target), FOR_CENTROIDS)).astype(np.intp)
        )

    def _learn(self, source: Dataset, target: Dataset | None) -> None:
        super()._learn(source, target)
        del self._some_target

    def _new_game(self) -> Hypothesis:
        some = self._some_target
        return Hypothesis(lambda: self._batches(some), self.pseudo_labels, self.encoder_, self.head_, **self._rules())

    def _domain_batches(self, training: Dataset, target: Dataset | None) -> NamedBatches:
        assert target is not None
        parts = {"target": self._training_batches(target, self.recipe_.batch_size, self.seed_ + 1)}
        return NamedBatches(parts, steps=EPOCH_STEPS)
