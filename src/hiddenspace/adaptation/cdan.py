"""CDAN: features and answers together, by which a discriminator cannot tell the domains apart."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn

from hiddenspace.adaptation.against_discriminator import AgainstDiscriminator, Judged
from hiddenspace.adaptation.domain_adapter import Checkpoint
from hiddenspace.data.corruption import Corruption
from hiddenspace.data.format import Scaling
from hiddenspace.data.restyling import Restyling
from hiddenspace.losses.domains import (
    domain_loss,
    entropy_weights,
    multilinear_map,
    reversal_strength,
)
from hiddenspace.training.game import Batch
from hiddenspace.training.trainer import Trainer

MOST = 4096
"""Numbers that the discriminator sees at most; of a larger outer product it sees random projections."""


class RandomMap(nn.Module):
    """(R_f features) * (R_p probabilities) / sqrt(out), elementwise, in place of the outer product (Long et al. 2018).

    Inner products of what it gives are on average those of the outer products. The matrices are normal and fixed.
    """

    features: Tensor
    probabilities: Tensor

    def __init__(self, features: int, classes: int, out: int) -> None:
        super().__init__()
        self.register_buffer("features", torch.randn(features, out))
        self.register_buffer("probabilities", torch.randn(classes, out))

    def forward(self, features: Tensor, probabilities: Tensor) -> Tensor:
        """(b, d), (b, k) -> (b, out)."""
        made: Tensor = (features @ self.features) * (probabilities @ self.probabilities) / self.features.shape[1] ** 0.5
        return made


class Conditional(Judged):
    """One player, as in DANN; the discriminator sees features and answers multiplied.

    Parameters
    ----------
    entropy : bool
        Whether items that are answered with confidence count more.
    random_map : RandomMap, optional
        In place of the whole outer product.
    """

    def __init__(self, *networks: Any, entropy: bool = True, random_map: RandomMap | None = None, **rules: Any) -> None:
        super().__init__(*networks, **rules)
        self.entropy, self.random_map = entropy, random_map

    def networks(self) -> tuple[nn.Module, ...]:
        return self.encoder, self.head, self.discriminator

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The labels' cross-entropy, and the discriminator's loss on features x probabilities, its gradient reversed.

        The probabilities are taken as they are: only through the features does the encoder get the gradient. Items
        count 1 + exp(-H) where `entropy` is on (CDAN+E). The reversal is scaled as in DANN.
        """
        made = self.passed(batch)
        scale = self.weight * reversal_strength(self.progress)
        pairs = (self.joint(made.source, made.source_answers), self.joint(made.target, made.target_answers))
        on_source, on_target = self.of_both(*pairs, scale)
        weights = (entropy_weights(made.source_answers), entropy_weights(made.target_answers)) if self.entropy else ()
        return {
            "classification": self.naming(made.source_answers, made.labels),
            "domain": domain_loss(on_source, on_target, *weights),
            "right": self.right(on_source, on_target),
            **self.consistent(made),
        }

    def joint(self, features: Tensor, answers: Tensor) -> Tensor:
        """Features (b, d) times the probabilities of these answers (b, classes)."""
        chances = answers.detach().softmax(1)
        if self.random_map is None:
            return multilinear_map(features, chances)
        made: Tensor = self.random_map(features, chances)
        return made


class CDAN(AgainstDiscriminator):
    """Conditional domain-adversarial training (Long et al. 2018). The loss is `Conditional.loss`.

    The discriminator sees the outer product of features and class probabilities, so the domains are aligned class by
    class. By default confident answers on the target teach as well (`consistency`).

    Parameters
    ----------
    entropy : bool
        Whether items that are answered with confidence count more (CDAN+E).
    encoder, weight, shared_batch, augmentation, restyling, threshold, smoothing, size, checkpoint, scaling, epochs
        As in DANN.
    discriminator : Module, optional
        As in DANN, of (b, classes * features) numbers, or of 4096 where these are more.
    consistency : float
        As in DANN; CDAN of the paper is `consistency=0, restyling=None`.
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
        entropy: bool = True,
        encoder: nn.Module | None = None,
        discriminator: nn.Module | None = None,
        weight: float = 1.0,
        shared_batch: bool = False,
        augmentation: Corruption | Literal["auto"] | None = "auto",
        restyling: Restyling | Literal["auto"] | None = "auto",
        consistency: float = 2.0,
        threshold: float = 0.8,
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
        self.entropy = entropy

    def _judged_size(self) -> int:
        return min(self.outputs_ * self.code_size_, MOST)

    def _new_game(self) -> Conditional:
        too_many = self.outputs_ * self.code_size_ > MOST
        random_map = RandomMap(self.code_size_, self.outputs_, MOST) if too_many else None
        networks = (self.encoder_, self.head_, self.discriminator_, self.weight)
        return Conditional(*networks, entropy=self.entropy, random_map=random_map, **self._rules())
