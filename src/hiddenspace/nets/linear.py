"""The linear encoder and decoder: a projection and its transpose."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LinearEncoder(nn.Module):
    """z = (x - mean) W^T with x flattened: (b, ...) -> (b, k). Buffers `mean` (d,) and `components` W (k, d).

    The sum runs in float64: in float32 the last digit of a row hangs on its place in the batch.
    """

    mean: Tensor
    components: Tensor

    def __init__(self, features: int, code: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("components", torch.zeros(code, features))

    def forward(self, x: Tensor) -> Tensor:
        """(b, ...) -> (b, k)."""
        return ((x.flatten(1) - self.mean).double() @ self.components.double().T).float()


class LinearDecoder(nn.Module):
    """x = z W + mean, (b, k) -> (b, *shape): the transpose of `LinearEncoder`."""

    mean: Tensor
    components: Tensor

    def __init__(self, code: int, shape: tuple[int, ...]) -> None:
        super().__init__()
        features = int(torch.Size(shape).numel())
        self.shape = shape
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("components", torch.zeros(code, features))

    def forward(self, z: Tensor) -> Tensor:
        """(b, k) -> (b, *shape)."""
        return (z @ self.components + self.mean).reshape(len(z), *self.shape)
