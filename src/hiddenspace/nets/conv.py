"""Convolutional networks for images of any height, width and number of channels."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace.nets.blocks import Double, Halve, Residual, Size, sizes_of_stages

Shape = tuple[int, ...]

_WIDTH = 16
_COARSEST = 8
_WIDEST = 128


def default_depth(size: Size, least: int = 1) -> int:
    """Halvings until no side is longer than 8; at least so many."""
    depth = least
    while max(sizes_of_stages(size, depth)[-1]) > _COARSEST:
        depth += 1
    return depth


def _plan(shape: Shape, depth: int | None, width: int | None) -> tuple[list[Size], list[int]]:
    """Sizes from the picture to the coarsest stage, and the channels of each stage.

    The channels are w, 3w, 6w, 12w, ..., where those after 3w stop at 128 (or at 3w, if that is more).
    """
    size = (shape[1], shape[2])
    depth = default_depth(size) if depth is None else depth
    first = width or _WIDTH
    wider = [min(3 * first << i, max(3 * first, _WIDEST)) for i in range(depth - 1)]
    return sizes_of_stages(size, depth), [first, *wider]


class ConvEncoder(nn.Module):
    """Pictures to codes: (b, c, h, w) -> (b, code).

    Each stage halves the resolution and has more channels; a residual block works at the coarsest, where it is
    cheap; one linear layer makes the code.

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
        self.block = Residual(channels[-1])
        self.head = nn.Linear(channels[-1] * sizes[-1][0] * sizes[-1][1], code)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, code)."""
        features = self.block(self.stages(x.contiguous(memory_format=torch.channels_last)))
        code: Tensor = self.head(features.flatten(1))
        return code


class ConvDecoder(nn.Module):
    """Codes to pictures, the mirror image of `ConvEncoder`: (b, code) -> (b, c, h, w), linear and unbounded."""

    def __init__(self, code: int, shape: Shape, depth: int | None = None, width: int | None = None) -> None:
        super().__init__()
        sizes, channels = _plan(shape, depth, width)
        self.coarsest = (channels[-1], *sizes[-1])
        self.head = nn.Linear(code, channels[-1] * sizes[-1][0] * sizes[-1][1])
        self.block = Residual(channels[-1])
        ups = zip(pairwise([*reversed(channels), shape[0]]), reversed(sizes[:-1]), strict=True)
        stages = [layer for (before, after), size in ups for layer in (Double(before, after, size), nn.SiLU())]
        self.stages = nn.Sequential(*stages[:-1])

    def forward(self, z: Tensor) -> Tensor:
        """(b, code) -> (b, c, h, w)."""
        coarse = F.silu(self.head(z)).reshape(-1, *self.coarsest)
        x: Tensor = self.stages(self.block(coarse.contiguous(memory_format=torch.channels_last)))
        return x
