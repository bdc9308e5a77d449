"""The convolutions of SqueezeNet."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace.nets.chain import Chain

SMALLEST = 64
LAYERS = ("relu1", "fire3", "fire5", "fire7", "fire9")
_SQUEEZED = (16, 16, 32, 32, 48, 48, 64, 64)
"""Channels inside fire2 to fire9; four times as many come out of each half."""


class Fire(nn.Module):
    """A convolution to few channels, and two of 1 x 1 and 3 x 3 side by side: (b, c, h, w) -> (b, 8 s, h, w).

    Parameters
    ----------
    channels
        That come in.
    squeezed
        The few, s.
    """

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, 4 * squeezed, 1)
        self.expand3x3 = nn.Conv2d(squeezed, 4 * squeezed, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, 8 s, h, w)."""
        x = F.relu(self.squeeze(x))
        return F.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], dim=1))


def squeezenet1_0() -> Chain:
    """Iandola et al. 2016, "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters".

    The steps are conv1, relu1, pool1, fire2, fire3, fire4, pool4, fire5, ..., fire8, pool8, fire9. The classifier is
    left out.
    """
    return _squeezenet(nn.Conv2d(3, 96, 7, stride=2), pooled=(4, 8))


def squeezenet1_1() -> Chain:
    """The authors' version 1.1, which pools earlier: conv1, relu1, pool1, fire2, fire3, pool3, fire4, ..., fire9."""
    return _squeezenet(nn.Conv2d(3, 64, 3, stride=2), pooled=(3, 5))


def _squeezenet(first: nn.Conv2d, pooled: tuple[int, int]) -> Chain:
    steps: dict[str, nn.Module] = {"conv1": first, "relu1": nn.ReLU(), "pool1": _pool()}
    channels = first.out_channels
    for number, squeezed in enumerate(_SQUEEZED, start=2):
        steps[f"fire{number}"] = Fire(channels, squeezed)
        channels = 8 * squeezed
        if number in pooled:
            steps[f"pool{number}"] = _pool()
    return Chain(steps)


def _pool() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, stride=2, ceil_mode=True)
