"""One hidden layer whose decoder is its encoder's transpose, so that there is one filter for each unit."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Activation = Callable[[Tensor], Tensor]


class TiedEncoder(nn.Module):
    """z = activation(W x + b) with x flattened: (b, ...) -> (b, code).

    Parameters
    ----------
    shape
        Of one item.
    code
        Units; more than the item has numbers for an overcomplete code.
    activation
        ReLU by default.
    bias
        b at the start; below 0 units answer rarely, as those of a sparse code shall.
    """

    def __init__(
        self, shape: tuple[int, ...], code: int, activation: Activation = torch.relu, bias: float = 0.0
    ) -> None:
        super().__init__()
        features = math.prod(shape)
        self.shape, self.activation = tuple(shape), activation
        self.weight = nn.Parameter(torch.randn(code, features) / math.sqrt(features))
        self.bias = nn.Parameter(torch.full((code,), bias))

    def forward(self, x: Tensor) -> Tensor:
        """(b, *shape) -> (b, code)."""
        return self.activation(F.linear(x.flatten(1), self.weight, self.bias))

    def decoder(self) -> TiedDecoder:
        """The one that goes with it."""
        return TiedDecoder(self)

    def filters(self) -> Tensor:
        """(code, *shape)."""
        return self.weight.detach().reshape(-1, *self.shape)


class TiedDecoder(nn.Module):
    """x = W^T z + c with the weights of an encoder: (b, code) -> (b, *shape)."""

    def __init__(self, encoder: TiedEncoder) -> None:
        super().__init__()
        self.shape = encoder.shape
        self.weight = encoder.weight
        self.bias = nn.Parameter(torch.zeros(encoder.weight.shape[1]))

    def forward(self, z: Tensor) -> Tensor:
        """(b, code) -> (b, *shape)."""
        return F.linear(z, self.weight.T, self.bias).reshape(-1, *self.shape)
