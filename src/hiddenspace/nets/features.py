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


class FourierFeatures(nn.Module):
    """Rows and cosines of random projections of them, fine and coarse: (b, d) -> (b, d + 192).

    Means of the cosines are values of the characteristic function (Rahimi and Recht 2007), so that sets of rows with
    the same means and covariances are still told apart where they cluster differently.

    Parameters
    ----------
    columns
        Of the rows, which are best standardised.
    seed
        Of the projections.
    """

    scales = (1.0, 4.0, 16.0)
    weights: Tensor
    phases: Tensor

    def __init__(self, columns: int, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        count = 64
        lots = [scale * torch.randn(columns, count, generator=generator) for scale in self.scales]
        self.register_buffer("weights", torch.cat(lots, dim=1) / columns**0.5)
        self.register_buffer("phases", 2 * torch.pi * torch.rand(len(lots) * count, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        """(b, d) -> (b, d + 192)."""
        return torch.cat([x, torch.cos(x @ self.weights + self.phases)], dim=1)
