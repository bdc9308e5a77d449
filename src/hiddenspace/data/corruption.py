"""Distortions of the input for denoising: distort it, restore the original.

Each is a small module-free callable, batch -> batch of the same shape, that draws from torch's global generator and
leaves its argument as it is. Images are (b, c, h, w) in [0, 1]; other data are (b, d).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from hiddenspace.errors import UsageError

Corruption = Callable[[Tensor], Tensor]


def _need(ok: bool, message: str) -> None:
    if not ok:
        raise UsageError(message)


def _spatial(x: Tensor, name: str) -> None:
    _need(x.ndim == 4, f"{name} needs images; use GaussianNoise, MaskingNoise or SaltAndPepper on other data.")


@dataclass(frozen=True)
class GaussianNoise:
    """x + sigma * e with e standard normal; nothing is clipped.

    Parameters
    ----------
    sigma : float
        Standard deviation in units of the model space, 0 or more.
    """

    sigma: float = 0.3

    def __post_init__(self) -> None:
        _need(self.sigma >= 0, f"sigma={self.sigma} is negative; use a standard deviation of 0 or more.")

    def __call__(self, x: Tensor) -> Tensor:
        return x + self.sigma * torch.randn_like(x)


@dataclass(frozen=True)
class MaskingNoise:
    """Sets each value to 0 with probability `share` (Vincent et al. 2008); a pixel of an image in all its channels.

    Parameters
    ----------
    share : float
        In [0, 1).
    """

    share: float = 0.3

    def __post_init__(self) -> None:
        _need(0 <= self.share < 1, f"share={self.share} is no share; use a number from 0 up to but not 1.")

    def __call__(self, x: Tensor) -> Tensor:
        shape = (x.shape[0], 1, *x.shape[2:]) if x.ndim == 4 else x.shape
        return x * (torch.rand(shape, device=x.device) >= self.share)


@dataclass(frozen=True)
class SaltAndPepper:
    """Sets each value with probability `share` to the lowest or the highest of its batch, evenly.

    Parameters
    ----------
    share : float
        In [0, 1].
    """

    share: float = 0.2

    def __post_init__(self) -> None:
        _need(0 <= self.share <= 1, f"share={self.share} is no share; use a number from 0 to 1.")

    def __call__(self, x: Tensor) -> Tensor:
        shape = (x.shape[0], 1, *x.shape[2:]) if x.ndim == 4 else x.shape
        lot = torch.rand(shape, device=x.device)
        pepper, salt = x.amin(), x.amax()
        return torch.where(lot < self.share / 2, pepper, torch.where(lot < self.share, salt, x))


@dataclass(frozen=True)
class Blur:
    """Convolves images with a Gaussian of standard deviation `sigma` pixels, the borders repeated.

    Parameters
    ----------
    sigma : float
        Standard deviation in pixels, above 0.
    """

    sigma: float = 1.0

    def __post_init__(self) -> None:
        _need(self.sigma > 0, f"sigma={self.sigma} is no width; use a number of pixels above 0.")

    def __call__(self, x: Tensor) -> Tensor:
        _spatial(x, "Blur")
        with torch.autocast(x.device.type, enabled=False):  # bfloat16 would lose digits of the input
            return self._blurred(x)

    def _blurred(self, x: Tensor) -> Tensor:
        radius = math.ceil(3 * self.sigma)
        at = torch.arange(-radius, radius + 1, device=x.device, dtype=x.dtype)
        kernel = torch.exp(-0.5 * (at / self.sigma) ** 2)
        kernel = (kernel / kernel.sum()).expand(x.shape[1], 1, -1)
        padded = F.pad(x, (radius, radius, radius, radius), mode="replicate")
        rows = F.conv2d(padded, kernel[:, :, None, :], groups=x.shape[1])
        return F.conv2d(rows, kernel[:, :, :, None], groups=x.shape[1])


@dataclass(frozen=True)
class Occlusion:
    """Covers one square of each image, of `share` of its shorter side, at a random place, with 0.

    Parameters
    ----------
    share : float
        In (0, 1].
    """

    share: float = 0.4

    def __post_init__(self) -> None:
        _need(0 < self.share <= 1, f"share={self.share} is no share; use a number above 0, up to 1.")

    def __call__(self, x: Tensor) -> Tensor:
        _spatial(x, "Occlusion")
        count, _, height, width = x.shape
        side = max(1, round(self.share * min(height, width)))
        top = torch.randint(0, height - side + 1, (count, 1), device=x.device)
        left = torch.randint(0, width - side + 1, (count, 1), device=x.device)
        row, column = torch.arange(height, device=x.device), torch.arange(width, device=x.device)
        in_rows = (row >= top) & (row < top + side)
        in_columns = (column >= left) & (column < left + side)
        return x * ~(in_rows[:, :, None] & in_columns[:, None, :])[:, None]


@dataclass(frozen=True)
class Dropout:
    """Sets each value to 0 with probability `share` and divides the others by 1 - share (Srivastava et al. 2014).

    Parameters
    ----------
    share : float
        In [0, 1).
    """

    share: float = 0.5

    def __post_init__(self) -> None:
        _need(0 <= self.share < 1, f"share={self.share} is no share; use a number from 0 up to but not 1.")

    def __call__(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.share)
