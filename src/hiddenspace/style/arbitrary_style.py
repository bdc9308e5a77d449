"""ArbitraryStyle: any style, painted by one network in one pass."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from hiddenspace.data.batches import ArrayBatches
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import fit_format
from hiddenspace.errors import DataError, UsageError
from hiddenspace.losses.textures import TINY, texture_of
from hiddenspace.nets.adain import AdaIN, MapDecoder, looks_of, mixed_looks
from hiddenspace.nets.devices import device_of
from hiddenspace.nets.feature_config import config_of, net_from_config
from hiddenspace.nets.feature_extractor import FeatureNet
from hiddenspace.nets.feature_nets import feature_net
from hiddenspace.nets.style_net import size_of
from hiddenspace.params import Absent
from hiddenspace.style.eyes import Layers, eyes_of
from hiddenspace.style.feed_forward import FeedForward, some_of
from hiddenspace.style.looking import replicating
from hiddenspace.style.order import FLAT, check_strength, read_order
from hiddenspace.style.painting import DISTANCES, TextureDistance, check_weights
from hiddenspace.style.photographs import pieces, read_photographs
from hiddenspace.style.pictures import resized, with_area
from hiddenspace.training.game import Batch, Game, Player
from hiddenspace.training.randomness import seeded
from hiddenspace.training.trainer import Trainer

ADAPTED = 3
"""Layers at most, unless told otherwise."""
PROBED = 64
"""The side of a picture that shows what layers make."""


class Decoding(Game):
    """Make pictures of maps that were given the looks of a style.

    Parameters
    ----------
    encoder : FeatureNet
        Stays as it is.
    decoder : MapDecoder
        Maps of the `content` layers -> pictures.
    style, content : mapping of str to float
        By layer, how much its texture and its activations count.
    distance : 'wasserstein' or 'gram'
        Of textures.
    crop : int
        The side of the pieces of photographs and styles in a step.
    """

    never_changed: ClassVar[tuple[str, ...]] = ("encoder",)

    def __init__(
        self,
        encoder: FeatureNet,
        decoder: MapDecoder,
        *,
        style: Mapping[str, float],
        content: Mapping[str, float],
        distance: TextureDistance,
        crop: int,
    ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.adain = encoder, decoder, AdaIN(len(content))
        self.style, self.content, self.crop = dict(style), dict(content), crop
        self.distance = DISTANCES[distance]

    def players(self) -> Mapping[str, Player]:
        return {"decoder": Player((self.decoder,), self.loss)}

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """||Texture(style) - Texture(G)|| + ||AdaIN(x, style) - Content(G)||, layer by layer, with G = G(x, style)."""
        assert isinstance(batch, dict)
        x, style = pieces(batch["x"], self.crop), pieces(batch["style"], self.crop)
        style = style[torch.arange(len(x), device=x.device) % len(style)]
        with torch.no_grad():
            shown, seen = self.encoder.activations(style), self.encoder.activations(x)
            looks = looks_of([shown[layer] for layer in self.content])
            aimed = self.adain([seen[layer] for layer in self.content], looks)
        made = self.encoder.activations(self.decoder(aimed, (self.crop, self.crop)).float())
        with torch.autocast(x.device.type, enabled=False):  # bfloat16 would round what is summed
            terms = {
                f"style {layer}": weight * self.distance(texture_of(made[layer]), texture_of(shown[layer])).mean()
                for layer, weight in self.style.items()
            }
            for (layer, weight), wanted in zip(self.content.items(), aimed, strict=True):
                apart = (made[layer].float() - wanted).square().sum() / (wanted.square().sum() + TINY)
                terms[f"content {layer}"] = weight * apart
        return terms


class ArbitraryStyle(FeedForward):
    """Paints any picture in any style, in one pass (Huang and Belongie 2017, "Arbitrary style transfer in real-time
    with adaptive instance normalization").

    An encoder that stays as it is sees content and style; AdaIN gives what it sees in the content the means and
    deviations of what it sees in the style, and a decoder, which is learned, makes a picture of that. Departures from
    the paper: AdaIN at three layers rather than one, the finer of which keep forms sharp; textures are compared by
    Wasserstein's distance, which sees covariances too; the terms of the loss are relative to what is wanted.

    Parameters
    ----------
    features : str, path, Module or model
        The encoder, as in `StyleTransfer`; one that learns from pictures does so from some of both.
    steps : int
        Of training.
    size : int
        The side of the squares that files of photographs and styles are brought to; styles get as many pixels when
        painting, too.
    crop : int
        The side of the pieces of both in a step, 32 or more.
    style_layers : sequence of str or mapping of str to float, optional
        Layers whose texture counts, or how much each does; by default as in `StyleTransfer`.
    content_layers : sequence of str or mapping of str to float, optional
        Layers that AdaIN adapts and the decoder is given, of unlike resolutions below that of the
        picture; by default the three coarsest of `style_layers`.
    style_weight, content_weight : float
        Of texture and content in the loss.
    texture : 'wasserstein' or 'gram'
        The distance of textures, as in `StyleTransfer`.
    width : int
        Channels of the decoder at full resolution; twice as many at half of it, and so on, up to eight times.
    batch_size, learning_rate, tile, random_state, trainer
        As in `FastStyle`.

    Attributes
    ----------
    encoder_, decoder_ : Module
        The net that looks, and the one that was trained.
    features_ : str
        What the encoder is.
    history_, recipe_, seed_
        As in `FastStyle`.

    Examples
    --------
    >>> import hiddenspace as hs
    >>> any_style = hs.ArbitraryStyle().fit("photos/", styles="paintings/")  # doctest: +SKIP
    >>> picture = any_style.stylize("cat.jpg", "another_painting.jpg", strength=0.7)  # doctest: +SKIP
    """

    network_names: ClassVar[tuple[str, ...]] = ("encoder", "decoder")

    encoder_: FeatureNet
    decoder_: MapDecoder
    features_: str
    adapted_: dict[str, float]

    def __init__(
        self,
        features: Any = "auto",
        *,
        steps: int = 2000,
        size: int = 256,
        crop: int = 160,
        style_layers: Layers = None,
        content_layers: Layers = None,
        style_weight: float = 1.0,
        content_weight: float = 0.5,
        texture: TextureDistance = "wasserstein",
        width: int = 16,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        tile: int = 2048,
        random_state: Any = None,
        trainer: Trainer | None = None,
    ) -> None:
        self.features = features
        self.steps = steps
        self.size = size
        self.crop = crop
        self.style_layers = style_layers
        self.content_layers = content_layers
        self.style_weight = style_weight
        self.content_weight = content_weight
        self.texture = texture
        self.width = width
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.tile = tile
        self.random_state = random_state
        self.trainer = trainer

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        super().check_params()
        check_weights(self, "style_weight", "content_weight")

    def fit(self, X: Any, y: Any = None, *, styles: Any = None) -> Self:
        """Learns to paint in any style.

        Parameters
        ----------
        X : array, path, name or Dataset
            Photographs, at least two, of whatever is to be painted: a folder, or anything `load_dataset` takes.
        y : ignored
        styles : as X
            Pictures to paint like, a folder or a list of paths; the more they are, the better those are met that are
            not among them.

        Returns
        -------
        self

        Raises
        ------
        DataError
            If photographs or styles cannot be read or are too small, or all styles have only one colour.
        UsageError
            If a hyperparameter has a value that makes no sense, or there are no styles.
        TrainingError
            If a loss stops being finite. After this, or any other failure, the estimator is as it was before.
        """
        self.check_params()
        shown = self._read_styles(styles)
        device = (self.trainer or Trainer()).launch().device
        with self._whole_or_not_at_all():
            dataset = self._begin(X, self.scaling)
            self.data_["styles"] = {"name": shown.name, "items": len(shown)}
            with seeded(self.seed_):
                game = self._game(dataset, shown)
                game.encoder.to(device)
                self._learn(game, dataset, style=partial(self._style_batches, shown))
        return self

    def stylize(
        self,
        content: Any,
        style: Any,
        *,
        weights: Sequence[float] | None = None,
        strength: float = 1.0,
        size: int | None = None,
    ) -> NDArray[np.uint8]:
        """A picture painted in a style.

        Parameters
        ----------
        content : path, array or Pillow image
            (h, w), (h, w, 3) or (h, w, 4) of bytes or of floats in [0, 1]; transparent parts are white.
        style : path, array or Pillow image, or list of such
            Any, whether it was learned from or not.
        weights : sequence of float, optional
            How much each style counts, 0 or more; by default each as much as another.
        strength : float
            From 0, the content as the decoder has it, to 1.
        size : int, optional
            The longer side of the result; by default that of the content.

        Returns
        -------
        ndarray (h, w, 3) of bytes

        Raises
        ------
        DataError
            If a picture cannot be read, has less than 16 pixels on a side, or a style has only one colour.
        UsageError
            If an argument makes no sense.
        """
        check_is_fitted(self)
        check_strength(strength)
        order = read_order(None, style, size=None, weights=weights)
        each = [self._looks(resized(one, with_area(size_of(one), self.size**2))) for one in order.styles]
        looks = mixed_looks(each, order.weights)
        adain = AdaIN(len(looks))

        def paint(x: Tensor) -> Tensor:
            made: Tensor = self.decoder_(adain(self._maps(x), looks, float(strength)), size_of(x))
            return made

        return self._painted(content, size, nn.ModuleList([self.encoder_, adain, self.decoder_]), paint)

    def _read_styles(self, styles: Any) -> Dataset:
        if styles is None:
            raise UsageError("ArbitraryStyle learns from styles; give styles=, a folder or a list of paths.")
        shown = read_photographs(styles, self.size, self.crop, what="the styles")
        if all(float(one.flatten(2).std(2).max()) < FLAT for one in some_of(shown, fit_format(shown))):
            raise DataError("the styles have only one colour each and no texture to take; give other pictures.")
        return shown

    def _style_batches(self, shown: Dataset, batch_size: int) -> ArrayBatches:
        form = fit_format(shown)
        # in another order than the photographs, so that all styles meet all of them
        return ArrayBatches(
            form.store(shown), form.to_model, batch_size=batch_size, seed=self.seed_ + 1, drop_last=True
        )

    def _game(self, photographs: Dataset, styles: Dataset) -> Decoding:
        """The encoder learns from some of the pictures, where it has to."""
        eyes = eyes_of(
            self.features,
            self.style_layers,
            self.content_layers,
            None,
            mrf_weight=0.0,
            moved=False,
            data=[*some_of(styles, fit_format(styles)), *some_of(photographs, self.format_)],
            seed=self.seed_,
        )
        self.encoder_, self.features_ = eyes.net, eyes.net.description
        coarse = [layer for layer, stride in self._strides(list(eyes.style)).items() if stride > 1][-ADAPTED:]
        self.adapted_ = (
            dict.fromkeys(coarse, 1 / max(1, len(coarse))) if self.content_layers is None else dict(eyes.content)
        )
        self._build_decoder()
        return Decoding(
            self.encoder_,
            self.decoder_,
            style={layer: self.style_weight * weight for layer, weight in eyes.style.items()},
            content={layer: self.content_weight * weight for layer, weight in self.adapted_.items()},
            distance=self.texture,
            crop=self.crop,
        )

    def _build_networks(self) -> None:
        """Those of a saved model."""
        if self._saved["net"] is not None:
            self.encoder_ = net_from_config(self._saved["net"])
        else:
            if isinstance(self.features, Absent):
                self.features()  # says what is missing
            layers = None if isinstance(self.features, FeatureNet) else self._saved["layers"]
            self.encoder_ = replicating(copy.deepcopy(feature_net(self.features, layers)))
        self._build_decoder()

    def _build_decoder(self) -> None:
        """For the layers that are adapted, which are put in order, the finest first."""
        strides = self._strides(list(self.adapted_))
        if len(set(strides.values())) < len(strides) or min(strides.values(), default=0) < 2:
            raise UsageError(
                f"the layers to adapt, {list(strides)}, have places {list(strides.values())} pixels apart; choose "
                "content_layers of unlike distances, each 2 or more."
            )
        self.adapted_ = {layer: self.adapted_[layer] for layer in sorted(strides, key=strides.__getitem__)}
        channels = [int(one.shape[1]) for one in self._maps(torch.zeros(1, 3, PROBED, PROBED))]
        self.decoder_ = MapDecoder(channels, sorted(strides.values()), self.width)

    def _strides(self, layers: Sequence[str]) -> dict[str, int]:
        """How many pixels apart the places of layers are."""
        made = self.encoder_.activations(torch.zeros(1, 3, PROBED, PROBED))
        return {layer: 2 ** round(math.log2(PROBED / made[layer].shape[-1])) for layer in layers}

    def _maps(self, x: Tensor) -> list[Tensor]:
        made = self.encoder_.activations(x)
        return [made[layer] for layer in self.adapted_]

    @torch.inference_mode()
    def _looks(self, style: Tensor) -> list[tuple[Tensor, Tensor]]:
        return looks_of(self._maps(style.to(device_of(self.encoder_))))

    # what is learned --------------------------------------------------------------------------------------------

    def _fitted_config(self) -> dict[str, Any]:
        encoder = {"net": config_of(self.encoder_), "layers": list(self.encoder_.layers)}
        return {
            **super()._fitted_config(),
            "features": self.features_,
            "encoder": encoder,
            "adapted": self.adapted_,
        }

    def _take_fitted_config(self, config: dict[str, Any]) -> None:
        super()._take_fitted_config(config)
        self.features_, self.adapted_ = str(config.pop("features")), dict(config.pop("adapted"))
        self._saved = config.pop("encoder")
