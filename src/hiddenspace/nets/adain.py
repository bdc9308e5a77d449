"""Adaptive instance normalisation, and the way back from maps to pictures."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace.nets.style_net import EPS, Normalisation, moments, size_of

Looks = Sequence[tuple[Tensor, Tensor]]
"""Of each layer the means and the deviations of its channels, (b, c, 1, 1) each."""


def looks_of(maps: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
    """What AdaIN takes of the maps (b, c, h, w) of a style."""
    found = (moments(one.float()) for one in maps)
    return [(mean, (variance + EPS).sqrt()) for mean, variance in found]


def mixed_looks(each: Sequence[Looks], weights: Sequence[float]) -> list[tuple[Tensor, Tensor]]:
    """Of several styles, with weights whose sum is 1: AdaIN of the mixture is the mixture of what AdaIN makes."""
    mixed = []
    for layers in zip(*each, strict=True):
        means, deviations = (
            sum(w * part for w, part in zip(weights, parts, strict=True)) for parts in zip(*layers, strict=True)
        )
        mixed.append((torch.as_tensor(means), torch.as_tensor(deviations)))
    return mixed


class AdaIN(nn.Module):
    """Gives maps the means and deviations of those of a style, layer by layer (Huang and Belongie 2017).

    Parameters
    ----------
    layers
        How many.
    """

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(Normalisation() for _ in range(layers))

    def forward(self, maps: Sequence[Tensor], looks: Looks, strength: float = 1.0) -> list[Tensor]:
        """Maps (b, c, h, w) in the looks of a style; with a strength below 1 as much less so."""
        given = zip(self.norms, maps, looks, strict=True)
        aimed = [torch.addcmul(mean, norm(one.float()), deviation) for norm, one, (mean, deviation) in given]
        return aimed if strength == 1 else [torch.lerp(a, b, strength) for a, b in zip(maps, aimed, strict=True)]


class MapDecoder(nn.Module):
    """Maps of several resolutions -> pictures (b, 3, h, w) in (0, 1).

    From the coarsest on, each resolution is doubled by repeating and two 3x3 convolutions with ReLU, of borders that
    are replicated; the finer maps are added to where they belong. Without normalisation, which would undo AdaIN's.

    Parameters
    ----------
    channels, strides : sequence of int
        Of the maps, the finest first; strides are powers of two, each larger than the one before.
    width : int
        Channels at full resolution; twice as many at half of it, and so on, up to eight times.
    """

    def __init__(self, channels: Sequence[int], strides: Sequence[int], width: int) -> None:
        super().__init__()
        self.entries = nn.ModuleDict()
        for count, stride in zip(channels, strides, strict=True):
            self.entries[str(stride)] = _convolution(count, _width(width, stride))
        self.stages = nn.ModuleDict()
        stride = strides[-1]
        while stride > 1:
            here, finer = _width(width, stride), _width(width, stride // 2)
            self.stages[str(stride)] = nn.Sequential(
                nn.ReLU(), _convolution(here, here), nn.ReLU(), nn.Upsample(scale_factor=2), _convolution(here, finer)
            )
            stride //= 2
        self.last = nn.Sequential(nn.ReLU(), _convolution(width, 3), nn.Sigmoid())
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # which torch's stubs leave out

    def forward(self, maps: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        """Maps, the finest first -> pictures of this height and width."""
        entering = dict(zip(self.entries, maps, strict=True))
        x: Tensor | None = None
        for stride, stage in self.stages.items():
            if stride in entering:
                entered = self.entries[stride](entering[stride].contiguous(memory_format=torch.channels_last))
                x = entered if x is None else _fitted(x, size_of(entered)) + entered
            x = stage(x)
        made: Tensor = self.last(x)
        return _fitted(made, size)


def _fitted(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Cut, where layers had rounded up; enlarged, where they had rounded down."""
    if size_of(x) == size:
        return x
    cut = x[..., : size[0], : size[1]]
    return F.pad(cut, (0, size[1] - cut.shape[-1], 0, size[0] - cut.shape[-2]), mode="replicate")


def _width(width: int, stride: int) -> int:
    return width * min(stride, 8)


def _convolution(channels: int, out: int) -> nn.Conv2d:
    return nn.Conv2d(channels, out, 3, padding=1, padding_mode="replicate")
