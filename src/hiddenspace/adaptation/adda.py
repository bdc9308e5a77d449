"""ADDA: an encoder of the target whose features pass for those of the source's own encoder."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace import checks
from hiddenspace.adaptation.after_source import AfterSource
from hiddenspace.adaptation.against_discriminator import Judged, discriminator_of
from hiddenspace.adaptation.domain_adapter import Checkpoint
from hiddenspace.data.corruption import Corruption
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import Scaling
from hiddenspace.losses.domains import domain_loss
from hiddenspace.nets.modes import in_evaluation
from hiddenspace.training.game import Batch, Player, Terms
from hiddenspace.training.trainer import Trainer


class Untied(Judged):
    """Two players: a discriminator of the domains, and the target's encoder. The source's encoder and head are fixed.

    Parameters
    ----------
    source_encoder : Module
        That of the first training.
    *networks, **rules
        As in `Judged`.
    """

    never_changed: ClassVar[tuple[str, ...]] = ("source_encoder", "head")

    def __init__(self, source_encoder: nn.Module, *networks: Any, **rules: Any) -> None:
        super().__init__(*networks, **rules)
        self.source_encoder = source_encoder

    def players(self) -> Mapping[str, Player]:
        return {
            "discriminator": Player((self.discriminator,), self.discriminator_loss),
            "encoder": Player((self.encoder,), self.encoder_loss, fresh_batch=False),
        }

    def discriminator_loss(self, batch: Batch) -> Terms:
        """-log P(source | h_s(x_source)) - log[1 - P(source | h_t(x_target))]."""
        assert isinstance(batch, dict)
        with torch.no_grad():
            source = self.fixed(self.augmented(batch["x"]))
            target = self.encoder(self.augmented(batch["target"])).float()
        on_source, on_target = self.of_both(source, target)
        return {"tell": domain_loss(on_source, on_target), "right": self.right(on_source, on_target)}

    def encoder_loss(self, batch: Batch) -> Terms:
        """-weight * log P(source | h_t(x_target))."""
        assert isinstance(batch, dict)
        target = self.encoder(self.augmented(batch["target"])).float()
        return {"fool": self.weight * F.softplus(self.discriminator(target)).mean()}

    def fixed(self, x: Tensor) -> Tensor:
        """What the source's encoder makes of items, as in `eval`."""
        with in_evaluation(self.source_encoder):
            features: Tensor = self.source_encoder(x).float()
        return features

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        """How well the first net names held-out items of the source, which stays as it was."""
        assert isinstance(batch, dict)
        return {"classification": self.naming(self.head(self.fixed(batch["x"])).float(), batch["labels"])}


class ADDA(AfterSource):
    """Adversarial discriminative domain adaptation (Tzeng et al. 2017).

    First encoder and head learn the source. Then a copy of the encoder learns on the target to make features that a
    discriminator takes for those of the first, which is fixed, and the head names them. The losses are those of
    `Untied`. Departure from the paper: the discriminator is that of the other methods here.

    Parameters
    ----------
    source_epochs : int, optional
        Of the first training, as many as `epochs` by default.
    encoder, discriminator, weight, augmentation, smoothing, size, checkpoint, scaling, epochs
        As in DANN; `epochs` and `weight` are those of the second training. The domains never share a batch.
    batch_size, learning_rate, validation_fraction, random_state, trainer
        As in DANN. The second training learns at a tenth of the rate.

    Attributes
    ----------
    encoder_, source_encoder_ : Module
        That of the target, by which everything is answered, and that of the source.
    classes_, head_, discriminator_, validation_, health_, history_, best_epoch_, recipe_
        As in DANN; the epochs are those of both trainings.
    """

    network_names: ClassVar[tuple[str, ...]] = ("encoder", "source_encoder", "head", "discriminator")
    slower: ClassVar[float] = 0.1

    source_encoder_: nn.Module
    discriminator_: nn.Module

    def __init__(
        self,
        *,
        source_epochs: int | None = None,
        encoder: nn.Module | None = None,
        discriminator: nn.Module | None = None,
        weight: float = 1.0,
        augmentation: Corruption | Literal["auto"] | None = "auto",
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
        self.discriminator = discriminator
        self.weight = weight

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        super().check_params()
        checks.number("weight", self.weight, least=0)

    def _start_target(self, target: Dataset) -> None:
        self.source_encoder_ = copy.deepcopy(self.encoder_)

    def _new_game(self) -> Untied:
        return Untied(
            self.source_encoder_, self.encoder_, self.head_, self.discriminator_, self.weight, **self._rules()
        )

    def _source_encoder(self) -> nn.Module:
        return self.source_encoder_

    def _remembers_target(self) -> bool:
        return False

    def _build_networks(self) -> None:
        super()._build_networks()
        self.source_encoder_ = copy.deepcopy(self.encoder_)
        self.discriminator_ = discriminator_of(self.code_size_, self.discriminator)
