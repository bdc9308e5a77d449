"""A network whose steps have names, so that one can ask for what each makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from torch import Tensor, nn


class Chain(nn.Module):
    """Steps one after the other, each under its name: (b, c, h, w) -> {name: what that step made}.

    Parameters
    ----------
    steps
        Name -> module, in their order; the names are also those of the state dict.
    """

    def __init__(self, steps: Mapping[str, nn.Module]) -> None:
        super().__init__()
        for name, step in steps.items():
            self.add_module(name, step)
        self.wanted = self.names[-1:]

    @property
    def names(self) -> tuple[str, ...]:
        """Of all steps, in their order."""
        return tuple(self._modules)

    def giving(self, layers: Sequence[str]) -> Self:
        """Itself, cut behind the deepest of these layers, which are what it gives from now on, in this order.

        A ReLU overwrites what stood before it wherever nobody wants that: large pictures then need half the memory.
        """
        last = max(map(self.names.index, layers))
        for name in self.names[last + 1 :]:
            delattr(self, name)
        self.wanted = tuple(layers)
        before = (None, *self.names)
        for name, step in self.named_children():
            if isinstance(step, nn.ReLU):
                step.inplace = before[self.names.index(name)] not in layers
        return self

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """(b, c, h, w) -> the wanted layers by name."""
        made = {}
        for name, step in self.named_children():
            x = step(x)
            if name in self.wanted:
                made[name] = x
        return {name: made[name] for name in self.wanted}
