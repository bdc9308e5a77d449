"""Augmentation of what a discriminator sees, through which gradients reach the generator."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Differentiable:
    """Light, shifts and holes, the same kinds on real and generated images (DiffAugment, Zhao et al. 2020).

    Each image gets each kind with the probability `strength`, which is adapted during training where it is not fixed
    (Karras et al. 2020, "Training generative adversarial networks with limited data"): below 0.8 or so the generator
    does not learn to draw what the augmentation adds.

    Departures from the papers: their kinds are mixed (those of the first, with the probability of the second); nothing
    is clipped.

    Parameters
    ----------
    light : float
        Brightness is moved by up to this, contrast and saturation multiplied by 1 - light to 1 + light.
    shift : float
        Images move by up to this share of their sides; what comes in is 0.
    hole : float
        The side of a square set to 0, as a share of the image's.
    """

    light: float = 0.5
    shift: float = 0.125
    hole: float = 0.5

    def __call__(self, x: Tensor, strength: Tensor) -> Tensor:
        """(b, c, h, w) -> the same shape."""
        with torch.autocast(x.device.type, enabled=False):
            return self._holed(self._shifted(self._lit(x.float(), strength), strength), strength)

    def _lit(self, x: Tensor, strength: Tensor) -> Tensor:
        """Each change is one of an affine map of values, so a change of none is what an image without it gets."""
        brightness, contrast, saturation = (
            self.light * (2 * torch.rand(len(x), 1, 1, 1, device=x.device) - 1) * _chosen(x, strength) for _ in range(3)
        )
        x = x + brightness
        if x.shape[1] == 3:
            grey = x.mean(1, keepdim=True)
            x = grey + (x - grey) * (1 + saturation)
        mean = x.mean((1, 2, 3), keepdim=True)
        return mean + (x - mean) * (1 + contrast)

    def _shifted(self, x: Tensor, strength: Tensor) -> Tensor:
        """By whole pixels: rows and columns are looked up in an image with a border of zeros."""
        count, _, height, width = x.shape
        chosen = _chosen(x, strength)[:, 0, 0]  # (b, 1)
        down, right = ((_whole(x, round(self.shift * side)) * chosen).long() for side in (height, width))
        rows = (torch.arange(height, device=x.device) + down + 1).clamp(0, height + 1)
        columns = (torch.arange(width, device=x.device) + right + 1).clamp(0, width + 1)
        items = torch.arange(count, device=x.device)[:, None, None]
        padded = F.pad(x, (1, 1, 1, 1)).permute(0, 2, 3, 1)
        return padded[items, rows[:, :, None], columns[:, None]].permute(0, 3, 1, 2)

    def _holed(self, x: Tensor, strength: Tensor) -> Tensor:
        chosen = _chosen(x, strength)[:, 0, 0]
        spans = []
        for side in x.shape[2:]:
            length = round(self.hole * side)
            start = torch.randint(side + 1, (len(x), 1), device=x.device) - length // 2
            at = torch.arange(side, device=x.device)
            spans.append((at >= start) & (at < start + length) & (chosen > 0))
        return x * ~(spans[0][:, :, None] & spans[1][:, None, :])[:, None]


def _chosen(x: Tensor, strength: Tensor) -> Tensor:
    """(b, 1, 1, 1): 1 for those that are changed."""
    return (torch.rand(len(x), 1, 1, 1, device=x.device) < strength).float()


def _whole(x: Tensor, most: int) -> Tensor:
    """(b, 1), from -most to most."""
    return torch.randint(-most, most + 1, (len(x), 1), device=x.device)
