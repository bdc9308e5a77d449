"""What methods share in which a discriminator judges features by their domain."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from hiddenspace import checks
from hiddenspace.adaptation.adaptation import Adaptation
from hiddenspace.adaptation.domain_adapter import Checkpoint, DomainAdapter
from hiddenspace.data.corruption import Corruption
from hiddenspace.data.format import Scaling
from hiddenspace.data.restyling import Restyling
from hiddenspace.losses.domains import gradient_reversal
from hiddenspace.models.own_networks import check_logits, copied_network
from hiddenspace.nets.mlp import MLP
from hiddenspace.training.trainer import Trainer

HIDDEN = 256
"""Units in each of the two hidden layers of the default discriminator."""


class Judged(Adaptation):
    """Abstract: a discriminator (b, d) -> logits of P(target | features), and the weight of what it says."""

    def __init__(
        self, encoder: nn.Module, head: nn.Module, discriminator: nn.Module, weight: float, **rules: Any
    ) -> None:
        super().__init__(encoder, head, **rules)
        self.discriminator, self.weight = discriminator, weight

    def of_both(self, source: Tensor, target: Tensor, scale: float | None = None) -> tuple[Tensor, Tensor]:
        """What the discriminator says of both domains, in one pass; with `scale` the gradient comes back reversed."""
        features = torch.cat([source, target])
        logits: Tensor = self.discriminator(features if scale is None else gradient_reversal(features, scale))
        return logits[: len(source)], logits[len(source) :]

    @staticmethod
    def right(on_source: Tensor, on_target: Tensor) -> Tensor:
        """How often the discriminator is right, each domain counting one half; only reported."""
        return (((on_source < 0).float().mean() + (on_target > 0).float().mean()) / 2).detach()


def discriminator_of(features: int, own: nn.Module | None) -> nn.Module:
    """(b, features) -> logits: a copy of one's own, or the default.

    Raises
    ------
    UsageError
        If one's own is no such network.
    """
    copied = copied_network("discriminator", own)
    discriminator = MLP([features, HIDDEN, HIDDEN, 1], slope=0.0) if copied is None else copied
    check_logits(discriminator, (features,))
    return discriminator


class AgainstDiscriminator(DomainAdapter):
    """Abstract: an adapter with a discriminator. Its parameters are described in `DANN`."""

    network_names: ClassVar[tuple[str, ...]] = ("encoder", "head", "discriminator")

    discriminator_: nn.Module

    def __init__(
        self,
        *,
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
        self.discriminator = discriminator
        self.weight = weight

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        super().check_params()
        checks.number("weight", self.weight, least=0)

    def _build_networks(self) -> None:
        super()._build_networks()
        self.discriminator_ = discriminator_of(self._judged_size(), self.discriminator)

    def _judged_size(self) -> int:
        """Of what the discriminator sees."""
        return self.code_size_
