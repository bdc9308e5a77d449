"""How like a style batches of pictures are, and how like their originals: the loss of style transfer, on batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace.losses.textures import TINY, Texture, matched_texture, nearest, places_of, texture_of, transported
from hiddenspace.nets.style_net import size_of
from hiddenspace.style.eyes import Eyes
from hiddenspace.style.looking import Looking, Patches, Textures
from hiddenspace.style.painting import DISTANCES, TextureDistance
from hiddenspace.style.pictures import resized

PATCHES = 512
"""Of a style at a layer, with which each place of each picture is compared in every step,"""
LAYERS = 3
"""and at how many layers at most."""


@dataclass(frozen=True, eq=False)
class Shown:
    """What a style shows at one scale."""

    textures: Textures
    patches: Patches


def with_few_patches(eyes: Eyes) -> Eyes:
    """The same, comparing patches at the last three layers alone: at finer ones there are too many places."""
    kept = dict(list(eyes.mrf.items())[-LAYERS:])
    return replace(eyes, mrf={layer: weight / sum(kept.values()) for layer, weight in kept.items()})


class Likeness(nn.Module):
    """What `Painting.loss` asks of one picture, of batches: of each whole, at several scales.

    Parameters
    ----------
    eyes : Eyes
    style : Tensor (1, 3, h, w)
    distance : 'wasserstein' or 'gram'
    scales : int
        Pictures and style are looked at in full size, at half of it, and so on.
    """

    def __init__(self, eyes: Eyes, style: Tensor, distance: TextureDistance, scales: int) -> None:
        super().__init__()
        self.net, self.distance, self.moved = eyes.net, DISTANCES[distance], eyes.moved
        self.style, self.content, self.mrf = dict(eyes.style), dict(eyes.content), dict(eyes.mrf)
        height, width = size_of(style)
        sizes = [(max(1, height >> k), max(1, width >> k)) for k in range(scales)]
        self.shown = [self._shown(resized(style, size).to(eyes.device)) for size in sizes]

    @torch.no_grad()
    def contents(self, x: Tensor) -> list[dict[str, Tensor]]:
        """What the content layers shall see in pictures of which these (b, c, h, w) in [0, 1] are the originals.

        At each scale; where content is moved, in the texture of the style, as `Looking.moved` has it.
        """
        made = (self.net.activations(one) if self.content else {} for one in self._scaled(x))
        found = [{layer: of_a_scale[layer].float() for layer in self.content} for of_a_scale in made]
        if not self.moved:
            return found
        return [
            {layer: transported(f, texture_of(f), shown.textures[layer][0]) for layer, f in of_a_scale.items()}
            for of_a_scale, shown in zip(found, self.shown, strict=True)
        ]

    def forward(self, x: Tensor, contents: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        """By term, how far pictures (b, c, h, w) in [0, 1] are from the style and from contents, weighted by layers."""
        terms: dict[str, Tensor] = {}
        for one, shown, wanted in zip(self._scaled(x), self.shown, contents, strict=True):
            made = self.net.activations(one)
            with torch.autocast(x.device.type, enabled=False):  # bfloat16 would round what is summed
                here = self._terms(made, shown, wanted)
            for name, value in here.items():
                terms[name] = terms.get(name, 0) + value / len(self.shown)
        return terms

    def _terms(self, made: Mapping[str, Tensor], shown: Shown, contents: Mapping[str, Tensor]) -> dict[str, Tensor]:
        terms = {}
        for layer in {**self.style, **self.mrf}:
            if layer in self.mrf:
                found, terms[f"patches {layer}"] = self._matched(made[layer], shown.patches[layer][0], self.mrf[layer])
            else:
                found = texture_of(made[layer])
            if layer in self.style:
                unlike = self.distance(found, shown.textures[layer][0]).mean()
                terms[f"style {layer}"] = self.style[layer] * unlike
        for layer, weight in self.content.items():
            wanted = contents[layer]
            apart = (made[layer].float() - wanted).square().sum() / (wanted.square().sum() + TINY)
            terms[f"content {layer}"] = weight * apart
        return terms

    def _matched(self, made: Tensor, patches: Tensor, weight: float) -> tuple[Texture, Tensor]:
        places = places_of(made.detach())
        matches = torch.stack([nearest(of_one, patches) for of_one in places])
        found, apart = matched_texture(made, None, patches, matches)
        usual = patches.square().sum(1).mean()
        return found, weight * apart.clamp_min(0).mean() / (found.places * usual + TINY)

    def _shown(self, style: Tensor) -> Shown:
        layers = (*self.style, *(self.content if self.moved else ()))
        looking = Looking(self.net, tuple(dict.fromkeys(layers)), (), size_of(style))
        patches = looking.patches(style, tuple(self.mrf), 1.0)
        return Shown(looking.textures(style), {layer: (some[:PATCHES],) for layer, some in patches.items()})

    def _scaled(self, x: Tensor) -> list[Tensor]:
        made = [x]
        while len(made) < len(self.shown):
            made.append(F.avg_pool2d(made[-1], 2))
        return made
