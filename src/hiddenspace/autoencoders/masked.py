"""Masked autoencoder: hide most of an item, and rebuild what was hidden from what was not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from hiddenspace import checks
from hiddenspace.autoencoders.features import FeatureLearner, Monitor
from hiddenspace.data.format import Scaling
from hiddenspace.models.batchwise import collected
from hiddenspace.models.columns import groups_of
from hiddenspace.models.recipe import Recipe, default_patience
from hiddenspace.nets.columns import ColumnsEncoder
from hiddenspace.nets.mlp import MLP
from hiddenspace.nets.patches import PatchDecoder, PatchEncoder
from hiddenspace.training.game import Batch, Game, Player
from hiddenspace.training.randomness import seeded
from hiddenspace.training.trainer import Trainer


def lots(x: Tensor, count: int) -> Tensor:
    """(b, count) numbers in [0, 1) for a batch, drawn on the CPU: a seed hides the same parts on every device."""
    return torch.rand(len(x), count).to(x.device, non_blocking=True)


class MaskedPatches(Game):
    """Rebuild the patches of an image that were hidden; the encoder sees the others only."""

    def __init__(self, encoder: PatchEncoder, decoder: PatchDecoder, mask: float) -> None:
        super().__init__()
        self.encoder, self.decoder, self.mask = encoder, decoder, mask

    def players(self) -> Mapping[str, Player]:
        return {"autoencoder": Player((self.encoder, self.decoder), self.loss)}

    def loss(self, x: Batch) -> dict[str, Tensor]:
        """Mean squared error over all values of the hidden patches."""
        assert isinstance(x, Tensor)
        rebuilt, hidden = self.rebuilt(x)
        errors = (rebuilt - self.encoder.patches(x)).square().mean(2)
        return {"masked": (errors * hidden).sum() / hidden.sum()}

    def rebuilt(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """All patches from those that are not hidden, (b, n, size), and which are, (b, n): 1 or 0."""
        patches = self.encoder.patches(x)
        count = patches.shape[1]
        shown = min(max(1, round((1 - self.mask) * count)), max(1, count - 1))
        kept = lots(x, count).argsort(1)[:, :shown]
        hidden = torch.ones(len(x), count, device=x.device)
        if count > 1:  # of a single patch nothing else could be seen
            hidden = hidden.scatter(1, kept, 0.0)
        return self.decoder(self.encoder.tokens(patches, kept), kept).float(), hidden

    def completed(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """What was seen, with 0 where it was hidden, and the same with the decoder's patches in those places."""
        rebuilt, hidden = self.rebuilt(x)
        patches, hidden = self.encoder.patches(x), hidden[:, :, None]
        parts = patches * (1 - hidden), patches * (1 - hidden) + rebuilt * hidden
        seen, whole = (self.encoder.patches.joined(part) for part in parts)
        return seen, whole


