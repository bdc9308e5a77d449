"""From any network to features, and from features to answers."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Features(nn.Module):
    """What a network makes of items, as (b, features).

    Feature maps (b, c, h, w) are averaged over places, sequences (b, t, c) over steps.

    Parameters
    ----------
    network
        Any module.
    width
        Only so many of the first features, where a network gives more than the code (means and variances).
    """

    def __init__(self, network: nn.Module, width: int | None = None) -> None:
        super().__init__()
        self.network, self.width = network, width

    def forward(self, x: Tensor) -> Tensor:
        """(b, *shape) -> (b, features)."""
        features: Tensor = self.network(x)
        if features.ndim == 4:
            features = features.mean((2, 3))
        elif features.ndim == 3:
            features = features.mean(1)
        return features[:, : self.width]


class Head(nn.Module):
    """A linear layer on standardised features, which starts at zero: (b, features) -> (b, outputs).

    Means and scales are those of the features before the training (`calibrate`), so that the first steps are as well
    conditioned whatever network the features come from.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, features: int, outputs: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))
        self.linear = nn.Linear(features, outputs)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def calibrate(self, features: Tensor) -> None:
        """Takes means and scales from the features (n, features) of some items; a constant one is only centred."""
        spread = features.std(0, correction=0)
        self.mean.copy_(features.mean(0))
        self.scale.copy_(torch.where(spread > 1e-6 * (1 + self.mean.abs()), spread, torch.ones_like(spread)))

    def forward(self, features: Tensor) -> Tensor:
        """(b, features) -> (b, outputs)."""
        answers: Tensor = self.linear((features - self.mean) / self.scale)
        return answers
