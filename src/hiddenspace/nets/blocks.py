"""Halving and doubling the resolution of feature maps, for any size."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Size = tuple[int, int]


def halved(size: Size) -> Size:
    """(h, w) after `Halve`: half of each, rounded up, so that 1 stays 1."""
    return (size[0] + 1) // 2, (size[1] + 1) // 2


def sizes_of_stages(size: Size, depth: int) -> list[Size]:
    """The given (h, w) and what is left of it after 1 .. depth halvings."""
    sizes = [size]
    for _ in range(depth):
        sizes.append(halved(sizes[-1]))
    return sizes


class Halve(nn.Module):
    """A 3x3 convolution with stride 2 and SiLU: (b, c, h, w) -> (b, out, ceil(h / 2), ceil(w / 2))."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels, out, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, out, ceil(h / 2), ceil(w / 2))."""
        if x.shape[3] > 1:
            return F.silu(self.convolution(x))
        # Of pictures one pixel wide oneDNN's gradient in bfloat16 reads memory that nobody has written (torch 2.13).
        with torch.autocast(x.device.type, enabled=False):
            return F.silu(self.convolution(x.float()))


class Double(nn.Module):
    """A 3x3 convolution into four sub-pixels, woven together and cut to size: (b, c, h, w) -> (b, out, *size).

    `size` is at most (2h, 2w). The convolution works at the lower resolution, where it is cheap, and needs
    no interpolation (Shi et al. 2016, "Real-time single image and video super-resolution using an efficient
    sub-pixel convolutional neural network").
    """

    def __init__(self, channels: int, out: int, size: Size) -> None:
        super().__init__()
        self.size = size
        self.convolution = nn.Conv2d(channels, 4 * out, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, out, *size)."""
        return F.pixel_shuffle(self.convolution(x), 2)[:, :, : self.size[0], : self.size[1]]


class Residual(nn.Module):
    """x plus two 3x3 convolutions of it with SiLU between, then SiLU: (b, c, h, w) -> the same shape.

    He et al. 2016, "Deep residual learning for image recognition", without normalisation: in small steps
    these shallow nets learned faster without, and no item's code then depends on the items beside it.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> the same shape."""
        return F.silu(x + self.second(F.silu(self.first(x))))
