"""Networks that judge items, with or without a condition."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from hiddenspace.nets.generators import SLOPE, LeakyResidual, Shape, plan
from hiddenspace.nets.mlp import MLP


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

    Each stage halves the resolution by a convolution; below full resolution `blocks` residual blocks work at each.
    There is no normalisation: what is said of one picture does not depend on the others, as penalties want it.

    Parameters
    ----------
    shape, depth, width, blocks
        As in `ResidualGenerator`; but there is one more halving, so that the last maps are of 4 pixels or fewer.
    """

    def __init__(self, shape: Shape, depth: int | None = None, width: int | None = None, blocks: int = 1) -> None:
        super().__init__()
        sizes, channels = plan(shape, depth, width)
        sizes, channels = plan(shape, len(sizes), width)  # one more
        layers: list[nn.Module] = []
        for stage, (before, after) in enumerate(pairwise([shape[0], *channels[1:]]), start=1):
            last = stage == len(channels) - 1
            layers.append(nn.Conv2d(before, after, 3, stride=2, padding=1))
            layers += [LeakyResidual(after) for _ in range(0 if last else blocks)] + [nn.LeakyReLU(SLOPE)]
        self.stages = nn.Sequential(*layers)
        self.features = channels[-1] * sizes[-1][0] * sizes[-1][1]

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, features)."""
        maps: Tensor = self.stages((2 * x - 1).contiguous(memory_format=torch.channels_last))
        return maps.flatten(1)


class DCGANBody(nn.Module):
    """The discriminator of Radford et al. 2016 without its last layer: strided 4x4 convolutions and leaky rectifiers.

    Batch normalisation stands after each but the first, so real and generated items must be judged apart. Departure:
    convolutions are 3x3, as the sizes may be odd. Parameters are as in `DCGANGenerator`.
    """

    def __init__(self, shape: Shape, depth: int | None = None, width: int | None = None) -> None:
        super().__init__()
        sizes, channels = plan(shape, depth, width or 32)
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
    """Rows to features by a fully connected network: (b, d) -> (b, features)."""

    def __init__(self, columns: int, width: int = 128, depth: int = 2) -> None:
        super().__init__()
        self.net = nn.Sequential(MLP([columns, *[width] * depth]), nn.LeakyReLU(SLOPE))
        self.features = width

    def forward(self, x: Tensor) -> Tensor:
        """(b, d) -> (b, features)."""
        features: Tensor = self.net(x)
        return features
