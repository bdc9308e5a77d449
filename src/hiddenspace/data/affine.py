"""Small random rotations, scalings, shears and shifts of images: the same thing seen a little differently."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from hiddenspace.errors import UsageError


@dataclass(frozen=True)
class RandomAffine:
    """An affine map of each image, drawn for each item and each time anew; (b, c, h, w) -> the same shape.

    Values are interpolated bilinearly, and what comes in from outside repeats the border. Draws from torch's global
    generator.

    Parameters
    ----------
    rotation : float
        Degrees at most, either way, in [0, 180].
    scaling : float
        Factors on either side from 1 - scaling to 1 + scaling; in [0, 1).
    shift : float
        At most this part of the width and of the height, in [0, 1).
    shear : float
        Degrees at most, either way, in [0, 60].
    """

    rotation: float = 12.0
    scaling: float = 0.15
    shift: float = 0.08
    shear: float = 10.0

    def __post_init__(self) -> None:
        for name, most in (("rotation", 180.0), ("scaling", 1.0), ("shift", 1.0), ("shear", 60.0)):
            value = getattr(self, name)
            if not 0 <= value <= most or (most == 1 and value == 1):
                raise UsageError(f"{name}={value} is too much or too little; use a number from 0 to below {most:g}.")

    def __call__(self, x: Tensor) -> Tensor:
        if x.ndim != 4:
            raise UsageError("RandomAffine needs images; use GaussianNoise or MaskingNoise on other data, or None.")
        with torch.autocast(x.device.type, enabled=False):  # places in bfloat16 would be off by whole pixels
            grid = F.affine_grid(self._maps(x), list(x.shape), align_corners=False)
            return F.grid_sample(x, grid, padding_mode="border", align_corners=False)

    def _maps(self, x: Tensor) -> Tensor:
        """(b, 2, 3): from places in the result to places in the image, both in [-1, 1]."""
        count, _, height, width = x.shape
        lots = (2 * torch.rand(6, count, device=x.device, dtype=x.dtype) - 1).unbind()
        angle, shear = lots[0] * math.radians(self.rotation), torch.tan(lots[1] * math.radians(self.shear))
        across, along = 1 / (1 + self.scaling * lots[2]), 1 / (1 + self.scaling * lots[3])
        cos, sin = torch.cos(angle), torch.sin(angle)
        aspect = height / width  # turned are pixels, and not the square of [-1, 1]
        first = torch.stack([cos * across, (cos * shear - sin) * along * aspect, 2 * self.shift * lots[4]], dim=1)
        second = torch.stack([sin * across / aspect, (sin * shear + cos) * along, 2 * self.shift * lots[5]], dim=1)
        return torch.stack([first, second], dim=1)
