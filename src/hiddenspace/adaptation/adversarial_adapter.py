"""AdversarialAdapter: the lecture's pair of losses, a classifier and a discriminator taking turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import nn

from hiddenspace import checks
from hiddenspace.adaptation.against_discriminator import AgainstDiscriminator, Judged
from hiddenspace.adaptation.domain_adapter import Checkpoint
from hiddenspace.data.corruption import Corruption
from hiddenspace.data.format import Scaling
from hiddenspace.data.restyling import Restyling
from hiddenspace.losses.domains import domain_loss
from hiddenspace.training.game import Batch, Player, Terms
from hiddenspace.training.trainer import Trainer


class TakingTurns(Judged):
    """Two players: a discriminator of the domains, and a classifier whose features shall pass for the target's.

    With h the encoder, 'real' the unlabelled domain and 'mc' the labelled one (as simulated by Monte Carlo):
    the discriminator minimises -log P(real | h(x_real)) - log[1 - P(real | h(x_mc))], and the classifier its own loss
    on the labelled domain minus log P(real | h(x_mc)).
    """

    def __init__(self, *networks: Any, steps: tuple[int, int] = (1, 1), **rules: Any) -> None:
        super().__init__(*networks, **rules)
        self.steps = steps

    def players(self) -> Mapping[str, Player]:
        k, m = self.steps
        return {
            "discriminator": Player((self.discriminator,), self.discriminator_loss, steps=k),
            "classifier": Player((self.encoder, self.head), self.classifier_loss, steps=m, fresh_batch=m > 1),
        }

    def discriminator_loss(self, batch: Batch) -> Terms:
        """-log P(real | h(x_real)) - log[1 - P(real | h(x_mc))]."""
        with torch.no_grad():
            made = self.passed(batch)
        on_source, on_target = self.of_both(made.source, made.target)
        return {"tell": domain_loss(on_source, on_target), "right": self.right(on_source, on_target)}

    def classifier_loss(self, batch: Batch) -> Terms:
        """The loss on the labelled domain - weight * log P(real | h(x_mc))."""
        made = self.passed(batch)
        return {
            "classification": self.naming(made.source_answers, made.labels),
            "fool": self.weight * F.softplus(-self.discriminator(made.source)).mean(),
            **self.consistent(made),
        }


class AdversarialAdapter(AgainstDiscriminator):
    """A classifier of the labelled domain whose features a discriminator takes for those of the unlabelled one.

    The losses are those of `TakingTurns`, in turns as a GAN's: the discriminator's K steps, then the classifier's M.
    Only the features of the labelled domain are pressed to look like the other's, and what they should look like moves
    with them.

    Parameters
    ----------
    discriminator_steps, classifier_steps : int
        K and M: steps of each in a round, 1 or more.
    encoder, discriminator, weight, shared_batch, augmentation, restyling, consistency, threshold, smoothing, size
        As in DANN.
    checkpoint, scaling, epochs
        As in DANN.
    batch_size, learning_rate, validation_fraction, random_state, trainer
        As in DANN.

    Attributes
    ----------
    classes_, encoder_, head_, discriminator_, validation_, health_, history_, best_epoch_, recipe_
        As in DANN.
    """

    def __init__(
        self,
        *,
        discriminator_steps: int = 1,
        classifier_steps: int = 1,
        encoder: nn.Module | None = None,
        discriminator: nn.Module | None = None,
        weight: float = 1.0,
        shared_batch: bool = False,
        augmentation: Corruption | Literal["auto"] | None = "auto",
        restyling: Restyling | Literal["auto"] | None = "auto",
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
        super().__init__(
            encoder=encoder,
            discriminator=discriminator,
            weight=weight,
            shared_batch=shared_batch,
            augmentation=augmentation,
            restyling=restyling,
            consistency=consistency,
            threshold=threshold,
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
        self.discriminator_steps = discriminator_steps
        self.classifier_steps = classifier_steps

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        super().check_params()
        checks.whole("discriminator_steps", self.discriminator_steps)
        checks.whole("classifier_steps", self.classifier_steps)

    def _new_game(self) -> TakingTurns:
        return TakingTurns(
            self.encoder_,
            self.head_,
            self.discriminator_,
            self.weight,
            steps=(self.discriminator_steps, self.classifier_steps),
            **self._rules(),
        )
