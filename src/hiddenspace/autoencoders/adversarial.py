"""Adversarial autoencoder: a discriminator sees to it that codes look like a normal distribution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace import checks
from hiddenspace.autoencoders.learner import Learner
from hiddenspace.data.format import Scaling
from hiddenspace.losses.adversarial import AdversarialLoss, LossName, adversarial_loss
from hiddenspace.losses.penalties import judged_and_penalised
from hiddenspace.nets.discriminators import Critic, RowBody
from hiddenspace.training.game import Batch, Game, Player
from hiddenspace.training.trainer import Trainer

PENALTY = 0.1
"""Weight of the penalty on the slopes of the discriminator, without which codes wobble to the end."""


class AdversarialCoding(Game):
    """Rebuild x from its code, and make the code look as if it had been drawn from N(0, 1)."""

    never_compiled: ClassVar[tuple[str, ...]] = ("discriminator",)

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        discriminator: nn.Module,
        adversary: AdversarialLoss,
        weight: float,
    ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.discriminator = encoder, decoder, discriminator
        self.adversary, self.weight = adversary, weight

    def players(self) -> Mapping[str, Player]:
        return {
            "discriminator": Player((self.discriminator,), self.discriminator_loss),
            "autoencoder": Player((self.encoder, self.decoder), self.loss, fresh_batch=False),
        }

    def discriminator_loss(self, x: Batch) -> dict[str, Tensor]:
        """Tells draws from N(0, 1), the real ones here, from codes."""
        assert isinstance(x, Tensor)
        with torch.no_grad():
            codes = self.encoder(x).float()
        drawn, coded, slopes = judged_and_penalised(
            self.discriminator, torch.randn_like(codes), codes, self.adversary.penalty
        )
        return {"tell": self.adversary.discriminator(drawn, coded), "slopes": PENALTY * slopes}

    def loss(self, x: Batch) -> dict[str, Tensor]:
        """The error of the reconstruction, and `weight` times what the discriminator says of the codes."""
        assert isinstance(x, Tensor)
        codes = self.encoder(x)
        drawn = None
        if self.adversary.compares:
            with torch.no_grad():
                drawn = self.discriminator(torch.randn_like(codes.float())).float()
        fool = self.adversary.generator(self.discriminator(codes.float()).float(), drawn)
        return {"reconstruction": F.mse_loss(self.decoder(codes).float(), x), "fool": self.weight * fool}

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        """The reconstruction alone: what fools a discriminator says nothing from one epoch to the next."""
        assert isinstance(batch, Tensor)
        return {"reconstruction": F.mse_loss(self.decoder(self.encoder(batch)).float(), batch)}


class AdversarialAutoencoder(Learner):
    """An autoencoder whose codes a discriminator cannot tell from N(0, 1), so that codes can be drawn.

    Makhzani et al. 2015. What the variational autoencoder reaches by a divergence in closed form, an adversary does
    here, for codes without noise. Departure: the autoencoder rebuilds and fools in one step, not in two.

    Parameters
    ----------
    code : int, optional
        Numbers in the code; by default a quarter of the features, between 2 and 32.
    adversary : str
        The loss of the discriminator and of who fools it, as in GAN; the penalty on the discriminator's slopes is the
        one that belongs to it, one-centred for 'wasserstein', of weight 0.1.
    weight : float
        Of the second beside the mean squared error of the reconstruction, above 0.
    depth : int, optional
        Hidden layers (vectors, tables) or stages of resolution (images), 1 to 4; chosen by the data.
    width : int, optional
        Width of the first hidden layer, or channels of the first stage; chosen by the data.
    encoder, decoder : Module, optional
        Networks of one's own; (batch, *shape) -> (batch, code) and back; they are copied.
    scaling : 'auto', 'whole' or 'columns'
        For arrays (n, d): one scale for all columns, each standardised by itself, or chosen by the values.
    epochs : int, optional
        Passes over the data at most; by default 7 for 54,000 images, more for fewer items, up to 200.
    batch_size : int, optional
        Items in a step; by default 32 images, or 64 rows.
    learning_rate : float, optional
        The highest of the schedule; by default up to 3e-3 for images and 5e-3 for rows, less for large ones.
    validation_fraction : float
        The part held out to stop early and to keep the best epoch; 0 for none.
    patience : int, optional
        Epochs without improvement after which training stops.
    warm_start : bool
        Go on from the networks of the last fit.
    random_state : int, RandomState or None
        Fixes the split, the weights and all noise.
    trainer : Trainer, optional
        Devices, precision, checkpoints and the like.
    """

    codes_are_normal: ClassVar[bool] = True

    def __init__(
        self,
        code: int | None = None,
        *,
        adversary: LossName = "non-saturating",
        weight: float = 0.01,
        depth: int | None = None,
        width: int | None = None,
        encoder: nn.Module | None = None,
        decoder: nn.Module | None = None,
        scaling: Scaling = "auto",
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        validation_fraction: float = 0.1,
        patience: int | None = None,
        warm_start: bool = False,
        random_state: int | None = None,
        trainer: Trainer | None = None,
    ) -> None:
        self.code = code
        self.adversary = adversary
        self.weight = weight
        self.depth = depth
        self.width = width
        self.encoder = encoder
        self.decoder = decoder
        self.scaling = scaling
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.warm_start = warm_start
        self.random_state = random_state
        self.trainer = trainer

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        super().check_params()
        adversarial_loss(self.adversary)
        checks.number("weight", self.weight, least=0, above=0)

    def _game(self, encoder: nn.Module, decoder: nn.Module) -> Game:
        body = RowBody(self.code_size_)
        critic = Critic(body, body.features)
        return AdversarialCoding(encoder, decoder, critic, adversarial_loss(self.adversary), self.weight)

    def _regularised(self) -> bool:
        return True
