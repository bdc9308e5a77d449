"""Pictures in [0, 1] as a network trained elsewhere wants them; all of it lets gradients through to the picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace.errors import DataError


@dataclass(frozen=True)
class Colours:
    """What a network was trained to see: scale * x - shift for each channel, in its own order of them."""

    phrase: str
    scale: tuple[float, float, float]
    shift: tuple[float, float, float]
    blue_first: bool = False


def _standardised(phrase: str, mean: tuple[float, ...], deviation: tuple[float, ...]) -> Colours:
    scales, shifts = [1 / d for d in deviation], [m / d for m, d in zip(mean, deviation, strict=True)]
    return Colours(phrase, (scales[0], scales[1], scales[2]), (shifts[0], shifts[1], shifts[2]))


IMAGENET = _standardised("RGB with ImageNet's mean and deviation", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CAFFE = Colours("BGR in 0..255 less caffe's mean", (255.0, 255.0, 255.0), (103.939, 116.779, 123.68), blue_first=True)
BYTES = Colours("RGB in 0..255 less caffe's mean", (255.0, 255.0, 255.0), (0.48235 * 255, 0.45882 * 255, 0.40784 * 255))
SIGNED = Colours("RGB in [-1, 1]", (2.0, 2.0, 2.0), (1.0, 1.0, 1.0))
PLAIN = Colours("RGB in [0, 1]", (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))


class Channels(nn.Module):
    """(b, c, h, w) or (b, 1, h, w) -> (b, c, h, w): grey is repeated, and everything else refused.

    Parameters
    ----------
    count
        c.
    """

    def __init__(self, count: int = 3) -> None:
        super().__init__()
        self.count = count

    def forward(self, x: Tensor) -> Tensor:
        """(b, c or 1, h, w) -> (b, c, h, w)."""
        if x.ndim != 4 or x.shape[1] not in (1, self.count) or not x.is_floating_point():
            raise DataError(
                f"the feature net takes pictures (b, {self.count}, h, w) of floats in [0, 1], or (b, 1, h, w) in grey, "
                f"not {tuple(x.shape)} of {x.dtype}; bring them into that form."
            )
        return x.expand(-1, self.count, -1, -1)


class AtLeast(nn.Module):
    """Pictures whose shorter side is less than `side` are enlarged to it, bilinearly; others stay as they are."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, c, h', w')."""
        height, width = x.shape[2:]
        if min(height, width) >= self.side:
            return x
        factor = self.side / min(height, width)
        return _resized(x, (max(self.side, round(height * factor)), max(self.side, round(width * factor))))


class Exactly(nn.Module):
    """Pictures of any size as squares of `side`, bilinearly and without smoothing before."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, c, side, side)."""
        return _resized(x, (self.side, self.side))


def _resized(x: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


class InColours(nn.Module):
    """scale * x - shift for each of three channels, with blue first where the network wants that: the same shape."""

    scale: Tensor
    shift: Tensor

    def __init__(self, colours: Colours) -> None:
        super().__init__()
        self.blue_first = colours.blue_first
        self.register_buffer("scale", torch.tensor(colours.scale).view(3, 1, 1))
        self.register_buffer("shift", torch.tensor(colours.shift).view(3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(b, 3, h, w) in [0, 1] -> (b, 3, h, w)."""
        return (x.flip(1) if self.blue_first else x) * self.scale - self.shift


class Shaped(nn.Module):
    """Refuses what a fitted model does not take; grey pictures are repeated where it sees colours.

    Parameters
    ----------
    shape
        Of one item: (c, h, w) or (d,).
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        """(b, *shape) -> the same."""
        if x.ndim == 4 and len(self.shape) == 3 and x.shape[1] == 1:
            x = x.expand(-1, self.shape[0], -1, -1)
        if tuple(x.shape[1:]) != self.shape:
            raise DataError(
                f"the encoder was fitted on items of shape {self.shape} but was given {tuple(x.shape[1:])}; give such "
                "as it was fitted on."
            )
        return x
