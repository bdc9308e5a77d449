"""By what a drawn image is held against the true one: each gives its named terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace.losses.perceptual import perceptual_loss


class Squared(nn.Module):
    """The mean squared error of pixels: for what it is unsure of it paints the mean, which is blurred."""

    def forward(self, made: Tensor, x: Tensor) -> dict[str, Tensor]:
        """Images (b, c, h, w) and the true ones."""
        return {"pixels": F.mse_loss(made, x)}


class Absolute(nn.Module):
    """The mean absolute error of pixels: for what it is unsure of it paints the median."""

    def forward(self, made: Tensor, x: Tensor) -> dict[str, Tensor]:
        """Images (b, c, h, w) and the true ones."""
        return {"pixels": F.l1_loss(made, x)}


class Perceived(nn.Module):
    """What a feature net sees in both images, and a little of the pixels, which it may not see."""

    def __init__(self, features: nn.Module, layers: Mapping[str, float] | None, pixel_weight: float) -> None:
        super().__init__()
        self.features = features.eval().requires_grad_(False)
        self.layers, self.pixel_weight = None if layers is None else dict(layers), pixel_weight

    def train(self, mode: bool = True) -> Self:
        """The feature net stays as it was learned: normalisations in it never look at the batch."""
        super().train(mode)
        self.features.eval()
        return self

    def forward(self, made: Tensor, x: Tensor) -> dict[str, Tensor]:
        """Images (b, c, h, w) and the true ones."""
        terms = {"perceptual": perceptual_loss(made, x, self.features, self.layers)}
        if self.pixel_weight > 0:
            terms["pixels"] = self.pixel_weight * F.mse_loss(made, x)
        return terms
