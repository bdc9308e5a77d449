"""The game that all methods play: a net that answers, labelled items of one domain and unlabelled ones of another."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
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
    """What the net makes of a batch: features (b, d) and answers (b, classes) of either domain, and the labels."""

    source: Tensor
    source_answers: Tensor
    target: Tensor
    target_answers: Tensor
    labels: Tensor


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
        Weight of the term by which confident answers on the target stay the answers when its items are distorted.
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
        with nullcontext() if self.shared_batch else by_the_batch(self.encoder):
            answers = self.head(self.encoder(batch["x"])).float()
        return {"classification": F.cross_entropy(answers, batch["labels"])}

    def passed(self, batch: Batch) -> Passed:
        """Both domains through encoder and head."""
        assert isinstance(batch, dict)
        x, target = batch["x"], batch["target"]
        if self.restyling is not None and self.training:
            x = self.restyling(x, target)
        x, target = self.augmented(x), self.augmented(target)
        if self.shared_batch:
            features = self.encoder(torch.cat([x, target])).float()
        else:
            features = torch.cat([self.of_the_source(x), self.encoder(target).float()])
        answers, count = self.head(features).float(), len(x)
        return Passed(features[:count], answers[:count], features[count:], answers[count:], batch["labels"])

    def of_the_source(self, x: Tensor) -> Tensor:
        """Features of source items in a batch of their own: no normalisation remembers them."""
        with by_the_batch(self.encoder):
            features: Tensor = self.encoder(x).float()
        return features

    def augmented(self, x: Tensor) -> Tensor:
        """Items as they are trained on."""
        return x if self.augmentation is None or not self.training else self.augmentation(x)

    def consistent(self, batch: Batch, answers: Tensor) -> dict[str, Tensor]:
        """Consistency * the mean over target items of 1[max p >= threshold] H(argmax p, q); no term where it is 0.

        p are the answers (b, classes) of the items, as logits, and q those of the distorted ones (FixMatch, Sohn et al.
        2020), which no normalisation remembers. The weight grows as lambda_p does.
        """
        if not self.consistency or not self.training:
            return {}
        assert isinstance(batch, dict)
        distorted = batch["target"] if self.distortion is None else self.distortion(batch["target"])
        sure, guess = answers.detach().softmax(1).max(1)
        with by_the_batch(self.encoder):
            others = self.head(self.encoder(distorted)).float()
        taken = (sure >= self.threshold).float()
        weight = self.consistency * reversal_strength(self.progress)
        return {"consistency": weight * (taken * F.cross_entropy(others, guess, reduction="none")).mean()}

    def naming(self, answers: Tensor, labels: Tensor) -> Tensor:
        """The cross-entropy of the labels."""
        return F.cross_entropy(answers, labels, label_smoothing=self.smoothing)
