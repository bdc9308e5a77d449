"""Images of one domain in the looks of another: its light and colours, and a part of its pictures."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hiddenspace.errors import UsageError

LEAST = 1e-3
"""Of the contrast that an image is divided by, in units of [0, 1]."""
WIDER = 2.0
"""So many times as much must looks vary in one domain as in the other before restyling is worth it."""


@dataclass(frozen=True)
class Restyling:
    """Gives images the looks of others, drawn for each image and each time anew; what they show stays.

    Each channel gets the mean and the standard deviation of that of another image (Reinhard et al. 2001, in RGB), or
    as if that were a negative; then a third image shows through, as in mixup (Zhang et al. 2018), but the label stays:
    of the image itself at least 1 - mixing is left. Draws from torch's global generator. Nothing is clipped.

    Parameters
    ----------
    share : float
        The share of images that get the light and the colours of another, in [0, 1].
    negatives : float
        The share of these in which bright and dark change places, in [0, 1].
    mixing : float
        The part that another image makes up at most, in [0, 1).
    """

    share: float = 0.8
    negatives: float = 0.5
    mixing: float = 0.5

    def __post_init__(self) -> None:
        for name in ("share", "negatives", "mixing"):
            value = getattr(self, name)
            if not 0 <= value <= 1 or (name == "mixing" and value == 1):
                below = ", but not 1" if name == "mixing" else ""
                raise UsageError(f"{name}={value} is no share; use a number from 0 to 1{below}.")

    def __call__(self, x: Tensor, others: Tensor) -> Tensor:
        """Images (b, c, h, w) in the looks of others (m, c, h, w) -> (b, c, h, w)."""
        if x.ndim != 4:
            raise UsageError("Restyling needs images; use restyling=None on other data.")
        mixed = self._coloured(x, _drawn(others, len(x)))
        if self.mixing:
            part = self.mixing * _lots(x)
            mixed = mixed + part * (_drawn(others, len(x)) - mixed)
        return mixed

    def _coloured(self, x: Tensor, others: Tensor) -> Tensor:
        mean, spread = x.mean((2, 3), keepdim=True), x.std((2, 3), keepdim=True) + LEAST
        others_mean, others_spread = others.mean((2, 3), keepdim=True), others.std((2, 3), keepdim=True)
        sign = 1 - 2 * (_lots(x) < self.negatives).to(x.dtype)
        return torch.where(_lots(x) < self.share, (x - mean) / spread * others_spread * sign + others_mean, x)


def looks_of(x: Tensor) -> Tensor:
    """The light and the colours of images: means and deviations of their channels, (b, c, h, w) -> (b, 2c)."""
    return torch.cat([x.mean((2, 3)), x.std((2, 3), correction=0)], dim=1)


def vary_unlike(looks: Tensor, others: Tensor) -> bool:
    """Whether the looks of one of two domains, (n, 2c) and (m, 2c), vary more than twice as much as the other's.

    Where they vary about alike, restyling took more from images than it gave.
    """
    spreads = [each.var(0, correction=0).sum().sqrt() for each in (looks, others)]
    return bool(max(spreads) > WIDER * min(spreads))


def _drawn(others: Tensor, count: int) -> Tensor:
    """So many of them, drawn at random with replacement."""
    return others[torch.randint(len(others), (count,), device=others.device)]


def _lots(x: Tensor) -> Tensor:
    """A number in [0, 1) for each image."""
    return torch.rand(len(x), 1, 1, 1, device=x.device)
