"""Images from what a table says: the lecture's generator of chairs by type, view and orientation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from hiddenspace import checks
from hiddenspace.data.attributes import AttributeFormat
from hiddenspace.data.batches import as_it_is
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import BATCH
from hiddenspace.data.named_batches import NamedBatches
from hiddenspace.errors import DataError, UsageError
from hiddenspace.generation.attribute_features import described, features_for
from hiddenspace.generation.attribute_losses import Absolute, Perceived, Squared
from hiddenspace.models.batchwise import collected
from hiddenspace.models.own_networks import check_decoder, copied_network
from hiddenspace.models.recipe import Recipe, default_patience
from hiddenspace.models.trained import Trained
from hiddenspace.nets.attribute_decoder import AttributeDecoder
from hiddenspace.training.game import Batch, Game, Player
from hiddenspace.training.randomness import seeded
from hiddenspace.training.trainer import Trainer

Loss = Literal["perceptual", "mse", "l1"]

PASSES, FEWEST_STEPS, MOST_EPOCHS, BATCH_SIZE = 8, 6000, 400, 32
"""Passes over 54,000 items, of fewer more by the root; steps at least, as far as the epochs allow."""
CLIP = 0.01
"""So small a norm of the gradient that its direction alone counts, whatever the scale of the loss."""
FASTEST, SIDE = 3e-3, 0.1
"""The learning rate up to 33 pixels, beyond which it falls as 0.1 / side."""


class Drawing(Game):
    """Draw what the attributes say."""

    never_changed: ClassVar[tuple[str, ...]] = ("comparison",)

    def __init__(self, generator: nn.Module, comparison: nn.Module) -> None:
        super().__init__()
        self.generator, self.comparison = generator, comparison

    def players(self) -> Mapping[str, Player]:
        return {"generator": Player((self.generator,), self.loss)}

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """By how much the drawn images differ from the true ones: the terms of the comparison, see its class."""
        assert isinstance(batch, dict)
        made = self.generator(batch["attributes"]).float()
        with torch.autocast(made.device.type, enabled=False):  # differences of features, which bfloat16 would round
            terms: dict[str, Tensor] = self.comparison(made, batch["x"])
        return terms


class AttributeGenerator(Trained):
    """Draws images from attributes: type, view, orientation -> image (Dosovitskiy et al. 2015, "Learning to generate
    chairs with convolutional neural networks").

    The attributes are categories, numbers and angles; between those that were seen it interpolates. With the pixels'
    error as loss, whatever is unsure is blurred; the perceptual loss ||f(image) - f(Gen(attributes))||^2 compares what
    a feature net f sees, by default beside a little of the pixels' error.

    Parameters
    ----------
    loss : 'perceptual', 'mse' or 'l1'
        What a feature net sees, see `hs.losses.perceptual_loss`; or the squared or the absolute error of pixels.
    features : Module, fitted model, path or name, optional
        The feature net of the perceptual loss: what `hs.feature_net` takes, or a module with a method
        `activations(x) -> dict of tensors`. It is copied and stays as it is. By default a random net whose
        activations are normalised on the images. One that has learned to tell what matters serves better: an encoder
        trained on such images. `features_` says what was used.
    layers : mapping of str to float, optional
        The layers that count and how much; by default all that the net gives, each as much as another.
    pixel_weight : float
        Of the squared error of pixels beside the perceptual loss: feature nets overlook small patterns and the exact
        brightness, and with less than 10 small trainings ended blurred and wrong. It is the term `pixels` of the
        history; 0 for none.
    cyclic : mapping of str to float, optional
        Attributes that come round again, and their periods, {'azimuth': 360}; by default those that are called so and
        look like degrees, see `hiddenspace.data.attributes`. `{}` for none.
    categorical : sequence of str
        Attributes that are numbers but name classes; text and booleans do so anyway.
    harmonics : int
        Multiples of an angle whose cosine and sine the generator is told.
    depth : int, optional
        Stages of resolution; by default as many as bring the longer side to 8 or less.
    width : int, optional
        Channels of the last stage, 16 by default.
    generator : Module, optional
        A network of one's own, (batch, attributes) -> (batch, c, h, w) with images in [0, 1]; it is copied.
    epochs : int, optional
        Passes over the data at most; by default 8 * sqrt(54,000 / images), at least as many as make 6,000 steps of 32
        images, but 400 at most.
    batch_size : int, optional
        Images in a step; by default 32.
    learning_rate : float, optional
        The highest of the schedule; by default 3e-3, or 0.1 / side for more than 33 pixels.
    validation_fraction : float
        The part held out at random to stop early and to keep the best epoch, by the same loss; 0 for none.
    patience : int, optional
        Epochs without improvement after which training stops.
    random_state : int, RandomState or None
        Fixes the split, the weights and the order.
    trainer : Trainer, optional
        Devices, precision, checkpoints and the like.

    Attributes
    ----------
    generator_ : Module
        The trained network.
    attribute_format_ : AttributeFormat
        How attributes become its input.
    features_ : str
        What the images were compared by.
    history_ : list of dict
        One row an epoch.
    best_epoch_ : int
        The epoch whose weights were kept.
    recipe_ : Recipe
        The batch size, epochs and so on that were used, defaults filled in.

    Examples
    --------
    >>> import hiddenspace as hs
    >>> images, attributes = hs.data.chairs(n=2_000, size=32)
    >>> gen = hs.AttributeGenerator(random_state=0).fit(attributes, images)  # doctest: +SKIP
    >>> gen.generate({"type": "sofa", "azimuth": [0, 10, 20], "elevation": 30, "colour": "red"})  # doctest: +SKIP
    """

    network_names: ClassVar[tuple[str, ...]] = ("generator",)

    generator_: nn.Module
    attribute_format_: AttributeFormat
    features_: str

    def __init__(
        self,
        loss: Loss = "perceptual",
        *,
        features: Any = None,
        layers: Mapping[str, float] | None = None,
        pixel_weight: float = 30.0,
        cyclic: Mapping[str, float] | None = None,
        categorical: Sequence[str] = (),
        harmonics: int = 3,
        depth: int | None = None,
        width: int | None = None,
        generator: nn.Module | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        validation_fraction: float = 0.1,
        patience: int | None = None,
        random_state: int | None = None,
        trainer: Trainer | None = None,
    ) -> None:
        self.loss = loss
        self.features = features
        self.layers = layers
        self.pixel_weight = pixel_weight
        self.cyclic = cyclic
        self.categorical = categorical
        self.harmonics = harmonics
        self.depth = depth
        self.width = width
        self.generator = generator
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
        if self.loss not in get_args(Loss):
            raise UsageError(f"loss={self.loss!r} is unknown; use {', '.join(map(repr, get_args(Loss)))}.")
        if self.loss != "perceptual" and self.features is not None:
            raise UsageError(f"features= is for the perceptual loss; leave it out with loss={self.loss!r}.")
        checks.number("pixel_weight", self.pixel_weight, least=0)
        checks.whole("harmonics", self.harmonics)

    # fit --------------------------------------------------------------------------------------------------------

    def fit(self, attributes: Any, X: Any = None) -> Self:  # type: ignore[override]  # what it learns from comes first
        """Learns from images and what each shows.

        Parameters
        ----------
        attributes : DataFrame, mapping of columns, array (n, d) or labels (n,)
            A row for each image, none of them missing: see `hiddenspace.data.attributes`.
        X : array, path, name or Dataset
            Images, as `load_dataset` takes them.

        Returns
        -------
        self

        Raises
        ------
        DataError
            If images or attributes cannot be read, are unequal in number or fewer than two.
        UsageError
            If a hyperparameter has a value that makes no sense, or the feature net does not take such images.
        TrainingError
            If a loss stops being finite. After this, or any other failure, the estimator is as it was before.
        """
        self.check_params()
        (self.trainer or Trainer()).launch()
        with self._whole_or_not_at_all():
            dataset = self._begin(X, "auto")
            if dataset.kind != "images":
                raise DataError(f"X is {dataset.kind}, but attributes are drawn as images; give images (n, h, w, c).")
            self.attribute_format_ = AttributeFormat.fitted(
                attributes, self.cyclic, categorical=self.categorical, harmonics=self.harmonics
            )
            dataset = _with(dataset, self.attribute_format_.encode(attributes))
            with seeded(self.seed_):
                self._build_networks()
                self._train(self._game(dataset), dataset)
        return self

    def _game(self, dataset: Dataset) -> Game:
        """Who compares is made of the images that are there."""
        if self.loss != "perceptual":
            self.features_ = "pixels"
            return Drawing(self.generator_, Squared() if self.loss == "mse" else Absolute())
        features = features_for(self.features, self.in_model_space, dataset, self.seed_)
        self.features_ = described(features, self.layers)
        return Drawing(self.generator_, Perceived(features, self.layers, self.pixel_weight))

    def _train(self, game: Game, dataset: Dataset) -> None:
        training, held_out = self._split(dataset)
        recipe = self.recipe_ = self._recipe(len(training))
        validation = None if held_out is None else self._pairs(held_out, BATCH, None)
        self._play(game, self._pairs(training, recipe.batch_size, self.seed_), validation, [])

    def _pairs(self, dataset: Dataset, batch_size: int, seed: int | None) -> NamedBatches:
        """Images and their attributes."""
        beside = {"attributes": np.asarray(dataset.labels)}
        return NamedBatches(self._side_by_side(dataset, beside, batch_size, seed))

    def _default_recipe(self, items: int) -> Recipe:
        passes = max(PASSES * math.sqrt(54_000 / items), FEWEST_STEPS * BATCH_SIZE / items)
        epochs = min(MOST_EPOCHS, max(1, round(passes)))
        rate = min(FASTEST, SIDE / max(self.format_.shape[1:]))
        return Recipe(BATCH_SIZE, epochs, rate, 1e-2, CLIP, default_patience(epochs))

    # answers ----------------------------------------------------------------------------------------------------

    def generate(self, attributes: Any) -> np.ndarray:
        """Images of what rows of attributes say, in the shape and range of the images that were learned from.

        Parameters
        ----------
        attributes : as for `fit`
            In a mapping single values stand for all rows: {'type': 'sofa', 'azimuth': [0, 90]}.

        Returns
        -------
        ndarray of shape (n, h, w), (n, h, w, c) or (n, c, h, w), float32

        Raises
        ------
        DataError
            If a column or a value is missing, or a category unknown.
        """
        check_is_fitted(self)
        return np.asarray(self.format_.to_data(self._drawn(self.attribute_format_.encode(attributes))))

    def interpolate(self, a: Any, b: Any, steps: int = 9) -> np.ndarray:
        """Images on the way from one row of attributes to another, both ends among them.

        Categories are mixed, numbers go in a straight line, angles along the shorter arc.

        Parameters
        ----------
        a, b : mapping, or DataFrame of one row
            From what to what.
        steps : int
            How many images, 2 or more.

        Returns
        -------
        ndarray of shape (steps, ...), float32

        Raises
        ------
        DataError
            If `a` or `b` is not one complete row.
        UsageError
            If `steps` is below 2.
        """
        check_is_fitted(self)
        return np.asarray(self.format_.to_data(self._drawn(self.attribute_format_.between(a, b, steps))))

    def score(self, attributes: Any, X: Any = None) -> float:
        """Explained variance of the pixels, 1 - |x - Gen(attributes)|^2 / |x - mean|^2 in model space: 1 is perfect.

        It is the pixels' whatever the loss was: a generator that learned by another one is not made for it.
        """
        x = self.in_model_space(X)
        encoded = self.attribute_format_.encode(attributes)
        _check_equal(len(encoded), len(x))
        made = np.clip(self._drawn(encoded), 0, 1).astype(np.float64)
        spread = float(((x - x.mean(0, dtype=np.float64)) ** 2).sum())
        error = float(((made - x) ** 2).sum())
        return 1.0 - error / spread if spread > 0 else float(error == 0)

    def _drawn(self, encoded: np.ndarray) -> np.ndarray:
        """(n, width) -> (n, c, h, w) in model space, not clipped."""
        if len(encoded) == 0:
            raise DataError("there is no row of attributes to draw; give at least one.")
        return collected(self._map(self.generator_, vectors) for vectors in self._draw(encoded, as_it_is))

    # what is learned --------------------------------------------------------------------------------------------

    def _build_networks(self) -> None:
        """The person's own generator; a default one where there is none."""
        width, shape = self.attribute_format_.width, self.format_.shape
        own = copied_network("generator", self.generator)
        if own is not None:
            check_decoder(own, width, shape, name="generator")
        self.generator_ = own or AttributeDecoder(width, shape, depth=self.depth, width=self.width)

    def _fitted_config(self) -> dict[str, Any]:
        mine = {"attribute_format": self.attribute_format_.config(), "features": self.features_}
        return {**super()._fitted_config(), **mine}

    def _take_fitted_config(self, config: dict[str, Any]) -> None:
        super()._take_fitted_config(config)
        self.attribute_format_ = AttributeFormat.from_config(config.pop("attribute_format"))
        self.features_ = str(config.pop("features"))


def _with(dataset: Dataset, encoded: np.ndarray) -> Dataset:
    """The images, and their attributes for labels."""
    _check_equal(len(encoded), len(dataset))
    return replace(dataset, labels=encoded, ids=None, test=None)


def _check_equal(rows: int, images: int) -> None:
    if rows != images:
        raise DataError(f"there are {rows:,} rows of attributes for {images:,} images; give one row for each image.")
