"""StyleTransfer: a picture painted anew by optimisation, after the texture of one and the content of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from torch import Tensor

from hiddenspace import checks
from hiddenspace.errors import UsageError
from hiddenspace.style.eyes import Eyes, Layers, eyes_of
from hiddenspace.style.looking import Looking, check_tile
from hiddenspace.style.optimizers import RANGE_WEIGHTS, RATES, optimizer_of
from hiddenspace.style.order import Order, read_order
from hiddenspace.style.painting import DISTANCES, Painting, Steps, TextureDistance, check_weights
from hiddenspace.style.pictures import as_bytes, coarse_to_fine, resized
from hiddenspace.style.wanted import wanted_of
from hiddenspace.training.play import play
from hiddenspace.training.progress import ProgressBar
from hiddenspace.training.randomness import seeded
from hiddenspace.training.trainer import Trainer

Init = Literal["content", "style", "noise"]
ROW = 10
"""Steps in a row of the history."""
AVERAGING = 0.99
"""Decay of the average of the pictures that Adam passes through, which is what is kept."""


class StyleTransfer(BaseEstimator):  # type: ignore[misc]
    """Paints a picture with the content of one and the texture of others (Gatys, Ecker and Bethge 2016).

    The picture itself is what is optimised, coarse to fine. The loss is `Painting.loss`:

        style_weight * ||Texture(style) - Texture(picture)|| + content_weight * ||Content(original) - Content(picture)||

    With nets other than VGG, by name or file, two things are added, which the paper has not: each place shall be
    like some patch of the style (`mrf_weight`), and the content wanted is moved to the texture of the style before
    (`move_content`). What they change in the picture is more than what any choice of weights does.

    Each layer's distance is relative to what is wanted there, so that the same weights suit every net. Departures from
    the paper: the distance of textures is that of Wasserstein (`texture='gram'` is the paper's), the optimizer is Adam
    and what is kept is an average of the pictures it passes through (`optimizer='lbfgs'`), borders are replicated.

    Parameters
    ----------
    features : str, path, Module or model
        The net that looks at pictures, as `hs.feature_net` takes it: a file such as vgg19.pth, a name, a module, or
        a fitted model. 'auto' is VGG19 or VGG16 where torch.hub has its file on this machine, and otherwise
        'patches', a net made of what patches of these very pictures have in common.
    steps : int
        Over all scales, each of which takes as many.
    size : int, optional
        The longer side of the result in pixels; smaller originals are enlarged. None is the size of the original.
    style_layers : sequence of str or mapping of str to float, optional
        Layers whose texture counts, or how much that of each does; by default relu1_1, relu2_1, relu3_1, relu4_1 and
        relu5_1 of VGG, and all of other nets.
    content_layers : sequence of str or mapping of str to float, optional
        Layers whose activations count place by place; by default relu4_2 of VGG, and the last but one of other nets.
    mrf_layers : sequence of str or mapping of str to float, optional
        Layers at which each place shall be like a patch of the style; by default relu3_1 and relu4_1 of VGG, and the
        last four of others.
    style_weight : float
        Of texture in the loss.
    content_weight : float
        Of content in the loss: more keeps more of the original.
    mrf_weight : float, optional
        Of the patches in the loss; by default 0 with VGG and 1 with other nets, whose textures alone do not tell where
        what belongs.
    move_content : bool, optional
        Whether the content wanted is that of the original after optimal transport to the texture wanted, so that
        content and texture do not contradict each other, and not its own; by default so for other nets than VGG.
    tv_weight : float
        Of total variation in the loss: more makes smoother.
    texture : 'wasserstein' or 'gram'
        The distance of textures: between Gaussians with their means and covariances, or between Gram matrices.
    init : 'content', 'style' or 'noise'
        What the picture begins as; without a content it is noise.
    optimizer : 'adam' or 'lbfgs'
        What moves the pixels: Adam, or L-BFGS as in the paper, one evaluation a step, in float32 unless the trainer's
        precision says otherwise.
    learning_rate : float, optional
        By default 0.02 for Adam, of pixels in [0, 1], and 1 for L-BFGS.
    first_size : int, optional
        The longer side of the coarsest scale; each next one is larger by the square root of 2. None paints in the
        final size alone.
    style_scale : float
        The side of the styles relative to the picture: less makes strokes finer. Styles are never enlarged.
    tile : int
        Larger pictures are looked at in tiles of so many pixels a side, so that memory stays bounded.
    random_state : int, RandomState or None
        Fixes the net without training, and noise.
    trainer : Trainer, optional
        Devices, precision, progress, observers; with `folder` a painting that was interrupted goes on by `resume`.

    Attributes
    ----------
    features_ : str
        What looked at the pictures.
    terms_ : dict
        The terms of the loss of the result, by name: what is left of each.
    weights_ : dict
        By how much each of them was multiplied.
    history_ : list of dict
        A row for every ten steps: means of the terms, the `step` over all scales, and the `height` and `width` of the
        scale.
    seed_ : int
    """

    features_: str
    terms_: dict[str, float]
    weights_: dict[str, float]
    history_: list[dict[str, float]]
    seed_: int

    def __init__(
        self,
        features: Any = "auto",
        *,
        steps: int = 300,
        size: int | None = 512,
        style_layers: Layers = None,
        content_layers: Layers = None,
        mrf_layers: Layers = None,
        style_weight: float = 1.0,
        content_weight: float = 0.6,
        mrf_weight: float | None = None,
        move_content: bool | None = None,
        tv_weight: float = 0.0,
        texture: TextureDistance = "wasserstein",
        init: Init = "content",
        optimizer: Literal["adam", "lbfgs"] = "adam",
        learning_rate: float | None = None,
        first_size: int | None = 64,
        style_scale: float = 1.0,
        tile: int = 1024,
        random_state: Any = None,
        trainer: Trainer | None = None,
    ) -> None:
        self.features = features
        self.steps = steps
        self.size = size
        self.style_layers = style_layers
        self.content_layers = content_layers
        self.mrf_layers = mrf_layers
        self.style_weight = style_weight
        self.content_weight = content_weight
        self.mrf_weight = mrf_weight
        self.move_content = move_content
        self.tv_weight = tv_weight
        self.texture = texture
        self.init = init
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.first_size = first_size
        self.style_scale = style_scale
        self.tile = tile
        self.random_state = random_state
        self.trainer = trainer

    def stylize(
        self,
        content: Any = None,
        style: Any = None,
        *,
        weights: Sequence[float] | None = None,
        keep_color: bool | Literal["luminance", "histogram"] = False,
        mask: Any = None,
        strength: float = 1.0,
    ) -> NDArray[np.uint8]:
        """Paints.

        Parameters
        ----------
        content : path, array or Pillow image, optional
            The original: (h, w), (h, w, 3) or (h, w, 4) of bytes or of floats in [0, 1]; transparent parts are white.
            Without one, texture alone is made, in the proportions of the style.
        style : path, array or image, or list of such, optional
            Without any, what the content layers see is painted alone: with `init='noise'` that shows what they know.
        weights : sequence of float, optional
            How much each style counts, 0 or more; by default each as much as another.
        keep_color : bool, 'luminance' or 'histogram'
            Keeps the colours of the original: True and 'luminance' paint the luminance alone, 'histogram' gives the
            styles the mean and covariance of the original's colours before.
        mask : path or array, or list of such, optional
            Where it is white it is painted, where it is black the original stays. One for all styles, or one for each.
        strength : float
            From 0, the texture of the original, to 1, that of the styles.

        Returns
        -------
        ndarray (h, w, 3) of bytes

        Raises
        ------
        DataError
            If a picture cannot be read or says nothing, or a mask is of another size.
        UsageError
            If an argument makes no sense.
        ModelError
            If the feature net cannot be had.
        """
        self.check_params()
        order = read_order(
            content,
            style,
            size=self.size,
            style_scale=self.style_scale,
            weights=weights,
            mask=mask,
            keep_color=keep_color,
            strength=strength,
        )
        self.seed_ = int(check_random_state(self.random_state).randint(2**31 - 1))
        eyes = eyes_of(
            self.features,
            self.style_layers,
            self.content_layers,
            self.mrf_layers,
            mrf_weight=self.mrf_weight,
            moved=self.move_content,
            data=order.pictures,
            seed=self.seed_,
        )
        self.features_, self.history_ = eyes.net.description, []
        trainer = self.trainer or Trainer()
        eyes.net.to(trainer.launch().device)
        with seeded(self.seed_):
            picture = self._painted(order.in_its_colours(), eyes, trainer)
        return as_bytes(order.finished(picture.cpu()))

    def check_params(self) -> None:
        """Refuses values that make no sense, which `stylize` does before anything is read.

        Raises
        ------
        UsageError
            If there is one.
        """
        checks.whole("steps", self.steps)
        for name in ("size", "first_size"):
            if getattr(self, name) is not None:
                checks.whole(name, getattr(self, name))
        check_weights(self, "style_weight", "content_weight", "mrf_weight", "tv_weight")
        checks.number("style_scale", self.style_scale, least=0, above=0)
        if self.learning_rate is not None:
            checks.number("learning_rate", self.learning_rate, least=0, above=0)
        check_tile(self.tile)
        choices = {"texture": DISTANCES, "init": get_args(Init), "optimizer": RATES}
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise UsageError(f"{name}={getattr(self, name)!r} is unknown; use {', '.join(map(repr, known))}.")

    def _painted(self, order: Order, eyes: Eyes, trainer: Trainer) -> Tensor:
        """The picture, scale by scale."""
        sizes = [order.size] if self.first_size is None else coarse_to_fine(order.size, self.first_size)
        ends = np.linspace(0, self.steps, len(sizes) + 1).round().astype(int)
        paint = partial(self._at_a_scale, eyes=eyes, of=order.digest())
        picture: Tensor | None = None
        for number, (size, before, end) in enumerate(zip(sizes, ends[:-1], ends[1:], strict=True), start=1):
            if end == before:  # there are more scales than steps
                continue
            folder = None if trainer.folder is None else Path(trainer.folder) / f"scale-{number}"
            span, at_this_scale = range(int(before), int(end)), replace(trainer, folder=folder)
            picture = paint(order.at(size, eyes.device), picture, span, trainer=at_this_scale)
        assert picture is not None
        return picture

    def _at_a_scale(
        self, order: Order, picture: Tensor | None, span: range, *, eyes: Eyes, of: str, trainer: Trainer
    ) -> Tensor:
        """The picture after these steps at the size of the order."""
        style = eyes.style if order.styles else {}
        content = eyes.content if order.content is not None and self.content_weight > 0 else {}
        patches = eyes.mrf if order.styles and eyes.mrf_weight > 0 else {}
        looking = Looking(eyes.net, tuple(style), tuple(content), order.size, order.regions, self.tile)
        game = Painting(
            self._begun(order) if picture is None else resized(picture, order.size),
            wanted_of(order, looking, tuple(patches), moved=eyes.moved),
            distance=self.texture,
            style_weights={layer: self.style_weight * weight for layer, weight in style.items()},
            content_weights={layer: self.content_weight * weight for layer, weight in content.items()},
            mrf_weights={layer: eyes.mrf_weight * order.strength * weight for layer, weight in patches.items()},
            tv_weight=self.tv_weight,
            range_weight=RANGE_WEIGHTS[self.optimizer],
            optimizer=optimizer_of(self.optimizer, self.learning_rate, 3 * order.size[0] * order.size[1]),
            finished=order.finished,
        )
        averaged = AVERAGING if self.optimizer == "adam" else None
        trainer = replace(trainer, ema=averaged if trainer.ema is None else trainer.ema)
        if self.optimizer == "lbfgs" and trainer.precision == "auto":
            # what bfloat16 rounds L-BFGS takes for curvature: it ended a tenth higher after as many steps
            trainer = replace(trainer, precision="32")
        height, width = order.size
        observers = [ProgressBar(f"{width}x{height}", trainer.progress)]
        history = play(game, Steps(min(ROW, len(span)), of), rounds=len(span), trainer=trainer, observers=observers)
        place = {"height": height, "width": width}
        self.history_ += [{"step": span.start + row["round"], **place, **row} for row in history.rows]
        with torch.no_grad():
            game.picture.clamp_(0, 1)
            if span.stop == self.steps:  # of coarser scales nobody asks
                self.weights_ = game.weights
                self.terms_ = {name: float(value) for name, value in game.loss(torch.empty(0)).items()}
        return game.picture.detach()

    def _begun(self, order: Order) -> Tensor:
        """What the picture is before the first step."""
        if self.init == "content" and order.content is not None:
            return order.content
        if self.init == "style" and order.styles:
            return resized(order.styles[0], order.size)
        noise = torch.rand(1, 3, *order.size)
        return noise.to(order.pictures[0])


def texture(style: Any, size: int | None = 512, **settings: Any) -> NDArray[np.uint8]:
    """New texture like that of a picture, from noise (Gatys, Ecker and Bethge 2015).

    Parameters
    ----------
    style : path, array or Pillow image
        As `StyleTransfer.stylize` takes it.
    size : int, optional
        The longer side of the result, whose proportions are those of the style.
    **settings
        As `StyleTransfer` takes them.

    Returns
    -------
    ndarray (h, w, 3) of bytes
    """
    return StyleTransfer(size=size, **settings).stylize(style=style)
