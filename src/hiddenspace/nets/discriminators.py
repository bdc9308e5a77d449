"""Networks that judge items, with or without a condition."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace.nets.conv import default_depth
from hiddenspace.nets.generators import DCGAN_WIDTH, SLOPE, LeakyResidual, Shape, grid_of, plan
from hiddenspace.nets.mlp import MLP

_WIDTH = 64


class Critic(nn.Module):
    """A body that gives features, and what they say: is the item real, and does it go with its condition.

    The logit is w . f(x) + b + (V c) . f(x): a projection of the condition on the features, which is what the log
    ratio of two conditional densities looks like (Miyato and Koyama 2018).

    Parameters
    ----------
    body
        (b, *shape) -> (b, features).
    features
        How many it gives.
    condition
        Numbers in a condition, 0 for none.
    auxiliary
        Whether to guess the condition too (Odena et al. 2017), see `guess`.
    """

    def __init__(self, body: nn.Module, features: int, condition: int = 0, auxiliary: bool = False) -> None:
        super().__init__()
        self.body = body
        self.head = nn.Linear(features, 1)
        self.projection = nn.Linear(condition, features, bias=False) if condition else None
        self.auxiliary = nn.Linear(features, condition) if condition and auxiliary else None
        nn.init.normal_(self.head.weight, 0.0, 0.3 / math.sqrt(features))
        if self.projection is not None:
            nn.init.normal_(self.projection.weight, 0.0, 0.3 / math.sqrt(features))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Items (b, *shape), and conditions (b, c) where it has them -> logits (b,)."""
        return self.logits(self.body(x), condition)

    def logits(self, features: Tensor, condition: Tensor | None = None) -> Tensor:
        """(b, features) -> (b,)."""
        logits: Tensor = self.head(features)[:, 0]
        if self.projection is not None and condition is not None:
            logits = logits + (self.projection(condition) * features).sum(1)
        return logits

    def guess(self, features: Tensor) -> Tensor:
        """What the condition may be, (b, features) -> (b, c): logits of classes, or numbers."""
        assert self.auxiliary is not None
        guessed: Tensor = self.auxiliary(features)
        return guessed


class ResidualBody(nn.Module):
    """Pictures to features: (b, c, h, w) in [0, 1] -> (b, features). The mirror image of `ResidualGenerator`.

    The first convolution looks at squares of 4 x 4 pixels (2 x 2 in pictures under 24 pixels, 1 under 8) and those
    around them, which costs half of what full resolution does, second derivatives included, and learned MNIST in fewer
    steps; the others halve the resolution, and `blocks` residual blocks work at each. There is no normalisation: what
    is said of one picture does not depend on the others, as penalties want it.

    Parameters
    ----------
    shape, depth, blocks
        As in `ResidualGenerator`; depth is the number of halvings, by default what leaves 4 places or fewer.
    width
        Channels of the finest maps, 64 by default; each coarser stage has twice as many, up to 256.
    """

    def __init__(self, shape: Shape, depth: int | None = None, width: int | None = None, blocks: int = 0) -> None:
        super().__init__()
        size = (shape[1], shape[2])
        self.patch = 4 if min(size) >= 24 else 2 if min(size) >= 8 else 1
        grid = grid_of(size, self.patch)
        self.padding = (0, grid[1] * self.patch - size[1], 0, grid[0] * self.patch - size[0])
        halvings = default_depth(grid, least=0) + 1 if depth is None else depth
        sizes, channels = plan(grid, halvings, width or _WIDTH)
        layers: list[nn.Module] = [nn.Conv2d(shape[0] * self.patch**2, channels[0], 3, padding=1)]
        for before, after in pairwise(channels):
            layers += [LeakyResidual(before) for _ in range(blocks)]
            layers += [nn.LeakyReLU(SLOPE), nn.Conv2d(before, after, 3, stride=2, padding=1)]
        self.stages = nn.Sequential(*layers, nn.LeakyReLU(SLOPE))
        self.features = channels[-1] * sizes[-1][0] * sizes[-1][1]

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, features)."""
        squares = F.pixel_unshuffle(F.pad(2 * x - 1, self.padding), self.patch)
        maps: Tensor = self.stages(squares.contiguous(memory_format=torch.channels_last))
        return maps.flatten(1)


class DCGANBody(nn.Module):
    """The discriminator of Radford et al. 2016 without its last layer: strided 4x4 convolutions and leaky rectifiers.

    Batch normalisation stands after each but the first, so real and generated items must be judged apart. Departure:
    convolutions are 3x3, as the sizes may be odd. Parameters are as in `DCGANGenerator`.
    """

    def __init__(self, shape: Shape, depth: int | None = None, width: int | None = None) -> None:
        super().__init__()
        size = (shape[1], shape[2])
        sizes, channels = plan(size, default_depth(size) if depth is None else depth, width or DCGAN_WIDTH)
        layers: list[nn.Module] = []
        for before, after in pairwise([shape[0], *channels[1:]]):
            first = not layers
            convolution = nn.Conv2d(before, after, 3, stride=2, padding=1, bias=first)
            nn.init.normal_(convolution.weight, 0.0, 0.02)
            layers += [convolution, *([] if first else [nn.BatchNorm2d(after)]), nn.LeakyReLU(SLOPE)]
        self.stages = nn.Sequential(*layers)
        self.features = channels[-1] * sizes[-1][0] * sizes[-1][1]

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) in [0, 1] -> (b, features)."""
        maps: Tensor = self.stages((2 * x - 1).contiguous(memory_format=torch.channels_last))
        return maps.flatten(1)


class RowBody(nn.Module):
    """Rows to features by a fully connected network: (b, d) -> (b, features).

    With `octaves` it sees beside each value x also sin and cos of pi x / 2, of twice that, of four times ..., without
    which such a network learns coarse differences long before fine ones (Tancik et al. 2020, "Fourier features let
    networks learn high frequency functions in low dimensional domains").

    Parameters
    ----------
    columns
        Of the rows, which are best standardised.
    width, depth
        Units and layers.
    octaves
        Frequencies, each twice the one before.
    """

    frequencies: Tensor

    def __init__(self, columns: int, width: int = 128, depth: int = 2, octaves: int = 0) -> None:
        super().__init__()
        self.register_buffer("frequencies", 0.5 * torch.pi * 2.0 ** torch.arange(octaves), persistent=False)
        self.net = nn.Sequential(MLP([columns * (1 + 2 * octaves), *[width] * depth], SLOPE), nn.LeakyReLU(SLOPE))
        self.features = width

    def forward(self, x: Tensor) -> Tensor:
        """(b, d) -> (b, features)."""
        waves = (x[:, :, None] * self.frequencies).flatten(1)
        features: Tensor = self.net(torch.cat([x, waves.sin(), waves.cos()], dim=1))
        return features
