"""Convolutional networks for images of any height, width and number of channels."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from hiddenspace.nets.blocks import Double, Halve, Size, sizes_of_stages

Shape = tuple[int, ...]

_WIDTH = 16
_COARSEST = 8
_WIDEST = 128


def default_depth(size: Size) -> int:
    """Halvings until no side is longer than 8; at least one."""
    depth = 1
    while max(sizes_of_stages(size, depth)[-1]) > _COARSEST:
        depth += 1
    return depth


def _plan(shape: Shape, depth: int | None, width: int | None) -> tuple[list[Size], list[int]]:
    """Sizes from the picture to the coarsest stage, and the channels of each stage."""
    size = (shape[1], shape[2])
    depth = default_depth(size) if depth is None else depth
    first = width or _WIDTH
    return sizes_of_stages(size, depth), [min(first << i, max(first, _WIDEST)) for i in range(depth)]


def _hidden(features: int) -> int:
    """Width of the dense layer between feature maps and code: a third to a half of the features, at most 512."""
    return min(512, max(32, 1 << (features // 3).bit_length()))


class ConvEncoder(nn.Module):
    """Pictures to codes: (b, c, h, w) -> (b, code).

    Each stage halves the resolution and doubles the channels; a dense layer joins what lies far apart.

    Parameters
    ----------
    shape
        (c, h, w) of one picture; h and w may be odd, and 1.
    code
        Numbers per code.
    depth
        Stages; by default as many as bring the longer side to 8 or less.
    width
        Channels of the first stage, 16 by default.
    """

    def __init__(self, shape: Shape, code: int, depth: int | None = None, width: int | None = None) -> None:
        super().__init__()
        sizes, channels = _plan(shape, depth, width)
        self.stages = nn.Sequential(*(Halve(a, b) for a, b in pairwise([shape[0], *channels])))
        features = channels[-1] * sizes[-1][0] * sizes[-1][1]
        hidden = _hidden(features)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, code))

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, code)."""
        code: Tensor = self.head(self.stages(x.contiguous(memory_format=torch.channels_last)))
        return code


class ConvDecoder(nn.Module):
    """Codes to pictures, the mirror image of `ConvEncoder`: (b, code) -> (b, c, h, w), linear and unbounded."""

    def __init__(self, code: int, shape: Shape, depth: int | None = None, width: int | None = None) -> None:
        super().__init__()
        sizes, channels = _plan(shape, depth, width)
        self.coarsest = (channels[-1], *sizes[-1])
        features = channels[-1] * sizes[-1][0] * sizes[-1][1]
        hidden = _hidden(features)
        self.head = nn.Sequential(nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, features), nn.ReLU())
        ups = pairwise([*reversed(channels), shape[0]])
        stages: list[nn.Module] = []
        for (before, after), size in zip(ups, reversed(sizes[:-1]), strict=True):
            stages += [Double(before, after, size), nn.ReLU()]
        self.stages = nn.Sequential(*stages[:-1])

    def forward(self, z: Tensor) -> Tensor:
        """(b, code) -> (b, c, h, w)."""
        coarse = self.head(z).unflatten(1, self.coarsest).contiguous(memory_format=torch.channels_last)
        x: Tensor = self.stages(coarse)
        return x