class MaskedColumns(Game):
    """Rebuild the columns of a row that were hidden; the encoder knows which they are."""

    def __init__(self, encoder: ColumnsEncoder, decoder: nn.Module, mask: float) -> None:
        super().__init__()
        self.encoder, self.decoder, self.mask = encoder, decoder, mask

    def players(self) -> Mapping[str, Player]:
        return {"autoencoder": Player((self.encoder, self.decoder), self.loss)}

    def loss(self, x: Batch) -> dict[str, Tensor]:
        """Mean squared error over all values of the hidden columns."""
        assert isinstance(x, Tensor)
        rebuilt, hidden = self.rebuilt(x)
        return {"masked": ((rebuilt - x).square() * hidden).sum() / hidden.sum().clamp(min=1)}

    def rebuilt(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """All values from those that are not hidden, and which are, both (b, d)."""
        hidden = lots(x, self.encoder.columns) < self.mask
        return self.decoder(self.encoder(x, hidden)).float(), hidden[:, self.encoder.groups]  # type: ignore[index]

    def completed(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """What was seen, with NaN where it was hidden, and the same with the decoder's values in those places."""
        rebuilt, hidden = self.rebuilt(x)
        return x.masked_fill(hidden, math.nan), torch.where(hidden, rebuilt, x)


class MaskedAutoencoder(FeatureLearner):
    """Features from which what is hidden of an item can be told, without labels (He et al. 2022).

    Images are cut into patches (at most 8 along the longer side), most of which the encoder, a transformer of a
    million parameters, never sees in training; a smaller one rebuilds them. A code is the mean of the patches' tokens
    of the whole image. Of rows and tables columns are hidden instead, and both networks are fully connected (a tenth
    of that size): the encoder gets 0 in place of a hidden column and is told that it is hidden, and the loss counts
    hidden columns only. (VIME, Yoon et al. 2020, puts values of other rows there, has all columns rebuilt and the
    hidden ones guessed.)

    Departures from He et al.: places are learned, from waves on; targets are the pixels themselves, where He et al.
    found pixels normalised within each patch a little better for classifiers (these could not be shown by
    `complete`); and a linear layer makes tokens of `code` numbers, which are what the decoder gets.

    A code is a mean that says no longer where things were, so it is not decoded: there is no `inverse_transform`.
    `complete` shows what was learned.

    Parameters
    ----------
    code : int, optional
        Numbers in the code; by default 128 for images, 64 for rows and tables.
    mask : float, optional
        The share of patches or columns that is hidden, in (0, 1); by default 0.75 of patches, 0.3 of columns.
    scaling : 'auto', 'whole' or 'columns'
        For arrays (n, d): one scale for all columns, each standardised by itself, or chosen by the values.
    monitor : bool or 'auto'
        Report the accuracy of the nearest neighbours among codes of held-out training items (`monitor/knn` in
        `history_`); 'auto' does where the data have classes for labels, 2 to 1,000 of several items each. Items
        whose label is missing are left out. Training never sees labels.
    epochs : int, optional
        Passes over the data at most; by default 20 for 54,000 items, more for fewer, up to 200.
    batch_size : int, optional
        Items in a step; by default 128.
    learning_rate : float, optional
        The highest of the schedule; by default 1e-3.
    validation_fraction : float
        The part held out to stop early and to keep the best epoch; 0 for none.
    patience : int, optional
        Epochs without improvement after which training stops.
    random_state : int, RandomState or None
        Fixes the split, the weights and what is hidden.
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
        The batch size, epochs and so on that were used, defaults filled in.
    """

    network_names: ClassVar[tuple[str, ...]] = ("encoder", "decoder")
    image_code: ClassVar[int] = 128

    decoder_: nn.Module

    def __init__(
        self,
        code: int | None = None,
        *,
        mask: float | None = None,
        scaling: Scaling = "auto",
        monitor: Monitor = "auto",
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        validation_fraction: float = 0.1,
        patience: int | None = None,
        random_state: int | None = None,
        trainer: Trainer | None = None,
    ) -> None:
        self.code = code
        self.mask = mask
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
        if self.mask is not None:
            checks.number("mask", self.mask, least=0, above=0, below=1)

    def complete(self, X: Any, *, random_state: int = 0) -> tuple[np.ndarray | pd.DataFrame, np.ndarray | pd.DataFrame]:
        """Hides parts of items as in training and fills them in: what was left to see, and what became of it.

        Parameters
        ----------
        X : array, DataFrame, path, name or Dataset
            Of the kind and shape that the model was fitted on.
        random_state : int
            Decides what is hidden.

        Returns
        -------
        seen, completed : arrays or DataFrames of n items, in the data's own shape and range
            What is hidden is black in images, and missing (NaN, None, NaT) in rows and tables. Tables have the index of
            a DataFrame that was given.
        """
        _, seen, whole = self.completed(X, random_state=random_state)
        completed = self._to_data(whole, X)
        if not isinstance(completed, pd.DataFrame):
            return self._to_data(seen, X), completed
        hidden = np.zeros(completed.shape, bool)
        hidden[:, groups_of(self.format_)] = np.isnan(seen)
        return completed.mask(hidden), completed

    def completed(self, X: Any, *, random_state: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Items, what was left of them, and `complete`'s answer in model space, each (n, *shape) float32.

        What is hidden is 0 in images and NaN in rows.
        """
        dataset, game = self._read(X), self._new_game()
        with seeded(random_state), torch.inference_mode():
            triples = [(x, *game.completed(x)) for x in self._batches(dataset)]
        items, seen, whole = (collected(iter(part)) for part in zip(*triples, strict=True))
        return items, seen, whole

    def mask_share(self) -> float:
        """The share of patches or columns that is hidden."""
        return self.mask or (0.75 if self.format_.kind == "images" else 0.3)

    def _build_networks(self) -> None:
        shape, code = self.format_.shape, self.code_size_
        if self.format_.kind == "images":
            encoder = PatchEncoder(shape, code)
            self.encoder_, self.decoder_ = encoder, PatchDecoder(encoder.patches, code)
        else:
            self.encoder_, self.decoder_ = ColumnsEncoder(groups_of(self.format_), code), MLP([code, 256, shape[0]])

    def _new_game(self) -> MaskedPatches | MaskedColumns:
        images = self.format_.kind == "images"
        return (MaskedPatches if images else MaskedColumns)(self.encoder_, self.decoder_, self.mask_share())  # type: ignore[arg-type]

    def _default_recipe(self, items: int) -> Recipe:
        batch = min(128, max(32, items // 8))  # of few items several steps an epoch
        epochs = min(200, max(1, round(20 * math.sqrt(54_000 / items))))
        return Recipe(batch, epochs, 1e-3, 5e-2, 1.0, default_patience(epochs))
