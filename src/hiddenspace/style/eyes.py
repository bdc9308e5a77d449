"""Which net looks at pictures for style transfer, at which of its layers, and how much each of them counts."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from hiddenspace import checks
from hiddenspace.errors import UsageError
from hiddenspace.nets import vgg
from hiddenspace.nets.feature_extractor import FeatureNet
from hiddenspace.nets.feature_fetch import is_cached
from hiddenspace.nets.feature_nets import PATCHES, RANDOM, feature_net
from hiddenspace.nets.style_net import size_of
from hiddenspace.style.looking import replicating
from hiddenspace.style.pictures import resized, with_area

AUTO = "auto"
VGG_STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
"""Those of Gatys, Ecker and Bethge 2016."""
VGG_CONTENT_LAYERS = ("relu4_2",)
VGG_MRF_LAYERS = ("relu3_1", "relu4_1")
"""Those of Li and Wand 2016."""
SIDE = 256
"""Of the squares on which a net without training is normalised."""
LEARNED = 2**20
"""Pixels that a net which learns from pictures sees of each at most, made smaller where it has more."""
Layers = Sequence[str] | Mapping[str, float] | str | None


@dataclass(frozen=True)
class Eyes:
    """A net, and the weights of its layers, which sum to 1 for texture, for content and for patches."""

    net: FeatureNet
    style: Mapping[str, float]
    content: Mapping[str, float]
    mrf: Mapping[str, float]
    mrf_weight: float
    moved: bool

    @property
    def device(self) -> torch.device:
        """Where the net is."""
        return next(chain(self.net.parameters(), self.net.buffers())).device


def eyes_of(
    features: Any,
    style_layers: Layers,
    content_layers: Layers,
    mrf_layers: Layers,
    *,
    mrf_weight: float | None,
    data: Sequence[Tensor],
    seed: int,
    moved: bool | None = None,
) -> Eyes:
    """The net that `features` means, looking at these layers.

    Parameters
    ----------
    features
        As `hs.feature_net` takes it, or 'auto'.
    style_layers, content_layers
        Names, or names and weights; by default Gatys's for VGG, and for others all layers that make maps for texture
        and the last but one for content.
    data
        Pictures (1, 3, h, w) of any sizes, that nets without a file learn from or are normalised on.
    seed
        Of that net.

    Raises
    ------
    UsageError
        If there is no such layer, or it makes no map.
    ModelError
        If the file of the net cannot be read.
    """
    net = _net(features, None, data, seed)
    is_vgg = net.layers in (vgg.LAYERS, vgg.STYLE_LAYERS) and not isinstance(features, FeatureNet)
    maps = _maps(net)
    style = _weights("style_layers", style_layers, VGG_STYLE_LAYERS if is_vgg else maps)
    content = _weights("content_layers", content_layers, VGG_CONTENT_LAYERS if is_vgg else maps[-2:][:1])
    if mrf_weight is None:
        mrf_weight = 0.0 if is_vgg else 1.0
    mrf = _weights("mrf_layers", mrf_layers, VGG_MRF_LAYERS if is_vgg else maps[-4:]) if mrf_weight > 0 else {}
    wanted = tuple(dict.fromkeys((*style, *content, *mrf)))
    if set(wanted) != set(net.layers):
        del net  # or both would be in memory
        with warnings.catch_warnings(action="ignore"):  # what there is to say of a file has been said
            net = _net(features, wanted, data, seed)
        if flat := set(wanted) - set(_maps(net)):
            raise UsageError(f"the layer {min(flat)!r} makes no map of a picture; choose {', '.join(_maps(net))}.")
    if net is features:  # which is not ours to change
        net = copy.deepcopy(net)
    return Eyes(replicating(net), style, content, mrf, mrf_weight, not is_vgg if moved is None else moved)


def cached_vgg() -> str | None:
    """The name of the better VGG whose file is on this machine."""
    return next((word for word in ("vgg19", "vgg16") if is_cached(word)), None)


def _net(features: Any, layers: Sequence[str] | None, data: Sequence[Tensor], seed: int) -> FeatureNet:
    if features == AUTO:
        features = cached_vgg() or PATCHES
    if isinstance(features, str) and features in (PATCHES, RANDOM):
        pictures: Any
        if features == PATCHES:
            pictures = [resized(one, with_area(size_of(one), LEARNED)) for one in data]
        else:
            pictures = torch.cat([resized(one, (SIDE, SIDE)) for one in data])
        return feature_net(features, layers, data=pictures, seed=seed)
    if isinstance(features, FeatureNet) and layers is not None and not set(layers) <= set(features.layers):
        raise UsageError(f"this feature net gives {', '.join(features.layers)}; make it anew with layers=.")
    return feature_net(features, None if isinstance(features, FeatureNet) else layers)


@torch.no_grad()
def _maps(net: FeatureNet) -> tuple[str, ...]:
    """The layers that make maps, of which there is at least one."""
    maps = tuple(name for name, made in net.activations(torch.rand(1, 3, 64, 64)).items() if made.ndim == 4)
    if not maps:
        raise UsageError(
            f"{net.description} makes no map of a picture at {', '.join(net.layers)}; name layers that do."
        )
    return maps


def _weights(name: str, layers: Layers, default: Sequence[str]) -> dict[str, float]:
    """Of each layer, with the sum 1."""
    if layers is None:
        layers = default
    given = (
        dict(layers)
        if isinstance(layers, Mapping)
        else dict.fromkeys([layers] if isinstance(layers, str) else layers, 1.0)
    )
    if not given:
        raise UsageError(f"{name}= is empty; name at least one layer, or set its weight to 0.")
    for weight in given.values():
        checks.number(name, weight, least=0, above=0)
    total = sum(given.values())
    return {layer: weight / total for layer, weight in given.items()}
