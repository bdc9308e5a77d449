"""Regressor: numbers from items, by a net that starts from what was learned without any."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from torch import nn

from hiddenspace.autoencoders.supervised import Supervised
from hiddenspace.autoencoders.supervision import Regression
from hiddenspace.data.corruption import Corruption
from hiddenspace.data.dataset import Dataset, split_positions
from hiddenspace.data.format import Scaling
from hiddenspace.models.targets import checked_numbers
from hiddenspace.training.trainer import Trainer


class Regressor(RegressorMixin, Supervised):  # type: ignore[misc]
    """Names one or several numbers for an item: `Classifier` with a squared error in place of classes.

    Targets are standardised in training. Unlabelled items serve to pretrain an unfitted `init`, and for nothing else.
    The loss is `supervision.Regression.loss`.

    Parameters
    ----------
    init : model, path, Module, state dict or None
        What the encoder starts from, see Classifier.
    encoder : Module, optional
        What the state dict in `init` belongs to.
    freeze : int, optional
        Epochs in which only the head learns; by default a tenth of them, or 0 from scratch.
    layer_decay : float, optional
        In (0, 1]: the learning rate of each layer relative to that of the next nearer to the head; by default 0.9, or
        1 from scratch.
    augmentation : callable, 'auto' or None
        What each batch passes through in training; by default RandomAffine for images, nothing for others. Leave it
        out where the number is one that a turn, a shift or a change of size would change.
    scaling : 'auto', 'whole' or 'columns'
        As in Autoencoder; where `init` has been fitted, its own counts.
    epochs : int, optional
        Of at least 50 steps; by default 1,500 steps or more, 8 passes over 54,000 items.
    batch_size : int, optional
        Items in a step; by default 64.
    learning_rate : float, optional
        That of the head, the highest of the schedule; by default 2e-3, for images from scratch 3e-3.
    validation_fraction : float
        The part that is held out to stop early and to keep the best epoch, where it is at least 200 images or 25 rows;
        otherwise all are trained on, and the last epoch is kept.
    patience : int, optional
        Epochs without improvement after which training stops.
    random_state : int, RandomState or None
        Fixes the split, the weights, the order and all augmentation.
    trainer : Trainer, optional
        Devices, precision, checkpoints and the like.

    Attributes
    ----------
    encoder_, head_ : Module
        The trained networks.
    history_, best_epoch_, recipe_
        As in Autoencoder.
    """

    single_: bool

    def __init__(
        self,
        init: Any = None,
        *,
        encoder: nn.Module | None = None,
        freeze: int | None = None,
        layer_decay: float | None = None,
        augmentation: Corruption | Literal["auto"] | None = "auto",
        scaling: Scaling = "auto",
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        validation_fraction: float = 0.1,
        patience: int | None = None,
        random_state: int | None = None,
        trainer: Trainer | None = None,
    ) -> None:
        self.init = init
        self.encoder = encoder
        self.freeze = freeze
        self.layer_decay = layer_decay
        self.augmentation = augmentation
        self.scaling = scaling
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.random_state = random_state
        self.trainer = trainer

    def _targets(self, y: Any, items: int) -> np.ndarray:
        numbers = checked_numbers(y, items)
        self.single_, columns = numbers.ndim == 1, numbers.reshape(items, -1)
        self.outputs_ = columns.shape[1]
        self.target_mean_, spread = columns.mean(axis=0), columns.std(axis=0)
        self.target_scale_ = np.where(spread > 0, spread, 1.0)
        standardised: np.ndarray = ((columns - self.target_mean_) / self.target_scale_).astype(np.float32)
        return standardised

    def _split_positions(self, dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
        return split_positions(len(dataset), self.validation_fraction, self.seed_)

    def _game(self, frozen: float) -> Regression:
        return Regression(self.encoder_, self.head_, self._augmentation(), frozen)

    def predict(self, X: Any) -> np.ndarray:
        """The numbers of each item, in the shape of `y`: (n,) or (n, k) float64."""
        answers = self._answers(X)
        numbers: np.ndarray = answers * self.target_scale_ + self.target_mean_
        return numbers[:, 0] if self.single_ else numbers

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """R2, the explained part of the variance of `y`, which is by default what the source says."""
        dataset = self.read(X)
        numbers = dataset.labels if y is None else y
        return float(r2_score(numbers, self.predict(dataset), sample_weight=sample_weight))

    def _fitted_config(self) -> dict[str, Any]:
        target = {"mean": self.target_mean_.tolist(), "scale": self.target_scale_.tolist(), "single": self.single_}
        return {**super()._fitted_config(), "target": target}

    def _take_fitted_config(self, config: dict[str, Any]) -> None:
        super()._take_fitted_config(config)
        target = config.pop("target")
        self.target_mean_, self.target_scale_ = np.array(target["mean"]), np.array(target["scale"])
        self.single_ = bool(target["single"])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags
