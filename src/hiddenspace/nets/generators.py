"""Networks that make items of noise."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace.nets.blocks import Double, Size, sizes_of_stages
from hiddenspace.nets.conv import default_depth
from hiddenspace.nets.mlp import MLP

Shape = tuple[int, ...]
SLOPE = 0.2
"""Of the leaky rectifiers below zero, as in DCGAN and StyleGAN."""
_WIDTH, DCGAN_WIDTH = 32, 32
_WIDEST = 256


def grid_of(size: Size, patch: int) -> Size:
    """How many squares of patch x patch pixels a picture of (h, w) has, those cut by its edge too."""
    return -(-size[0] // patch), -(-size[1] // patch)


def plan(size: Size, depth: int, first: int) -> tuple[list[Size], list[int]]:
    """Sizes from the finest maps to the coarsest, and channels at each.

    Channels are first, twice as many, ... up to 256 (or first, if that is more).
    """
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

    A linear layer makes the coarsest maps; between stages a sub-pixel convolution doubles the resolution, and `blocks`
    residual blocks work at each. The finest maps have one place for each square of 2 x 2 pixels (for pictures under 8
    pixels, for each pixel): two convolutions more and a sigmoid make them. With squares of 4 x 4 their edges showed.

    Parameters
    ----------
    latent
        Numbers in the noise (and whatever condition stands beside it).
    shape
        (c, h, w) of one picture; any size.
    depth
        Doublings; by default as many as start from 8 places or fewer.
    width
        Channels of the finest maps, 32 by default; each coarser stage has twice as many, up to 256.
    blocks
        Residual blocks at each stage.
    """

    def __init__(
        self, latent: int, shape: Shape, depth: int | None = None, width: int | None = None, blocks: int = 0
    ) -> None:
        super().__init__()
        self.size = (shape[1], shape[2])
        self.patch = 2 if min(self.size) >= 8 else 1
        grid = grid_of(self.size, self.patch)
        sizes, channels = plan(grid, default_depth(grid, least=0) if depth is None else depth, width or _WIDTH)
        self.coarsest = (channels[-1], *sizes[-1])
        self.head = nn.Linear(latent, channels[-1] * sizes[-1][0] * sizes[-1][1])
        layers: list[nn.Module] = [LeakyResidual(channels[-1]) for _ in range(blocks)]
        for (before, after), size in zip(pairwise(reversed(channels)), reversed(sizes[:-1]), strict=True):
            layers += [nn.LeakyReLU(SLOPE), Double(before, after, size)]
            layers += [LeakyResidual(after) for _ in range(blocks)]
        finest = channels[0]
        layers += [nn.LeakyReLU(SLOPE), nn.Conv2d(finest, finest, 3, padding=1), nn.LeakyReLU(SLOPE)]
        self.stages = nn.Sequential(*layers)
        self.last = nn.Conv2d(finest, shape[0] * self.patch**2, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        """(b, latent) -> (b, c, h, w)."""
        coarse = self.head(z).reshape(-1, *self.coarsest).contiguous(memory_format=torch.channels_last)
        made = F.pixel_shuffle(self.last(self.stages(coarse)), self.patch)
        return torch.sigmoid(made[:, :, : self.size[0], : self.size[1]])


class RowGenerator(nn.Module):
    """Noise to rows: (b, latent) -> (b, columns), unbounded.

    A fully connected network whose last hidden layer is a softmax over a few places that rows can be at, each of them
    learned, beside a linear layer for the way around a place. A softmax switches as steeply as it likes, so that less
    is made between clusters than by leaky rectifiers alone.

    Parameters
    ----------
    latent
        Numbers in the noise (and whatever condition stands beside it).
    columns
        Of the rows, which are best standardised.
    width, depth
        Units and layers, the softmax being the last.
    places
        Over which the softmax is.
    """

    def __init__(self, latent: int, columns: int, width: int = 64, depth: int = 6, places: int = 64) -> None:
        super().__init__()
        self.body = nn.Sequential(MLP([latent, *[width] * max(1, depth - 1)], SLOPE), nn.LeakyReLU(SLOPE))
        self.choice = nn.Linear(width, places)
        self.places = nn.Linear(places, columns)
        self.around = nn.Linear(width, columns)
        nn.init.normal_(self.places.weight)  # standardised rows lie about as far apart
        with torch.no_grad():
            self.around.weight.mul_(0.1)

    def forward(self, z: Tensor) -> Tensor:
        """(b, latent) -> (b, columns)."""
        hidden = self.body(z)
        rows: Tensor = self.places(self.choice(hidden).softmax(1)) + self.around(hidden)
        return rows


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
        self.size = (shape[1], shape[2])
        sizes, channels = plan(self.size, default_depth(self.size) if depth is None else depth, width or DCGAN_WIDTH)
        self.coarsest = (channels[-1], *sizes[-1])
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
