"""Which network suits an item of a given shape."""

from __future__ import annotations

from torch import nn

from hiddenspace.nets.conv import ConvDecoder, ConvEncoder
from hiddenspace.nets.mlp import vector_decoder, vector_encoder

Shape = tuple[int, ...]


def default_encoder(shape: Shape, code: int, depth: int | None = None, width: int | None = None) -> nn.Module:
    """Convolutional for (c, h, w), fully connected for (d,): (b, *shape) -> (b, code)."""
    if len(shape) == 3:
        return ConvEncoder(shape, code, depth=depth, width=width)
    return vector_encoder(shape[0], code, depth=depth, width=width)


def default_decoder(code: int, shape: Shape, depth: int | None = None, width: int | None = None) -> nn.Module:
    """The way back: (b, code) -> (b, *shape)."""
    if len(shape) == 3:
        return ConvDecoder(code, shape, depth=depth, width=width)
    return vector_decoder(code, shape[0], depth=depth, width=width)
