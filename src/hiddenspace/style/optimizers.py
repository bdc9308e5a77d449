"""The optimizers of pictures, which heed how small the gradient of a single pixel is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.optim import LBFGS, Adam, Optimizer

RATES = {"adam": 0.02, "lbfgs": 1.0}
"""Learning rates for pixels in [0, 1]."""

RANGE_WEIGHTS = {"adam": 0.0, "lbfgs": 10.0}
"""Of values outside of [0, 1] in the loss. L-BFGS would not understand that they are cut off: what it takes for the
curvature then is none, and it may end above the loss that it began with."""


def optimizer_of(name: str, rate: float | None, pixels: int) -> Callable[[Iterable[nn.Parameter]], Optimizer]:
    """Parameters -> optimizer, for a loss that is a mean over so many pixels.

    Parameters
    ----------
    name
        'adam' or 'lbfgs'.
    rate
        The learning rate; by default that of `RATES`.
    pixels
        Times channels.
    """
    rate = RATES[name] if rate is None else rate
    if name == "adam":
        # torch's eps of 1e-8 is as large as the gradients of a large picture
        return partial(Adam, lr=rate, betas=(0.9, 0.99), eps=1e-3 / pixels)
    return partial(SteepLBFGS, lr=rate, steepness=float(pixels))


class SteepLBFGS(LBFGS):
    """L-BFGS of one step at a time, on a loss that is so many times as steep.

    torch leaves out what it learns of the curvature where that is below 1e-10, as it would be for a mean over pixels,
    and ends where a step is small: here nothing but the number of steps does.
    """

    def __init__(self, params: Iterable[nn.Parameter], lr: float, steepness: float) -> None:
        super().__init__(params, lr=lr, max_iter=1, history_size=100, tolerance_grad=-1, tolerance_change=-1)
        self.steepness = steepness

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]  # torch's is overloaded
        """One evaluation, one step."""

        def steep() -> Any:
            loss = closure()
            with torch.no_grad():
                for group in self.param_groups:
                    for parameter in group["params"]:
                        parameter.grad.mul_(self.steepness)
            return self.steepness * loss

        return super().step(steep)  # type: ignore[no-untyped-call]
