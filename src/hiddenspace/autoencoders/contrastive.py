"""Contrastive learning: two views of an item shall be told from all others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace import checks
from hiddenspace.autoencoders.features import FeatureLearner, Monitor
from hiddenspace.data.augment import Augmentation, ImageAugmentation, RowAugmentation
from hiddenspace.data.format import Scaling
from hiddenspace.errors import UsageError
from hiddenspace.models.columns import column_wise
from hiddenspace.models.own_networks import code_size_of, copied
from hiddenspace.models.recipe import Recipe, default_patience
from hiddenspace.nets.mlp import MLP
from hiddenspace.nets.resnet import FEATURES, ResNetEncoder
from hiddenspace.training.game import Batch, Game, Player
from hiddenspace.training.muon import Muon
from hiddenspace.training.trainer import OptimizerFactory, Trainer

HEADS = {"images": (1024, 256), "vectors": (512, 128), "table": (512, 128)}
"""Widths of the projection head by the kind of data: hidden, and what it gives."""
EPOCHS, MOST_EPOCHS = 24, 100
"""Passes over 54,000 items, and over few."""
KERNELS = 40
"""How much faster kernels learn than all else: orthogonalised, their steps are of another kind."""


def nt_xent(a: Tensor, b: Tensor, temperature: float) -> Tensor:
    """Normalised temperature-scaled cross entropy of pairs (Chen et al. 2020, "A simple framework ...", eq. 1).

    Of all 2n - 1 other rows of a and b, each row shall be most similar, by the cosine, to its partner: the mean of
    -log(exp(s(i, partner) / t) / sum over k != i of exp(s(i, k) / t)).

    Parameters
    ----------
    a, b : tensors of shape (n, d)
        Row i of both belongs to the same item.
    temperature : float
        Above 0.
    """
    z = F.normalize(torch.cat([a, b]), dim=1)
    similarities = (z @ z.T / temperature).fill_diagonal_(-math.inf)
    partners = torch.arange(len(z), device=z.device).roll(len(a))
    return F.cross_entropy(similarities, partners)


class Contrast(Game):
    """Tell two views of an item from the views of all others.

    The head projects codes to where views are compared, which leaves the codes free to keep more; it is thrown away.
    Over several ranks each compares the items of its own share of the batch: a little easier than the whole.
    """

    def __init__(self, encoder: nn.Module, head: nn.Module, augmentation: Augmentation, temperature: float) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head
        self.augmentation, self.temperature = augmentation, temperature

    def players(self) -> Mapping[str, Player]:
        return {"encoder": Player((self.encoder, self.head), self.loss)}

    def loss(self, x: Batch) -> dict[str, Tensor]:
        """The cross entropy of `nt_xent` on the projections of two views."""
        assert isinstance(x, Tensor)
        views = torch.cat([self.augmentation(x), self.augmentation(x)])
        a, b = self.head(self.encoder(views)).float().chunk(2)
        with torch.autocast(x.device.type, enabled=False):  # similarities in bfloat16 have two digits
            return {"contrast": nt_xent(a, b, self.temperature)}


class ContrastiveEncoder(FeatureLearner):
    """Features that views of an item share, without labels and without a decoder (SimCLR, Chen et al. 2020).

    What the augmentation changes is what the features come to ignore: it is the choice that matters most. The
    features are good for classifiers, neighbours and maps; they cannot be decoded.

    Parameters
    ----------
    code : int, optional
        Features; by default 512 for images, 64 for rows and tables.
    temperature : float
        Of the loss: the lower, the more the most similar other items count.
    augmentation : callable, optional
        What makes a view of a batch: ImageAugmentation, RowAugmentation or any function of a tensor (b, *shape) that
        draws from torch's or NumPy's global generator; by default one of these two, by the data.
    encoder : Module, optional
        A network of one's own, (batch, *shape) -> (batch, code); it is copied. Images are (c, h, w). By default a
        small residual network with batch normalisation for images, a fully connected one for the rest.
    scaling : 'auto', 'whole' or 'columns'
        For arrays (n, d): one scale for all columns, each standardised by itself, or chosen by the values.
    monitor : bool or 'auto'
        Report the accuracy of the nearest neighbours among codes of held-out training items (`monitor/knn` in
        `history_`); 'auto' does where the data have classes for labels, 2 to 1,000 of several items each. Items
        whose label is missing are left out. Training never sees labels.
    epochs : int, optional
        Passes over the data at most; by default 24 for 54,000 items, more for fewer, up to 100.
    batch_size : int, optional
        Items in a step, each compared with all others; by default 256, or an eighth of fewer than 2,048 items.
    learning_rate : float, optional
        The highest of the schedule; by default 2e-3 for images and 1e-3 for rows. The kernels of the default network
        for images are moved by `Muon` at 40 times this rate; on held-out Fashion-MNIST it was worth twice as many
        epochs of AdamW.
    validation_fraction : float
        The part held out to stop early and to keep the best epoch, by the same loss; 0 for none.
    patience : int, optional
        Epochs without improvement after which training stops.
    random_state : int, RandomState or None
        Fixes the split, the weights and all views.
    trainer : Trainer, optional
        Devices, precision, checkpoints and the like.

    Attributes
    ----------
    encoder_ : Module
        The trained network; the head that was trained with it is not kept.
    history_ : list of dict
        One row an epoch.
    best_epoch_ : int
        The epoch whose weights were kept.
    code_size_ : int
        Features.
    recipe_ : Recipe
        The batch size, epochs and so on that were used, defaults filled in.
    """

    image_code: ClassVar[int] = FEATURES

    def __init__(
        self,
        code: int | None = None,
        *,
        temperature: float = 0.2,
        augmentation: Augmentation | None = None,
        encoder: nn.Module | None = None,
        scaling: Scaling = "auto",
        monitor: Monitor = "auto",
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        validation_fraction: float = 0.05,
        patience: int | None = None,
        random_state: int | None = None,
        trainer: Trainer | None = None,
    ) -> None:
        self.code = code
        self.temperature = temperature
        self.augmentation = augmentation
        self.encoder = encoder
        self.scaling = scaling
        self.monitor = monitor
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.random_state = random_state
        self.trainer = trainer

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        super().check_params()
        checks.number("temperature", self.temperature, least=0, above=0)
        if self.augmentation is not None and not callable(self.augmentation):
            raise UsageError(f"augmentation={self.augmentation!r} is no function; use ImageAugmentation(), or None.")

    def _build_networks(self) -> None:
        """The person's own encoder, the code being what it gives; a default one where there is none."""
        shape = self.format_.shape
        encoder, _ = copied(self.encoder, None)
        if encoder is not None:
            self.code_size_ = code_size_of(encoder, shape, 1)
            if self.code not in (None, self.code_size_):
                raise UsageError(f"code={self.code}, but the encoder gives codes of {self.code_size_}; leave code out.")
        elif self.format_.kind == "images":
            encoder = ResNetEncoder(shape, self.code_size_)
        else:
            encoder = MLP([shape[0], 256, 256, self.code_size_])
        self.encoder_ = encoder

    def _new_game(self) -> Game:
        hidden, projected = HEADS[self.format_.kind]
        head = nn.Sequential(
            nn.Linear(self.code_size_, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, projected),
        )
        return Contrast(self.encoder_, head, self._augmentation(), self.temperature)

    def _optimizer(self, recipe: Recipe) -> OptimizerFactory:
        """Muon for a network whose normalisations make the size of its kernels irrelevant."""
        if not isinstance(self.encoder_, ResNetEncoder):
            return super()._optimizer(recipe)
        rate = recipe.learning_rate
        return partial(Muon, learning_rate=rate, kernel_rate=KERNELS * rate, weight_decay=recipe.weight_decay)

    def _augmentation(self) -> Augmentation:
        """The person's own or that which suits the kind of data; what encodes a column of a table stays together."""
        default = ImageAugmentation() if self.format_.kind == "images" else RowAugmentation()
        return column_wise(self.augmentation or default, self.format_)

    def _default_recipe(self, items: int) -> Recipe:
        batch = min(256, max(32, items // 8))  # of few items several steps an epoch
        epochs = min(MOST_EPOCHS, max(1, round(EPOCHS * math.sqrt(54_000 / items))))
        rate = 2e-3 if self.format_.kind == "images" else 1e-3
        return Recipe(batch, epochs, rate, 1e-2, 1.0, default_patience(epochs))
