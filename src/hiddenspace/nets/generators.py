"""Networks that make items of noise."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace.nets.blocks import Double, Size, sizes_of_stages
from hiddenspace.nets.conv import default_depth

Shape = tuple[int, ...]
SLOPE = 0.2
"""Of the leaky rectifiers below zero, as in DCGAN and StyleGAN."""
_WIDTH, _WIDEST = 16, 256


def plan(shape: Shape, depth: int | None, width: int | None) -> tuple[list[Size], list[int]]:
    """Sizes from the picture to the coarsest stage, and the channels at each of them: w, 2w, 4w, ... up to 256."""
    size = (shape[1], shape[2])
    depth = default_depth(size) if depth is None else depth
    first = width or _WIDTH
    return sizes_of_stages(size, depth), [min(first << i, max(first, _WIDEST)) for i in range(depth + 1)]


class LeakyResidual(nn.Module):
    """x plus two 3x3 convolutions, each after a leaky rectifier: (b, c, h, w) -> the same shape.

    There is no normalisation, and the block begins as nearly the identity (the second kernel is a tenth of its usual
    size), which is what lets a stack of them learn without (Zhang et al. 2019, "Fixup"; Huang et al. 2024, "R3GAN").
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        with torch.no_grad():
            self.second.weight.mul_(0.1)
            self.second.bias.zero_()  # type: ignore[union-attr]

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> the same shape."""
        added: Tensor = x + self.second(F.leaky_relu(self.first(F.leaky_relu(x, SLOPE)), SLOPE))
        return added


class ResidualGenerator(nn.Module):
    """Noise to pictures in (0, 1): (b, latent) -> (b, c, h, w).

    A linear layer makes the coarsest maps; at each stage come `blocks` residual blocks and a sub-pixel convolution that
    doubles the resolution; the last stage is one convolution and a sigmoid.

    Parameters
    ----------
    latent
        Numbers in the noise (and whatever condition stands beside it).
    shape
        (c, h, w) of one picture; any size.
    depth
        Doublings; by default as many as start from 8 pixels or fewer.
    width
        Channels at full resolution, 16 by default; each coarser stage has twice as many, up to 256.
    blocks
        Residual blocks at each stage but the last, where they would cost most.
    """

    def __init__(
        self, latent: int, shape: Shape, depth: int | None = None, width: int | None = None, blocks: int = 1
    ) -> None:
        super().__init__()
        sizes, channels = plan(shape, depth, width)
        self.coarsest = (channels[-1], *sizes[-1])
        self.head = nn.Linear(latent, channels[-1] * sizes[-1][0] * sizes[-1][1])
        layers: list[nn.Module] = []
        for (before, after), size in zip(pairwise(reversed(channels)), reversed(sizes[:-1]), strict=True):
            layers += [LeakyResidual(before) for _ in range(blocks)]
            layers += [nn.LeakyReLU(SLOPE), Double(before, after, size)]
        self.stages = nn.Sequential(*layers)
        self.last = nn.Conv2d(channels[0], shape[0], 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        """(b, latent) -> (b, c, h, w)."""
        coarse = self.head(z).reshape(-1, *self.coarsest).contiguous(memory_format=torch.channels_last)
        return torch.sigmoid(self.last(F.leaky_relu(self.stages(coarse), SLOPE)))


class DCGANGenerator(nn.Module):
    """The generator of Radford et al. 2016: transposed 4x4 convolutions, batch normalisation, ReLU.

    Departures: the picture is in (0, 1), by a sigmoid in place of tanh, and sizes that are no multiple of the coarsest
    are cut out of the next larger one.

    Parameters
    ----------
    latent, shape, depth, width
        As in `ResidualGenerator`; 32 channels at the finest stage by default.
    """

    def __init__(self, latent: int, shape: Shape, depth: int | None = None, width: int | None = None) -> None:
        super().__init__()
        sizes, channels = plan(shape, depth, width or 2 * _WIDTH)
        self.coarsest, self.size = (channels[-1], *sizes[-1]), sizes[0]
        self.head = nn.Linear(latent, channels[-1] * sizes[-1][0] * sizes[-1][1], bias=False)
        layers: list[nn.Module] = [nn.BatchNorm2d(channels[-1]), nn.ReLU()]
        for before, after in pairwise(reversed(channels[1:])):
            layers += [nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=False)]
            layers += [nn.BatchNorm2d(after), nn.ReLU()]
        self.stages = nn.Sequential(*layers, nn.ConvTranspose2d(channels[1], shape[0], 4, stride=2, padding=1))
        for module in self.modules():
            if isinstance(module, nn.ConvTranspose2d):
                nn.init.normal_(module.weight, 0.0, 0.02)

    def forward(self, z: Tensor) -> Tensor:
        """(b, latent) -> (b, c, h, w)."""
        coarse = self.head(z).reshape(-1, *self.coarsest).contiguous(memory_format=torch.channels_last)
        return torch.sigmoid(self.stages(coarse))[:, :, : self.size[0], : self.size[1]]
