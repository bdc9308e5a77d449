"""DANN: features by which a discriminator cannot tell the domains apart, by gradient reversal."""

from __future__ import annotations

from torch import Tensor, nn

from hiddenspace.adaptation.against_discriminator import AgainstDiscriminator, Judged
from hiddenspace.losses.domains import domain_loss, gradient_reversal, reversal_strength
from hiddenspace.training.game import Batch


class DomainAdversarial(Judged):
    """One player: the classifier and the discriminator learn in the same step, through a reversed gradient."""

    def networks(self) -> tuple[nn.Module, ...]:
        return self.encoder, self.head, self.discriminator

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The labels' cross-entropy, and the discriminator's loss, whose gradient the encoder gets reversed.

        The reversal is scaled by `weight` and lambda_p = 2 / (1 + exp(-10 p)) - 1, with p the progress of the training.
        """
        made = self.passed(batch)
        scale = self.weight * reversal_strength(self.progress)
        on_source = self.discriminator(gradient_reversal(made.source, scale))
        on_target = self.discriminator(gradient_reversal(made.target, scale))
        return {
            "classification": self.naming(made.source_answers, made.labels),
            "domain": domain_loss(on_source, on_target),
            "right": self.right(on_source, on_target),
        }


class DANN(AgainstDiscriminator):
    """Domain-adversarial training of a classifier (Ganin et al. 2016).

    A discriminator learns to tell the two domains by the encoder's features, and the encoder, which gets its gradient
    reversed, to make that impossible, while the classifier learns the labels of the source. The loss is
    `DomainAdversarial.loss`. Departures from the paper: the domain loss is the sum of two means, not one mean over
    both; the optimizer is AdamW, and the weights are averaged.
    """

    def _new_game(self) -> DomainAdversarial:
        return DomainAdversarial(self.encoder_, self.head_, self.discriminator_, self.weight, **self._rules())
