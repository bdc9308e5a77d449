"""An exponential moving average of weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class MovingAverage:
    """average <- decay_t * average + (1 - decay_t) * weights, with decay_t = min(decay, (1 + t) / (10 + t)).

    The smaller decay of the first rounds keeps the random start out of the average (Polyak and Juditsky 1992; the
    warm-up is that of TensorFlow's ExponentialMovingAverage). The running statistics of batch normalisation are
    averaged along, for those of the latest weights do not fit the average; no other buffer is.

    Parameters
    ----------
    module : Module
        Its parameters and running statistics are followed.
    decay : float
        In [0, 1).
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.followed: list[Tensor] = [*module.parameters(), *_running_statistics(module)]
        self.average = [tensor.detach().clone() for tensor in self.followed]

    @torch.no_grad()
    def update(self) -> None:
        """Takes the current weights into the average."""
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        self.steps += 1
        torch._foreach_lerp_(self.average, self.followed, 1 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The module bears the average inside the `with`, and its own weights again after it."""
        own = [tensor.detach().clone() for tensor in self.followed]
        self.copy_to_module()
        try:
            yield
        finally:
            with torch.no_grad():
                torch._foreach_copy_(self.followed, own)

    @torch.no_grad()
    def copy_to_module(self) -> None:
        """Puts the average into the module for good."""
        torch._foreach_copy_(self.followed, self.average)

    def state(self) -> dict[str, Any]:
        """Updates so far, and the averages."""
        return {"steps": self.steps, "average": self.average}

    @torch.no_grad()
    def restore(self, state: dict[str, Any]) -> None:
        """Takes back what `state` gave."""
        self.steps = state["steps"]
        torch._foreach_copy_(self.average, state["average"])


def _running_statistics(module: nn.Module) -> list[Tensor]:
    normalising = (part for part in module.modules() if isinstance(part, _BatchNorm))
    both = (statistic for part in normalising for statistic in (part.running_mean, part.running_var))
    return [statistic for statistic in both if statistic is not None]
