"""Classifier: a net that starts from what was learned without labels, or with other ones."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from torch import nn

from hiddenspace import checks
from hiddenspace.autoencoders.supervised import Supervised
from hiddenspace.autoencoders.supervision import Classification
from hiddenspace.data.augment import ImageAugmentation, RowAugmentation
from hiddenspace.data.corruption import Corruption
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import Scaling
from hiddenspace.models.columns import column_wise
from hiddenspace.models.naming import Naming
from hiddenspace.models.targets import checked_labels, stratified
from hiddenspace.training.trainer import Trainer


class Classifier(Supervised, Naming):
    """Names the class of an item, from few labels where its encoder was pretrained without.

    A linear head on the encoder's standardised features learns first, then the whole net, the layers near the data
    more slowly (Erhan et al. 2010, "Why does unsupervised pre-training help deep learning?"; Howard and Ruder 2018).
    The weights are averaged over the last hundred or so steps. The loss is `supervision.Classification.loss`.

    Parameters
    ----------
    init : model, path, Module, state dict or None
        What the encoder starts from, which is copied.
        None: the default network for the data, from scratch.
        A fitted model of hiddenspace (or its path, run folder or Hub name): its encoder, and the way it sees data. A
        fitted Classifier too, for pretraining on other labels. Where scikit-learn clones the estimator (Pipeline,
        GridSearchCV), put the model in `sklearn.frozen.FrozenEstimator`: a clone of a fitted model is an unfitted one.
        An unfitted model: it is fitted first, inside `fit`, on X and the unlabelled items.
        A torch Module: it takes images (b, c, h, w) in [0, 1] or rows (b, d), whatever normalisation it wants being a
        part of it; feature maps it gives are averaged over places, sequences over steps.
        A state dict, or the path of one (.safetensors, .pt, .pth, .bin): with `encoder`, see there.
    encoder : Module, optional
        What the state dict in `init` belongs to. Tensors of a head that it does not have are left out, with a warning.
    freeze : int, optional
        Epochs in which only the head learns; by default a tenth of them, or 0 from scratch.
    layer_decay : float, optional
        In (0, 1]: the learning rate of each layer relative to that of the next nearer to the head; by default 0.9, or
        1 from scratch.
    augmentation : callable, 'auto' or None
        What each batch (b, *shape) passes through in training; by default RandomAffine for images, nothing for others.
    smoothing : float
        The part of the probability that labels spread over all classes, in [0, 1) (label smoothing).
    consistency : float
        Weight of the loss on unlabelled items: what is answered with confidence stays the answer when the item is
        distorted (FixMatch, Sohn et al. 2020). Above 0 it needs `unlabelled` in `fit`.
    threshold : float
        The least probability that counts as confidence, in [0, 1).
    scaling : 'auto', 'whole' or 'columns'
        As in Autoencoder; where `init` has been fitted, its own counts.
    epochs : int, optional
        Of at least 50 steps, few items being passed through several times in one; by default 1,500 steps or more, 8
        passes over 54,000 items.
    batch_size : int, optional
        Labelled items in a step, and unlabelled ones beside them; by default 64.
    learning_rate : float, optional
        That of the head, the highest of the schedule; by default 2e-3, for images from scratch 3e-3.
    validation_fraction : float
        The part of each class that is held out to stop early and to keep the best epoch, where these are at least 200
        images or 25 rows; otherwise all are trained on, and the last epoch is kept.
    patience : int, optional
        Epochs without improvement after which training stops.
    random_state : int, RandomState or None
        Fixes the split, the weights, the order and all augmentation.
    trainer : Trainer, optional
        Devices, precision, checkpoints and the like.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted.
    encoder_, head_ : Module
        The trained networks.
    history_, best_epoch_, recipe_
        As in Autoencoder.
    """

    def __init__(
        self,
        init: Any = None,
        *,
        encoder: nn.Module | None = None,
        freeze: int | None = None,
        layer_decay: float | None = None,
        augmentation: Corruption | Literal["auto"] | None = "auto",
        smoothing: float = 0.0,
        consistency: float = 0.0,
        threshold: float = 0.95,
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
        self.smoothing = smoothing
        self.consistency = consistency
        self.threshold = threshold
        self.scaling = scaling
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
        checks.number("consistency", self.consistency, least=0)
        for name in ("smoothing", "threshold"):
            checks.number(name, getattr(self, name), least=0, below=1)

    def _targets(self, y: Any, items: int) -> np.ndarray:
        return self._numbered(checked_labels(y, items))

    def _split_positions(self, dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
        return stratified(np.asarray(dataset.labels), self.validation_fraction, self.seed_)

    def _uses_unlabelled(self) -> bool:
        return self.consistency > 0

    def _game(self, frozen: float) -> Classification:
        distortion = ImageAugmentation() if self.format_.kind == "images" else RowAugmentation()
        return Classification(
            self.encoder_,
            self.head_,
            self._augmentation(),
            column_wise(distortion, self.format_),
            frozen,
            self.smoothing,
            self.consistency,
            self.threshold,
        )
