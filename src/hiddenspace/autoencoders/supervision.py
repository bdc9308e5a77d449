"""The games of learning with labels: an encoder that was there before, and a head that is new."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace.data.corruption import Corruption
from hiddenspace.training.game import Batch, Game, Player


class Supervision(Game):
    """Abstract: answers from features. The encoder learns only once the first `frozen` of the training is over."""

    def __init__(self, encoder: nn.Module, head: nn.Module, augmentation: Corruption | None, frozen: float) -> None:
        super().__init__()
        self.encoder, self.head, self.augmentation, self.frozen = encoder, head, augmentation, frozen

    def players(self) -> Mapping[str, Player]:
        return {"supervised": Player((self.encoder, self.head), self.loss)}

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Named, weighted terms."""
        raise NotImplementedError

    def augmented(self, x: Tensor) -> Tensor:
        """Items as they are trained on."""
        return x if self.augmentation is None or not self.training else self.augmentation(x)

    def answers(self, x: Tensor) -> Tensor:
        """(b, *shape) -> (b, outputs); at first as if the encoder were a fixed function, with no state that moves."""
        if self.progress >= self.frozen:
            answers: Tensor = self.head(self.encoder(x))
            return answers.float()
        was_training = self.encoder.training
        self.encoder.eval()
        with torch.no_grad():
            features = self.encoder(x)
        self.encoder.train(was_training)
        return self.head(features).float()  # type: ignore[no-any-return]


class Classification(Supervision):
    """Name the class.

    Parameters
    ----------
    encoder, head : Module
        (b, *shape) -> (b, features) -> (b, classes).
    augmentation, distortion : callable, optional
        What items are changed by in training, and what unlabelled ones are changed by beyond recognition but for the
        class.
    frozen : float
        The part of the training in which only the head learns.
    smoothing : float
        The part of the probability that is spread over all classes (Szegedy et al. 2016).
    consistency : float
        Weight of the term for unlabelled items.
    threshold : float
        How sure the answer must be.
    """

    def __init__(
        self,
        encoder: nn.Module,
        head: nn.Module,
        augmentation: Corruption | None = None,
        distortion: Corruption | None = None,
        frozen: float = 0.0,
        smoothing: float = 0.0,
        consistency: float = 0.0,
        threshold: float = 0.95,
    ) -> None:
        super().__init__(encoder, head, augmentation, frozen)
        self.distortion, self.smoothing = distortion, smoothing
        self.consistency, self.threshold = consistency, threshold

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy of the labels, and of confident answers on unlabelled items once these are distorted.

        `consistency` is the mean over unlabelled items of 1[max p >= threshold] H(argmax p, q), with p the answer on
        the augmented item and q that on the distorted one (FixMatch, Sohn et al. 2020); it begins when the encoder is
        no longer frozen. p comes from a pass of its own without gradients; labelled and distorted items share one.
        """
        assert isinstance(batch, dict)
        x, labels = batch["x"], batch["labels"]
        if "unlabelled" not in batch or not self.training or self.progress < self.frozen:
            answers = self.answers(self.augmented(x))
            return {"classification": self._entropy(answers, labels)}
        free = batch["unlabelled"]
        with torch.no_grad():
            sure, guess = self.answers(self.augmented(free)).softmax(1).max(1)
        distorted = free if self.distortion is None else self.distortion(free)
        together = self.answers(torch.cat([self.augmented(x), distorted]))
        answers, others = together[: len(x)], together[len(x) :]
        taken = (sure >= self.threshold).float()
        return {
            "classification": self._entropy(answers, labels),
            "consistency": self.consistency * (taken * F.cross_entropy(others, guess, reduction="none")).mean(),
        }

    def _entropy(self, answers: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(answers, labels, label_smoothing=self.smoothing if self.training else 0.0)


class Regression(Supervision):
    """Name the number."""

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Mean squared error of standardised targets."""
        assert isinstance(batch, dict)
        return {"regression": F.mse_loss(self.answers(self.augmented(batch["x"])), batch["labels"])}
