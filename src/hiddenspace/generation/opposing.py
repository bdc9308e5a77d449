"""What the games of a generator and a discriminator share: networks, noise, augmentation, penalty."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from hiddenspace.generation.differentiable import Differentiable
from hiddenspace.losses.adversarial import AdversarialLoss
from hiddenspace.losses.penalties import judged_and_penalised
from hiddenspace.training.game import Batch, Game, Player, Terms


class Opposing(Game):
    """Abstract: a generator and a discriminator. Who minimises what is said in the game itself.

    Parameters
    ----------
    generator, discriminator : Module
    loss : AdversarialLoss
    latent : int
        Numbers in the noise, which is standard normal.
    steps : (int, int)
        Of the discriminator and of the generator in a round, K and M.
    penalty : float
        Weight of the penalty that belongs to the loss, 0 for none; 0 where the discriminator has batch normalisation.
    augmentation : Differentiable, optional
        What real and generated items pass through before they are judged.
    """

    never_compiled: ClassVar[tuple[str, ...]] = ("discriminator",)

    strength: Tensor

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        loss: AdversarialLoss,
        latent: int,
        steps: tuple[int, int],
        penalty: float,
        augmentation: Differentiable | None,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.loss, self.latent, self.penalty_weight = loss, latent, penalty
        self.discriminator_steps, self.generator_steps = steps
        self.augmentation = augmentation
        self.register_buffer("strength", torch.zeros(()))  # of the augmentation, which whoever watches adapts
        self.apart = any(isinstance(module, _BatchNorm) for module in discriminator.modules())

    def players(self) -> Mapping[str, Player]:
        return {
            "discriminator": Player((self.discriminator,), self.discriminator_loss, steps=self.discriminator_steps),
            "generator": Player((self.generator,), self.generator_loss, steps=self.generator_steps),
        }

    @abstractmethod
    def discriminator_loss(self, batch: Batch) -> Terms:
        """Tells real items from generated ones."""

    @abstractmethod
    def generator_loss(self, batch: Batch) -> Terms:
        """Makes items that are taken for real."""

    def real(self, batch: Batch) -> Tensor:
        """The items of a batch, which may hold conditions beside them."""
        assert isinstance(batch, dict)
        return batch["x"]

    def noise(self, count: int) -> Tensor:
        """(count, latent), standard normal."""
        return torch.randn(count, self.latent, device=self.strength.device)

    def augmented(self, items: Tensor) -> Tensor:
        """What the discriminator sees of them."""
        return items if self.augmentation is None else self.augmentation(items, self.strength)

    @torch.no_grad()
    def unmoved(self, judge: Callable[..., Tensor], *items: Tensor) -> Tensor:
        """Logits of real items, of which nobody gets gradients."""
        logits: Tensor = judge(*items)
        return logits.float()

    def judged(
        self, judge: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Logits of real and of generated items, and the weighted penalty as a term (none where its weight is 0).

        Both are judged in one batch, unless batch normalisation would mix them.
        """
        weight = self.penalty_weight
        if self.apart:
            return judge(real).float(), judge(fake).float(), {}
        if not weight:
            on_real, on_fake = judge(torch.cat([real, fake])).float().chunk(2)
            return on_real, on_fake, {}
        on_real, on_fake, slopes = judged_and_penalised(judge, real, fake, self.loss.penalty)
        return on_real, on_fake, {"slopes": weight * slopes}
