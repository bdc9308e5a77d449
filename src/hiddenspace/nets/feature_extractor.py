"""FeatureNet: a frozen network that says what is in a picture."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor, nn

from hiddenspace.nets.chain import Chain
from hiddenspace.nets.tapping import Tapped


class FeatureNet(nn.Module):
    """A frozen network and what it does to pictures before it looks at them; `hs.feature_net` makes it.

    Pictures are (b, c, h, w) in [0, 1]. Gradients flow to them and to nothing else. Whatever trains around it, it
    stays in evaluation mode.

    Parameters
    ----------
    network
        Gives the layers by name.
    prepare
        Pictures in [0, 1] -> what the network takes.
    description
        One phrase that says what it is.
    is_inception
        Whether it is the network that the FID is defined by, from the published file, giving its pool3.
    """

    def __init__(
        self, network: Chain | Tapped, prepare: nn.Module, description: str, *, is_inception: bool = False
    ) -> None:
        super().__init__()
        self.network, self.prepare = network, prepare
        self.description, self.is_inception = description, is_inception
        if isinstance(network, Chain):  # with the pictures channels last as well: a fifth less time and more on a CPU
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # which torch's stubs lack
        self.requires_grad_(False)
        self.eval()

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of what `activations` gives, in its order."""
        return self.network.wanted

    def activations(self, x: Tensor) -> dict[str, Tensor]:
        """(b, c, h, w) in [0, 1] -> what each layer makes, mostly (b, channels, h', w'), by its name.

        Nothing behind the deepest of the layers is computed.

        Raises
        ------
        DataError
            If the network does not take such pictures.
        """
        prepared = self.prepare(x)
        if prepared.ndim == 4 and isinstance(self.network, Chain):
            prepared = prepared.contiguous(memory_format=torch.channels_last)
        made: dict[str, Tensor] = self.network(prepared)
        return made

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) in [0, 1] -> (b, d): the means over places of each layer, one after the other."""
        return torch.cat([_over_places(made) for made in self.activations(x).values()], dim=1)

    def train(self, mode: bool = True) -> Self:
        """Stays in evaluation mode."""
        return super().train(False)

    def extra_repr(self) -> str:
        """For `print`, and for telling one net from another."""
        return f"{self.description}; {', '.join(self.layers)}"


def _over_places(made: Tensor) -> Tensor:
    """(b, c, h, w), (b, t, c), (b, c) or (b,) -> (b, c)."""
    if made.ndim == 4:
        return made.mean((2, 3))
    return made.mean(1) if made.ndim == 3 else made.reshape(len(made), -1)
