"""What a feature net sees in a picture, piece by piece where the whole would not fit into memory."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from hiddenspace import checks
from hiddenspace.errors import UsageError
from hiddenspace.losses.textures import (
    TINY,
    Texture,
    added,
    matched_texture,
    nearest,
    places_of,
    texture_of,
    transported,
)
from hiddenspace.nets.feature_extractor import FeatureNet
from hiddenspace.style.pictures import Size

MARGIN = 96
"""Pixels around a tile that are looked at as well, so that its places see what they would see in the whole picture."""
GRID = 16
"""Tiles begin at multiples of it, so that they begin between the places of layers of a stride up to this one."""
PAIRS = 2**27
"""Of places and patches that are compared at a layer, as far as"""
PATCHES = (512, 4096)
"""there are at least and at most so many patches."""

Textures = Mapping[str, tuple[Texture, ...]]
"""Layer -> the texture of each region."""
Contents = Sequence[Mapping[str, Tensor]]
"""For each tile: layer -> activations (1, c, h, w)."""
Patches = Mapping[str, tuple[Tensor, ...]]
"""Layer -> for each region the activations (k, c) of places of its style."""
Matches = Sequence[Tensor]
"""For each tile, one after the other, each layer, region and place: the number of the patch most like it."""


@dataclass(frozen=True)
class Seen:
    """What is seen in a picture.

    Parameters
    ----------
    textures
        Of layers.
    content
        By layer, how far the activations are from those wanted: |F - F'|^2 / |F'|^2.
    patches
        By layer, how far each place is from the patch most like it: the mean of |f - f'|^2 over places, divided by
        the mean of |f'|^2 over patches; over regions the mean.
    """

    textures: Textures
    content: Mapping[str, Tensor]
    patches: Mapping[str, Tensor]


@dataclass(frozen=True)
class Span:
    """Pixels of one side: those of a tile, and those that are looked at."""

    start: int
    stop: int
    first: int
    last: int

    def within(self, places: int) -> slice:
        """Which of the places that a layer makes of the pixels looked at are of the tile."""
        # strides are powers of 2; the ratio is a bit less where a layer rounds up
        stride = 2 ** max(0, round(math.log2((self.last - self.first) / places)))
        start = (self.start - self.first) // stride
        # the last tile has what is left: layers round up or down there
        return slice(start, None if self.stop == self.last else start + (self.stop - self.start) // stride)


class Looking:
    """Looks at pictures of one size.

    Parameters
    ----------
    net : FeatureNet
    texture_layers, content_layers : sequence of str
        Those whose texture, and whose activations place by place, are looked at.
    size : (h, w)
    regions : sequence of Tensor (h, w)
        How much each pixel belongs to each region, in [0, 1]; without any the whole picture is one.
    tile : int
        Larger pictures are looked at in tiles of at most so many pixels a side, whose activations are thrown away and
        made once more for the gradients. Sums over the tiles are those over the picture, as far as a margin of 96
        pixels lets each place see all that it would see.
    """

    def __init__(
        self,
        net: FeatureNet,
        texture_layers: Sequence[str],
        content_layers: Sequence[str],
        size: Size,
        regions: Sequence[Tensor] = (),
        tile: int = 1024,
    ) -> None:
        self.net, self.regions = net, tuple(regions)
        self.texture_layers, self.content_layers = tuple(texture_layers), tuple(content_layers)
        self.tile = tile
        self.tiles = [(down, across) for down in spans(size[0], tile) for across in spans(size[1], tile)]

    def elsewhere(self, size: Size) -> Looking:
        """For the textures of pictures of another size, without regions."""
        return Looking(self.net, self.texture_layers, (), size, tile=self.tile)

    def at_layers(self, texture_layers: Sequence[str]) -> Looking:
        """The same, at the textures of these layers alone."""
        made = copy.copy(self)
        made.texture_layers, made.content_layers = tuple(texture_layers), ()
        return made

    @torch.no_grad()
    def textures(self, picture: Tensor) -> Textures:
        """Those of a picture (1, c, h, w)."""
        return self.seen(picture, [{} for _ in self.tiles], {}, self.matches(picture, {})).textures

    @torch.no_grad()
    def contents(self, picture: Tensor) -> Contents:
        """Those of a picture (1, c, h, w)."""
        if not self.content_layers:
            return [{} for _ in self.tiles]
        made = (self._made(picture, tile) for tile in self.tiles)
        return [{name: one[name].float().clone() for name in self.content_layers} for one in made]

    @torch.no_grad()
    def moved(self, contents: Contents, wanted: Textures) -> Contents:
        """Contents whose places have the texture wanted, and are arranged as they were: moved by optimal transport.

        Mroueh 2019, "Wasserstein style transfer", decodes what comes of it into a picture at once.
        """
        found: list[dict[str, Tensor]] = [{} for _ in self.tiles]
        for name in self.content_layers:
            maps = [content[name] for content in contents]
            shares = [
                [torch.ones_like(f[0, 0]) if region is None else region for region in self._regions(tile, f.shape[-2:])]
                for tile, f in zip(self.tiles, maps, strict=True)
            ]
            own = [
                added([texture_of(f, share) for f, share in zip(maps, of_a_region, strict=True)])
                for of_a_region in zip(*shares, strict=True)
            ]
            for tile, f, of_each in zip(found, maps, shares, strict=True):
                painted = torch.stack(of_each).sum(0)
                left = (1 - painted).clamp_min(0)  # where no style is wanted
                moved = (s * transported(f, *pair) for s, *pair in zip(of_each, own, wanted[name], strict=True))
                tile[name] = sum(moved, left * f) / (left + painted)
        return found

    @torch.no_grad()
    def patches(self, picture: Tensor, names: Sequence[str], share: float) -> dict[str, Tensor]:
        """Of each layer the activations (k, c) of places of a picture (1, c, h, w), at random.

        As many as can be compared with such a picture in good time, times the share.
        """
        # its own, so that a painting that goes on sees those that it saw before
        generator = torch.Generator().manual_seed(0)
        found: dict[str, list[Tensor]] = {name: [] for name in names}
        for tile in self.tiles:
            made = self._made(picture, tile)
            for name in names:
                places = places_of(made[name])[0]
                least, most = PATCHES
                enough = min(max(least, PAIRS // (len(places) * len(self.tiles))), most)
                count = -(-round(share * enough) // len(self.tiles))
                some = torch.randperm(len(places), generator=generator)[:count]
                found[name].append(places[some.to(places.device)])
        return {name: torch.cat(parts) for name, parts in found.items()}

    @torch.no_grad()
    def matches(self, picture: Tensor, patches: Patches) -> Matches:
        """The patches most like the places of a picture (1, c, h, w)."""
        if not patches:
            return [torch.empty(0, dtype=torch.int32, device=picture.device) for _ in self.tiles]
        found = []
        for tile in self.tiles:
            made = self._made(picture, tile)
            with torch.autocast(picture.device.type, enabled=False):
                near = [nearest(places_of(made[n])[0], one) for n, each in patches.items() for one in each]
            found.append(torch.cat(near).int())
        return found

    def seen(self, picture: Tensor, contents: Contents, patches: Patches, matches: Matches) -> Seen:
        """What is seen in a picture (1, c, h, w), with the contents wanted and the patches most like it."""
        if len(self.tiles) == 1:  # whose activations are kept in memory
            sums = [self._sums(picture, self.tiles[0], contents[0], patches, matches[0])]
        else:
            sums = [
                checkpoint(self._sums, picture, tile, wanted, patches, matched, use_reentrant=False)
                for tile, wanted, matched in zip(self.tiles, contents, matches, strict=True)
            ]
        totals = iter([sum(parts[1:], parts[0]) for parts in zip(*sums, strict=True)])
        content = {n: next(totals) / (_squares([wanted[n] for wanted in contents]) + TINY) for n in contents[0]}
        textures, near = {}, {}
        for name in self._looked_at(patches):
            found, apart = [], []
            for region in range(max(1, len(self.regions))):
                found.append(Texture(*islice(totals, 3)))
                if name in patches:
                    usual = patches[name][region].square().sum(1).mean()
                    apart.append(next(totals).clamp_min(0).sum() / (found[-1].places * usual + TINY))
            textures[name] = tuple(found)
            if apart:
                near[name] = torch.stack(apart).mean()
        return Seen(textures, content, near)

    def _looked_at(self, patches: Patches) -> tuple[str, ...]:
        """The layers whose places are summed over."""
        return (*(name for name in self.texture_layers if name not in patches), *patches)

    def _sums(
        self,
        picture: Tensor,
        tile: tuple[Span, Span],
        contents: Mapping[str, Tensor],
        patches: Patches,
        matches: Tensor,
    ) -> tuple[Tensor, ...]:
        """Of one tile, one after the other: squared differences of contents, and of each layer and region the three
        sums of its texture and, where there are any, the squared differences to patches.
        """
        made = self._made(picture, tile)
        sums: list[Tensor] = []
        start = 0
        with torch.autocast(picture.device.type, enabled=False):  # bfloat16 would round what is summed
            sums += [(made[name].float() - wanted).square().sum() for name, wanted in contents.items()]
            for name in self._looked_at(patches):
                for number, region in enumerate(self._regions(tile, made[name].shape[-2:])):
                    if name in patches:
                        stop = start + made[name][0, 0].numel()
                        texture, apart = matched_texture(
                            made[name], region, patches[name][number], matches[None, start:stop]
                        )
                        start = stop
                        sums += [texture.products, texture.sums, texture.places, apart]
                    else:
                        texture = texture_of(made[name], region)
                        sums += [texture.products, texture.sums, texture.places]
        return tuple(sums)

    def _made(self, picture: Tensor, tile: tuple[Span, Span]) -> dict[str, Tensor]:
        """The activations of the places of a tile, by layer."""
        down, across = tile
        made = self.net.activations(picture[..., down.first : down.last, across.first : across.last])
        return {n: a[..., down.within(a.shape[-2]), across.within(a.shape[-1])] for n, a in made.items()}

    def _regions(self, tile: tuple[Span, Span], size: Sequence[int]) -> list[Tensor | None]:
        """How much the places of a layer belong to each region."""
        if not self.regions:
            return [None]
        down, across = tile
        pieces = (region[down.start : down.stop, across.start : across.stop] for region in self.regions)
        return [F.adaptive_avg_pool2d(piece[None], (size[0], size[1]))[0] for piece in pieces]


def _squares(parts: Sequence[Tensor]) -> Tensor:
    # of each channel first: in one go it would sum in an order that loses a thousandth of millions of them
    return torch.stack([torch.linalg.vector_norm(part, dim=(2, 3)).square().sum() for part in parts]).sum()


def check_tile(tile: int) -> None:
    """Refuses tiles that are too small.

    Raises
    ------
    UsageError
        If they are smaller than the margin around them.
    """
    if checks.whole("tile", tile) < 2 * MARGIN:
        raise UsageError(f"tile={tile} is smaller than the margin around tiles; use {2 * MARGIN} or more.")


def spans(length: int, tile: int) -> Iterator[Span]:
    """One side of a picture, cut into as few pieces of at most `tile` pixels, about equal, as there can be."""
    pieces = -(-length // tile)
    step = -(-length // (GRID * pieces)) * GRID
    for start in range(0, length, step):
        stop = min(start + step, length)
        yield Span(start, stop, max(0, start - MARGIN), min(length, stop + MARGIN))


def replicating(net: FeatureNet) -> FeatureNet:
    """The net itself, whose first convolution from now on sees the border of the picture go on beyond it.

    Zeros are a black frame around it. Gatys's own code pads with them, and borders come out darker.
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            if module.padding != (0, 0) and module.padding_mode == "zeros":
                module.padding_mode = "replicate"
            break
    return net
