"""Features to compare sets of pictures by, where there is no pretrained network."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHANNELS = (64, 128, 256)


class RandomFeatures(nn.Module):
    """A fixed convolutional network that has learned nothing, its activations normalised: (b, c, h, w) -> (b, 256).

    Orthogonal filters of 3 x 3, halving the resolution each time, the activations of each place normalised over
    channels, and at the end averaged over places. It sees strokes, edges and textures, not classes; what it says
    depends on the seed, so name that.

    Parameters
    ----------
    channels
        Of the pictures.
    seed
        Of the filters.
    """

    def __init__(self, channels: int, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        layers = []
        for size in CHANNELS:
            layer = nn.Conv2d(channels, size, 3, stride=2, padding=1, bias=False)
            nn.init.orthogonal_(layer.weight, generator=generator)
            layers.append(layer)
            channels = size
        self.layers = nn.ModuleList(layers)
        self.requires_grad_(False)
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) in [0, 1] -> (b, 256)."""
        for layer in self.layers:
            x = F.relu(layer(x))
            x = x * (x.square().mean(1, keepdim=True) + 1e-2).rsqrt()
        return x.mean((2, 3))
