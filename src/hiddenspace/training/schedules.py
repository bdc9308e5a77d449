"""Factors on the learning rate by progress in [0, 1]."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class OneCycle:
    """Up from `start` over the first `warmup` of the training, then down to nearly zero along a cosine.

    Smith and Topin 2018, with the cosine of Loshchilov and Hutter 2017 on the way down.
    """

    warmup: float = 0.1
    start: float = 0.1

    def __call__(self, progress: float) -> float:
        """The factor, in (0, 1]."""
        if progress < self.warmup:
            return self.start + (1 - self.start) * progress / self.warmup
        down = (progress - self.warmup) / (1 - self.warmup)
        return max(0.5 * (1 + math.cos(math.pi * min(down, 1.0))), 1e-3)
