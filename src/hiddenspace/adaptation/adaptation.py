"""The game that all methods play: a net that answers, labelled items of one domain and unlabelled ones of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace.data.corruption import Corruption
from hiddenspace.data.restyling import Restyling
from hiddenspace.losses.domains import reversal_strength
from hiddenspace.nets.statistics import by_the_batch
from hiddenspace.training.game import Batch, Game, Player


@dataclass(frozen=True)
class Passed:
    """What the net makes of a batch: features (b, d) and answers (b, classes) of either domain, and the labels.

    Where answers on the target shall be consistent, its items were distorted, and `guesses` are the answers on them as
    they are, without gradients.
    """

    source: Tensor
    source_answers: Tensor
    target: Tensor
    target_answers: Tensor
    labels: Tensor
    guesses: Tensor | None = None


class Adaptation(Game):
    """Abstract: an encoder and a head, which name items of the source domain, and shall name those of the target.

    Parameters
    ----------
    encoder, head : Module
        (b, *shape) -> (b, d) -> (b, classes).
    augmentation : callable, optional
        What the items of both domains pass through in training.
    shared_batch : bool
        Whether batch normalisation sees both domains in one batch, or each by itself, and then remembers the target.
    smoothing : float
        The part of the probability that labels spread over all classes.
    restyling : Restyling, optional
        Gives source images the looks of target ones in training.
    consistency : float
        Weight of the term by which confident answers on the target stay the answers when its items are distorted; with
        it, distorted items are what the net learns from everywhere.
    threshold : float
        How sure these answers must be.
    distortion : callable, optional
        What it is that target items are distorted by.
    """

    def __init__(
        self,
        encoder: nn.Module,
        head: nn.Module,
        augmentation: Corruption | None = None,
        shared_batch: bool = False,
        smoothing: float = 0.0,
        restyling: Restyling | None = None,
        consistency: float = 0.0,
        threshold: float = 0.9,
        distortion: Corruption | None = None,
    ) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head
        self.augmentation, self.shared_batch, self.smoothing = augmentation, shared_batch, smoothing
        self.restyling, self.distortion = restyling, distortion
        self.consistency, self.threshold = consistency, threshold

    def players(self) -> Mapping[str, Player]:
        return {"network": Player(self.networks(), self.loss)}

    def networks(self) -> tuple[nn.Module, ...]:
        """What the only player of most methods owns."""
        return self.encoder, self.head

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Named, weighted terms."""
        raise NotImplementedError

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        """How well held-out items of the source are named; of the target nothing is known."""
        assert isinstance(batch, dict)
        features = self.encoder(batch["x"]) if self.shared_batch else self.of_the_source(batch["x"])
        answers = self.head(features).float()
        return {"classification": F.cross_entropy(answers, batch["labels"])}

    def passed(self, batch: Batch) -> Passed:
        """Both domains through encoder and head."""
        assert isinstance(batch, dict)
        x, target = batch["x"], batch["target"]
        if self.restyling is not None and self.training:
            x = self.restyling(x, target)
        x, target = self.augmented(x), self.augmented(target)
        guesses = None
        if self.consistency and self.training:
            guesses = self.guessed(x, target)
            with by_the_batch(self.encoder):  # what normalisations remember is the target as it is
                features = self.side_by_side(x, self.distorted(batch["target"]))
        else:
            features = self.side_by_side(x, target)
        answers, count = self.head(features).float(), len(x)
        return Passed(features[:count], answers[:count], features[count:], answers[count:], batch["labels"], guesses)

    def side_by_side(self, x: Tensor, target: Tensor) -> Tensor:
        """Features of both domains, normalised together or each by itself."""
        if self.shared_batch:
            features: Tensor = self.encoder(torch.cat([x, target])).float()
            return features
        return torch.cat([self.of_the_source(x), self.encoder(target).float()])

    @torch.no_grad()
    def guessed(self, x: Tensor, target: Tensor) -> Tensor:
        """Answers on the target, beside the source where normalisation sees both."""
        features = self.encoder(torch.cat([x, target]) if self.shared_batch else target)
        answers: Tensor = self.head(features[-len(target) :]).float()
        return answers

    def of_the_source(self, x: Tensor) -> Tensor:
        """Features of source items in a batch of their own: no normalisation remembers them."""
        with by_the_batch(self.encoder):
            features: Tensor = self.encoder(x).float()
        return features

    def augmented(self, x: Tensor) -> Tensor:
        """Items as they are trained on."""
        return x if self.augmentation is None or not self.training else self.augmentation(x)

    def distorted(self, target: Tensor) -> Tensor:
        """Target items as answers shall hold for them as well."""
        return target if self.distortion is None else self.distortion(target)

    def consistent(self, made: Passed) -> dict[str, Tensor]:
        """Consistency * the mean over target items of 1[max p >= threshold] H(argmax p, q); no term where it is 0.

        p are the answers on the items as they are, and q those on the distorted ones (FixMatch, Sohn et al. 2020). The
        weight grows as lambda_p does.
        """
        if made.guesses is None:
            return {}
        sure, guess = made.guesses.softmax(1).max(1)
        taken = (sure >= self.threshold).float()
        weight = self.consistency * reversal_strength(self.progress)
        return {"consistency": weight * (taken * F.cross_entropy(made.target_answers, guess, reduction="none")).mean()}

    def naming(self, answers: Tensor, labels: Tensor) -> Tensor:
        """The cross-entropy of the labels."""
        return F.cross_entropy(answers, labels, label_smoothing=self.smoothing)
