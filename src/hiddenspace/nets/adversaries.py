"""Which generator and which discriminator suit items of a given shape."""

from __future__ import annotations

from typing import Literal

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from hiddenspace.nets.discriminators import Critic, DCGANBody, ResidualBody, RowBody
from hiddenspace.nets.generators import DCGANGenerator, ResidualGenerator, RowGenerator, Shape

Family = Literal["residual", "dcgan"]
ROW_WIDTH, WIDEST_ROW, ROW_DEPTH, ROW_OCTAVES = 64, 512, 3, 4
"""Units are twice the columns, within these bounds. Octaves stand only beside a penalty on slopes: with spectral
normalisation alone they let modes be dropped."""
DEEPER = 2
"""Times as many layers has the generator of rows: it must be steep between clusters, or it fills what is between."""


def default_generator(
    family: Family, inputs: int, shape: Shape, depth: int | None = None, width: int | None = None, blocks: int = 0
) -> nn.Module:
    """(b, inputs) -> (b, *shape): of the family for images, fully connected for rows."""
    if len(shape) == 1:
        return RowGenerator(inputs, shape[0], width or _row_width(shape[0]), DEEPER * (depth or ROW_DEPTH))
    if family == "dcgan":
        return DCGANGenerator(inputs, shape, depth, width)
    return ResidualGenerator(inputs, shape, depth, width, blocks)


def default_critic(
    family: Family,
    shape: Shape,
    depth: int | None = None,
    width: int | None = None,
    blocks: int = 0,
    *,
    condition: int = 0,
    auxiliary: bool = False,
    spectral: bool = False,
) -> Critic:
    """(b, *shape) and conditions (b, condition), where there are any -> logits (b,).

    With `spectral` each layer is divided by its largest singular value, estimated by power iteration (Miyato et al.
    2018, "Spectral normalization for generative adversarial networks").
    """
    body: RowBody | DCGANBody | ResidualBody
    if len(shape) == 1:
        body = RowBody(shape[0], width or _row_width(shape[0]), depth or ROW_DEPTH, 0 if spectral else ROW_OCTAVES)
    elif family == "dcgan":
        body = DCGANBody(shape, depth, width)
    else:
        body = ResidualBody(shape, depth, 2 * width if width else None, blocks)
    critic = Critic(body, body.features, condition, auxiliary)
    if spectral:
        for module in list(critic.modules()):
            if isinstance(module, nn.Conv2d | nn.Linear):
                spectral_norm(module)
    return critic


def _row_width(columns: int) -> int:
    return min(max(ROW_WIDTH, 2 * columns), WIDEST_ROW)
