"""Vectors of attributes to images: the lecture's generator of chairs."""

from __future__ import annotations

from torch import Tensor, nn

from hiddenspace.nets.conv import ConvDecoder

Shape = tuple[int, ...]

HIDDEN = 256
"""Numbers in the description that all attributes make together, before it becomes an image."""


class AttributeDecoder(nn.Module):
    """Attributes to images: (b, attributes) -> (b, c, h, w), linear and unbounded.

    Two hidden layers make one description of all attributes, and a `ConvDecoder` an image of it. Dosovitskiy et al.
    2015, "Learning to generate chairs with convolutional neural networks", have a stream of hidden layers for each
    attribute before the common ones, and upscale by repeating pixels; the rest is theirs.

    Parameters
    ----------
    attributes
        Numbers in a vector.
    shape
        (c, h, w) of one image; h and w may be odd, and 1.
    depth, width
        Stages of resolution, and channels of the last one: as `ConvDecoder` has them.
    """

    def __init__(self, attributes: int, shape: Shape, depth: int | None = None, width: int | None = None) -> None:
        super().__init__()
        self.description = nn.Sequential(nn.Linear(attributes, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, HIDDEN), nn.SiLU())
        self.decoder = ConvDecoder(HIDDEN, shape, depth=depth, width=width)

    def forward(self, attributes: Tensor) -> Tensor:
        """(b, attributes) -> (b, c, h, w)."""
        image: Tensor = self.decoder(self.description(attributes))
        return image
