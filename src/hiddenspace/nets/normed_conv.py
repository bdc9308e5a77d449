"""A plain convolutional network with batch normalisation, for features that shall hold in several domains."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from hiddenspace.nets.blocks import halved

_FIRST, _WIDEST, _COARSEST = 32, 128, 4


class NormedConvEncoder(nn.Module):
    """Images to features: (b, c, h, w) -> (b, features).

    Convolutions of stride 2 (the first 5x5 with 32 channels, then 3x3 with twice as many each, up to 128), each with
    batch normalisation and ReLU, down to 4 pixels a side; then a linear layer, normalised and rectified as well. Its
    form is that of the nets on which methods of domain adaptation are compared on digits.

    Parameters
    ----------
    shape
        (c, h, w) of one image.
    features
        Numbers per image.
    """

    def __init__(self, shape: tuple[int, ...], features: int) -> None:
        super().__init__()
        channels, size = [shape[0], _FIRST], halved((shape[1], shape[2]))
        while max(size) > _COARSEST:
            channels.append(min(2 * channels[-1], _WIDEST))
            size = halved(size)
        layers: list[nn.Module] = []
        for i, (before, after) in enumerate(pairwise(channels)):
            kernel = 5 if i == 0 else 3
            convolution = nn.Conv2d(before, after, kernel, stride=2, padding=kernel // 2, bias=False)
            layers += [convolution, nn.BatchNorm2d(after), nn.ReLU()]
        self.stages = nn.Sequential(*layers)
        self.last = nn.Sequential(
            nn.Linear(channels[-1] * size[0] * size[1], features, bias=False), nn.BatchNorm1d(features), nn.ReLU()
        )
        # kernels channels last, as the images are: a fifth less time on a CPU
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # which torch's stubs leave out

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, features)."""
        coarse = self.stages(x.contiguous(memory_format=torch.channels_last))
        features: Tensor = self.last(coarse.flatten(1))
        return features
