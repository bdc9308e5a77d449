"""Autoencoder: Decoder(Encoder(x)) ~ x, and the three ways to keep it from learning the identity."""

from __future__ import annotations

from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace import checks
from hiddenspace.autoencoders.learner import Learner
from hiddenspace.data.corruption import Corruption
from hiddenspace.data.format import Scaling
from hiddenspace.training.game import Batch, Game, Player
from hiddenspace.training.trainer import Trainer


class Reconstruction(Game):
    """Rebuild x from its code."""

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        sparsity: float = 0.0,
        code_noise: Corruption | None = None,
        corruption: Corruption | None = None,
    ) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.sparsity, self.code_noise, self.corruption = sparsity, code_noise, corruption

    def players(self) -> Mapping[str, Player]:
        return {"autoencoder": Player((self.encoder, self.decoder), self.loss)}

    def loss(self, x: Batch) -> dict[str, Tensor]:
        """Mean squared error over all values, and sparsity times the mean over items of the code's L1 norm."""
        assert isinstance(x, Tensor)
        code = self.encoder(x if self.corruption is None else self.corruption(x))
        noisy = code if self.code_noise is None else self.code_noise(code)
        terms = {"reconstruction": F.mse_loss(self.decoder(noisy).float(), x)}
        if self.sparsity:
            terms["sparsity"] = self.sparsity * code.float().abs().sum(1).mean()
        return terms


class Autoencoder(Learner):
    """Deep for tables and vectors, convolutional for images; any network by argument.

    Without options it is a plain autoencoder. `sparsity`, `code_noise` and `corruption` combine, and are what allows
    a code larger than the data (Hinton and Salakhutdinov 2006; Vincent et al. 2008; Goodfellow et al. 2016, ch. 14).

    Parameters
    ----------
    code : int, optional
        Numbers in the code; by default a quarter of the features, between 2 and 32.
    depth : int, optional
        Hidden layers (vectors, tables) or stages of resolution (images), 1 to 4; chosen by the data.
    width : int, optional
        Width of the first hidden layer, or channels of the first stage; chosen by the data.
    sparsity : float
        Weight of the L1 norm of the code, summed over the code and averaged over items.
    code_noise : callable, optional
        Disturbs the code during training: GaussianNoise, Dropout, or any function of a tensor (batch, code).
    corruption : callable, optional
        Distorts the input during training, while the original is to be restored: GaussianNoise, MaskingNoise,
        SaltAndPepper, Blur, Occlusion, or any function of a batch. A function of one's own, here or as code_noise,
        must draw from the global generator of torch or NumPy, whose state checkpoints keep.
    encoder, decoder : Module, optional
        Networks of one's own, (batch, *shape) -> (batch, code) and back; they are copied. Images are (c, h, w).
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

    Attributes
    ----------
    encoder_, decoder_ : Module
        The trained networks.
    history_ : list of dict
        One row an epoch.
    best_epoch_ : int
        The epoch whose weights were kept.
    code_size_ : int
        Numbers in the code.
    recipe_ : Recipe
        The batch size, epochs and so on that were used, defaults filled in; learning rate, weight decay and clip are
        those of the default optimizer.
    """

    def __init__(
        self,
        code: int | None = None,
        *,
        depth: int | None = None,
        width: int | None = None,
        sparsity: float = 0.0,
        code_noise: Corruption | None = None,
        corruption: Corruption | None = None,
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
        self.depth = depth
        self.width = width
        self.sparsity = sparsity
        self.code_noise = code_noise
        self.corruption = corruption
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
        checks.number("sparsity", self.sparsity, least=0)
        for name in ("code_noise", "corruption"):
            if getattr(self, name) is not None:
                checks.function(name, getattr(self, name))

    def _game(self, encoder: nn.Module, decoder: nn.Module) -> Game:
        return Reconstruction(encoder, decoder, self.sparsity, self.code_noise, self.corruption)

    def _regularised(self) -> bool:
        return bool(self.sparsity) or self.code_noise is not None or self.corruption is not None
