"""Fully connected networks for vectors and tables."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn


class MLP(nn.Module):
    """Linear layers with GELU (or leaky rectifiers) between them: (b, sizes[0]) -> (b, sizes[-1]).

    The last layer is linear and unbounded. Two sizes make a single linear layer. Hidden layers start with the weights
    of He et al. 2015, without which torch's own shrink the signal at each layer and deep nets hardly learn; with GELU
    (Hendrycks and Gimpel 2016) the error was lower than with ReLU. There is no normalisation: these nets are shallow
    and learned slower with it, and a code never depends on what else is in the batch.

    Parameters
    ----------
    sizes
        Features of the input, of each hidden layer, and of the output; at least two.
    slope
        Of leaky rectifiers below zero, in place of GELU: their second derivative is nothing, which makes penalties on
        slopes cheaper.
    """

    def __init__(self, sizes: Sequence[int], slope: float | None = None) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise(sizes[:-1]):
            linear = nn.Linear(before, after)
            nn.init.kaiming_normal_(linear.weight, slope or 0.0)
            nn.init.zeros_(linear.bias)
            layers += [linear, nn.GELU() if slope is None else nn.LeakyReLU(slope)]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))

    def forward(self, x: Tensor) -> Tensor:
        """(b, sizes[0]) -> (b, sizes[-1])."""
        out: Tensor = self.layers(x)
        return out


def hidden_sizes(features: int, code: int, depth: int | None = None, width: int | None = None) -> list[int]:
    """Hidden layers from the data's side to the code's, each half of the one before, and never under 16.

    `width` is the first; by default the power of two at or above the features, between 64 and 1024.
    `depth` is their number, 2 by default. Where the code is as large as the data, all layers are as wide as the first
    and none is narrower than the data, or the code would not be what is overcomplete.
    """
    layers = range(2 if depth is None else depth)
    first = width or min(1024, max(64, 1 << (features - 1).bit_length()))
    if code >= features:
        return [width or max(first, features) for _ in layers]
    return [max(first >> i, min(first, 16)) for i in layers]


def vector_encoder(features: int, code: int, depth: int | None = None, width: int | None = None) -> MLP:
    """The default encoder of vectors and tables: (b, features) -> (b, code); see `hidden_sizes`."""
    return MLP([features, *hidden_sizes(features, code, depth, width), code])


def vector_decoder(code: int, features: int, depth: int | None = None, width: int | None = None) -> MLP:
    """The default decoder, the mirror image of `vector_encoder`: (b, code) -> (b, features)."""
    return MLP([code, *reversed(hidden_sizes(features, code, depth, width)), features])
