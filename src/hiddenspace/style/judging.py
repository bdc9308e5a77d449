"""Whether a painted picture has the texture of the style and the content of the original, seen by another net."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from hiddenspace.errors import DataError, UsageError
from hiddenspace.losses.textures import wasserstein_distance
from hiddenspace.nets.feature_nets import RANDOM
from hiddenspace.nets.style_net import size_of
from hiddenspace.style.colours import in_luma_of
from hiddenspace.style.eyes import AUTO, Eyes, cached_vgg, eyes_of
from hiddenspace.style.looking import Looking
from hiddenspace.style.order import Order, read_order
from hiddenspace.style.pictures import Size, read_picture, resized
from hiddenspace.style.wanted import wanted_of

SEED = 2**31 - 1
"""Of the random net that judges, which is none that `StyleTransfer` draws."""


@dataclass(frozen=True)
class StyleJudgement:
    """How far a picture is from style and content, and how far others are that are nothing of the kind.

    Parameters
    ----------
    features : str
        What looked at the pictures.
    texture : float
        From the texture of the style: Wasserstein distances relative to it, the mean over layers and regions.
    plain_texture : float
        The same of the original as it is, or without one of noise.
    content : float, optional
        From the content: |F - F'|^2 / |F'|^2 of activations place by place, the mean over layers.
    plain_content : float, optional
        The same of the style alone, in the size of the original; of several styles the mean.
    """

    features: str
    texture: float
    plain_texture: float
    content: float | None = None
    plain_content: float | None = None

    @property
    def texture_left(self) -> float:
        """What is left of the way to the style: 0 is its texture, 1 is no nearer than the original was."""
        return self.texture / self.plain_texture

    @property
    def content_lost(self) -> float | None:
        """What was lost of the original: 0 is nothing, 1 as much as if the style alone were shown."""
        if self.content is None or self.plain_content is None:
            return None
        return self.content / self.plain_content

    def sentence(self) -> str:
        """What it says."""
        plain = "noise" if self.content_lost is None else "the original"
        said = f"from the texture of the style it is {100 * self.texture_left:.0f} % as far as {plain}"
        if self.content_lost is not None:
            said += f", and from the content of the original {100 * self.content_lost:.0f} % as far as the style itself"
        return f"Judged by a net that did not paint it ({self.features}): {said}."


@torch.no_grad()
def judge_style(
    made: Any,
    content: Any = None,
    style: Any = None,
    *,
    features: Any = AUTO,
    painted_with: str | None = None,
    weights: Sequence[float] | None = None,
    keep_color: bool | str = False,
    mask: Any = None,
) -> StyleJudgement:
    """Judges a painted picture by a net that did not paint it.

    The net that painted finds its own picture good whatever it is. A distance by itself says little, so each stands
    beside that of a picture without merit: the original for texture, the style for content. Both are bought with each
    other, and neither says whether a picture is beautiful.

    Parameters
    ----------
    made : path, array or Pillow image
        What was painted. The others are read in its size.
    content, style, weights, keep_color, mask
        As `StyleTransfer.stylize` takes them. Without a content the texture alone is judged. Where the luminance was
        painted alone, luminances are compared.
    features : str, path, Module or model
        The net that judges, as `hs.feature_net` takes it. 'auto' is VGG19 or VGG16 where torch.hub has its file on
        this machine and the picture was not painted with a VGG, and otherwise a random net, normalised on the pictures.
    painted_with : str, optional
        `features_` of what painted it.

    Raises
    ------
    DataError
        If a picture cannot be read or says nothing, or a mask is of another size.
    UsageError
        If an argument makes no sense.
    ModelError
        If the feature net cannot be had.
    """
    if style is None:
        raise UsageError("there is no style to judge by; give the style that the picture was painted after.")
    read = read_picture(made, "the picture", lambda size: size)
    order = read_order(
        content, style, size=max(size_of(read)), weights=weights, mask=mask, keep_color=keep_color
    ).in_its_colours()
    _check_proportions(size_of(read), order.size)
    picture = resized(read, order.size)
    if order.keep_color == "luminance" and order.content is not None:
        picture = in_luma_of(picture, picture)
        order = replace(order, content=in_luma_of(order.content, order.content))
    net = _judge(painted_with or "") if features == AUTO else features
    eyes = eyes_of(net, None, None, None, mrf_weight=0.0, data=order.pictures, seed=SEED)
    eyes.net.cpu()  # where the pictures are; it is a copy
    look = _Looks(order, eyes)
    texture, lost = look(picture)
    if order.content is None:
        noise = torch.rand(picture.shape, generator=torch.Generator().manual_seed(SEED))
        return StyleJudgement(eyes.net.description, texture, look(noise)[0])
    shown = [look(resized(one, order.size))[1] for one in order.styles]
    plain_content = sum(weight * each for weight, each in zip(order.weights, shown, strict=True))
    return StyleJudgement(eyes.net.description, texture, look(order.content)[0], lost, plain_content)


def _check_proportions(own: Size, wanted: Size) -> None:
    """They may differ by a pixel that was rounded."""
    if max(abs(a - b) for a, b in zip(own, wanted, strict=True)) > 1:
        (height, width), (wanted_height, wanted_width) = own, wanted
        raise DataError(
            f"the picture has {width}x{height} pixels, but painted in that size it would have {wanted_width}x"
            f"{wanted_height}; give the picture that was painted from these."
        )


def _judge(painted_with: str) -> str:
    return RANDOM if "VGG" in painted_with else cached_vgg() or RANDOM


class _Looks:
    """Picture -> its distances from the texture and from the content of an order."""

    def __init__(self, order: Order, eyes: Eyes) -> None:
        self.eyes = eyes
        content = () if order.content is None else tuple(eyes.content)
        self.looking = Looking(eyes.net, tuple(eyes.style), content, order.size, order.regions)
        self.wanted = wanted_of(order, self.looking, (), moved=False)

    def __call__(self, picture: Tensor) -> tuple[float, float]:
        seen = self.wanted.seen(picture, self.wanted.matches(picture))
        styles = self.eyes.style.items()
        texture = sum(weight * self.wanted.unlike(seen, name, wasserstein_distance) for name, weight in styles)
        content = sum(self.eyes.content[name] * apart for name, apart in seen.content.items())
        return float(texture), float(content)
