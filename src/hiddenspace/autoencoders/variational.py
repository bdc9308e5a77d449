"""Variational autoencoder: a code one can sample from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace import checks
from hiddenspace.autoencoders.learner import Learner
from hiddenspace.data.format import Scaling
from hiddenspace.training.game import Batch, Game, Player
from hiddenspace.training.trainer import Trainer


class Variational(Game):
    """Raise the evidence lower bound."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module, beta: float) -> None:
        super().__init__()
        self.encoder, self.decoder, self.beta = encoder, decoder, beta

    def players(self) -> Mapping[str, Player]:
        return {"autoencoder": Player((self.encoder, self.decoder), self.loss)}

    def loss(self, x: Batch) -> dict[str, Tensor]:
        """-log p(x|z) with the best common variance, and beta * KL(q(z|x) || N(0, 1)), both per value of x.

        The Gaussian likelihood at its optimal variance is log(MSE) / 2 up to a constant (Rybkin et al. 2021), so
        that beta = 1 is the true bound and no weight has to be found for each set of data. `mse` is only reported.
        """
        assert isinstance(x, Tensor)
        mean, log_variance = self.encoder(x).float().chunk(2, dim=1)
        log_variance = log_variance.clamp(-12.0, 6.0)  # beyond this exp() overflows in the first steps
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        mse = F.mse_loss(self.decoder(z).float(), x)
        kl = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(1).mean()
        features = math.prod(x.shape[1:])
        return {
            "likelihood": 0.5 * torch.log(mse + 1e-8),
            "kl": self.beta * kl / features,
            "mse": mse.detach(),
        }

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        """The bound alone: what is only reported shall not decide which epoch is kept."""
        terms = self.loss(batch)
        return {"likelihood": terms["likelihood"], "kl": terms["kl"]}


class VariationalAutoencoder(Learner):
    """Encodes an item as a Gaussian near N(0, 1), so that codes can be drawn (Kingma and Welling 2014).

    `transform` gives the mean of that Gaussian.

    Parameters
    ----------
    code : int, optional
        Numbers in the code; by default a quarter of the features, between 2 and 32.
    beta : float
        Weight of the divergence from N(0, 1): 1 is the evidence lower bound, more makes
        dimensions independent (Higgins et al. 2017).
    depth : int, optional
        Hidden layers (vectors, tables) or stages of resolution (images), 1 to 4; chosen by the data.
    width : int, optional
        Width of the first hidden layer, or channels of the first stage; chosen by the data.
    encoder, decoder : Module, optional
        Networks of one's own; the encoder gives means and log variances side by side, (batch, 2 * code).
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

    code_per_output = 2
    codes_are_normal: ClassVar[bool] = True

    def __init__(
        self,
        code: int | None = None,
        *,
        beta: float = 1.0,
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
        self.beta = beta
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
        checks.number("beta", self.beta, least=0)

    def _game(self, encoder: nn.Module, decoder: nn.Module) -> Game:
        return Variational(encoder, decoder, self.beta)

    def _regularised(self) -> bool:
        return self.beta > 0

    def _encode(self, x: Tensor) -> Tensor:
        mean: Tensor = self.encoder_(x).chunk(2, dim=1)[0]
        return mean
