"""FastStyle: one style, painted by a network in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from hiddenspace import checks
from hiddenspace.data.dataset import Dataset
from hiddenspace.errors import DataError, UsageError
from hiddenspace.losses.textures import total_variation
from hiddenspace.nets.style_net import StyleNet, size_of
from hiddenspace.style.eyes import Layers, eyes_of
from hiddenspace.style.feed_forward import FeedForward, some_of
from hiddenspace.style.likeness import Likeness, with_few_patches
from hiddenspace.style.order import read_order
from hiddenspace.style.painting import TextureDistance, check_weights
from hiddenspace.style.photographs import pieces
from hiddenspace.style.pictures import LEAST, resized, with_area
from hiddenspace.training.game import Batch, Game, Player
from hiddenspace.training.randomness import seeded
from hiddenspace.training.trainer import Trainer


class Repainting(Game):
    """Paint photographs so that each has the texture of the style and its own content.

    Parameters
    ----------
    painter : Module
        Pictures (b, 3, h, w) in [0, 1] -> the same.
    likeness : Likeness
        Of pictures to the style, and to what they were.
    crop : int
        The side of the pieces of photographs that are painted.
    weights : mapping of str to float
        Of 'style', 'patches', 'content' and 'total variation'.
    style : str
        Tells the style from any other, so that no training goes on with another one.
    """

    never_changed: ClassVar[tuple[str, ...]] = ("likeness",)

    def __init__(
        self, painter: nn.Module, likeness: Likeness, *, crop: int, weights: Mapping[str, float], style: str
    ) -> None:
        super().__init__()
        self.painter, self.likeness = painter, likeness
        self.crop, self.weights, self.style = crop, dict(weights), style

    def players(self) -> Mapping[str, Player]:
        return {"painter": Player((self.painter,), self.loss)}

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """||Texture(style) - Texture(G(x))|| + ||Content(x) - Content(G(x))||, layer by layer, as in `Painting.loss`.

        And, as a Markov random field, of each place of G(x) the distance to the patch of the style most like it.
        """
        assert isinstance(batch, dict)
        x = pieces(batch["x"], self.crop)
        made = self.painter(x).float()
        unlike = self.likeness(made, self.likeness.contents(x))
        terms = {name: self.weights[name.split()[0]] * value for name, value in unlike.items()}
        if self.weights["total variation"]:
            terms["total variation"] = self.weights["total variation"] * total_variation(made)
        return terms


class FastStyle(FeedForward):
    """Paints any picture in one style, in one pass of a network that has learned it (Johnson et al. 2016).

    The network is trained on photographs with the loss of `StyleTransfer`, `Repainting.loss`: what that one does for
    each picture anew in a minute, this one learns in some minutes, and does in a moment. Departures from the paper:
    instance normalisation (Ulyanov et al. 2016), a smaller net (see `StyleNet`), Wasserstein's distance of textures,
    patches, and a loss at two scales, which sees larger forms.

    Parameters
    ----------
    features : str, path, Module or model
        The net that looks at pictures, as in `StyleTransfer`; one that learns from pictures learns from the style and
        some of the photographs.
    steps : int
        Of training.
    size : int
        The side of the squares that files of photographs are brought to; the style gets as many pixels. Strokes are as
        large in pixels as they are in the style then.
    crop : int
        The side of the pieces of photographs in a step, 32 or more.
    scales : int
        Pieces and style are looked at in full size, in half of it, and so on.
    style_layers, content_layers, mrf_layers, style_weight, content_weight, mrf_weight, move_content
        As in `StyleTransfer`; where no `mrf_layers` are named, the last three of those are looked at.
    tv_weight, texture
        As in `StyleTransfer`.
    width, blocks : int
        Of the network: channels at half the resolution, and residual blocks.
    batch_size : int, optional
        Photographs in a step; by default 2.
    learning_rate : float, optional
        The highest of the schedule; kernels are moved by `Muon` at ten times this rate, all else by AdamW. By default
        2e-3.
    tile : int
        Larger pictures are painted in tiles of so many pixels a side, so that memory stays bounded.
    random_state : int, RandomState or None
        Fixes the weights, the order, and a feature net that learns.
    trainer : Trainer, optional
        Devices, precision, progress, observers; with `folder` a training that was interrupted goes on by `resume`.

    Attributes
    ----------
    painter_ : Module
        The trained network: (b, 3, h, w) in [0, 1] -> the same.
    features_ : str
        What looked at the pictures.
    history_ : list of dict
        A row for every fifty steps: means of the terms of the loss.
    recipe_ : Recipe
        The batch size and so on that were used, defaults filled in.
    seed_ : int

    Examples
    --------
    >>> import hiddenspace as hs
    >>> fast = hs.FastStyle().fit("photos/", style="painting.jpg")  # doctest: +SKIP
    >>> picture = fast.stylize("cat.jpg")  # doctest: +SKIP
    """

    network_names: ClassVar[tuple[str, ...]] = ("painter",)

    painter_: nn.Module
    features_: str

    def __init__(
        self,
        features: Any = "auto",
        *,
        steps: int = 1500,
        size: int = 256,
        crop: int = 160,
        scales: int = 2,
        style_layers: Layers = None,
        content_layers: Layers = None,
        mrf_layers: Layers = None,
        style_weight: float = 1.0,
        content_weight: float = 0.6,
        mrf_weight: float | None = None,
        move_content: bool | None = None,
        tv_weight: float = 0.0,
        texture: TextureDistance = "wasserstein",
        width: int = 32,
        blocks: int = 5,
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
        self.scales = scales
        self.style_layers = style_layers
        self.content_layers = content_layers
        self.mrf_layers = mrf_layers
        self.style_weight = style_weight
        self.content_weight = content_weight
        self.mrf_weight = mrf_weight
        self.move_content = move_content
        self.tv_weight = tv_weight
        self.texture = texture
        self.width = width
        self.blocks = blocks
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.tile = tile
        self.random_state = random_state
        self.trainer = trainer

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        super().check_params()
        for name in ("scales", "blocks"):
            checks.whole(name, getattr(self, name))
        check_weights(self, "style_weight", "content_weight", "mrf_weight", "tv_weight")
        if self.crop >> (self.scales - 1) < LEAST:
            raise UsageError(f"scales={self.scales} leave less than {LEAST} pixels of crop={self.crop}; use fewer.")

    def fit(self, X: Any, y: Any = None, *, style: Any = None) -> Self:
        """Learns to paint in a style.

        Parameters
        ----------
        X : array, path, name or Dataset
            Photographs, at least two, of whatever is to be painted: a folder, or anything `load_dataset` takes.
        y : ignored
        style : path, array or Pillow image
            The picture to paint like.

        Returns
        -------
        self

        Raises
        ------
        DataError
            If photographs or style cannot be read or are too small, or the style has only one colour.
        UsageError
            If a hyperparameter has a value that makes no sense, or there is no style, or several.
        TrainingError
            If a loss stops being finite. After this, or any other failure, the estimator is as it was before.
        """
        self.check_params()
        picture, digest = self._style(style)
        device = (self.trainer or Trainer()).launch().device
        with self._whole_or_not_at_all():
            dataset = self._begin(X, self.scaling)
            with seeded(self.seed_):
                self._build_networks()
                self._learn(self._game(dataset, picture, digest, device), dataset)
        return self

    def stylize(self, content: Any, *, size: int | None = None) -> NDArray[np.uint8]:
        """A picture painted in the style.

        Parameters
        ----------
        content : path, array or Pillow image
            (h, w), (h, w, 3) or (h, w, 4) of bytes or of floats in [0, 1]; transparent parts are white.
        size : int, optional
            The longer side of the result; by default that of the content. The larger, the finer are the strokes.

        Returns
        -------
        ndarray (h, w, 3) of bytes

        Raises
        ------
        DataError
            If the picture cannot be read, or has less than 16 pixels on a side.
        UsageError
            If the size makes no sense.
        """
        check_is_fitted(self)
        return self._painted(content, size, self.painter_, self.painter_)

    def _style(self, source: Any) -> tuple[Tensor, str]:
        """The style with at most as many pixels as photographs have, and what tells it from others."""
        if source is None or (isinstance(source, list | tuple) and len(source) != 1):
            raise UsageError("FastStyle learns one style; give style=, the path of a picture or an array.")
        order = read_order(None, source, size=None)
        style = order.styles[0]
        size = with_area(size_of(style), self.size**2)
        if min(size) >> (self.scales - 1) < LEAST:
            raise DataError(
                f"the style is looked at with {size[1]}x{size[0]} pixels, too few for scales={self.scales}; give a "
                "larger picture, or fewer scales."
            )
        return resized(style, size), order.digest()

    def _game(self, photographs: Dataset, style: Tensor, digest: str, device: torch.device) -> Repainting:
        """Who looks learns from the style and some of the photographs, where it has to."""
        eyes = eyes_of(
            self.features,
            self.style_layers,
            self.content_layers,
            self.mrf_layers,
            mrf_weight=self.mrf_weight,
            moved=self.move_content,
            data=[style, *some_of(photographs, self.format_)],
            seed=self.seed_,
        )
        self.features_ = eyes.net.description
        eyes.net.to(device)
        likeness = Likeness(
            eyes if self.mrf_layers is not None else with_few_patches(eyes), style, self.texture, self.scales
        )
        weights = {
            "style": self.style_weight,
            "patches": eyes.mrf_weight,
            "content": self.content_weight,
            "total variation": self.tv_weight,
        }
        return Repainting(self.painter_, likeness, crop=self.crop, weights=weights, style=digest)

    def _build_networks(self) -> None:
        self.painter_ = StyleNet(self.width, self.blocks)

    # what is learned --------------------------------------------------------------------------------------------

    def _fitted_config(self) -> dict[str, Any]:
        return {**super()._fitted_config(), "features": self.features_}

    def _take_fitted_config(self, config: dict[str, Any]) -> None:
        super()._take_fitted_config(config)
        self.features_ = str(config.pop("features"))
