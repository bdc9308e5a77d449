"""Pictures of any size through a network that paints, at bounded memory."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from hiddenspace.nets.devices import device_of
from hiddenspace.nets.style_net import keeping_statistics, size_of
from hiddenspace.style.looking import spans

SAMPLED = 4
"""So many pieces down and across, together as large as a tile, say what the statistics of a large picture are."""


@torch.inference_mode()
def painted(paint: Callable[[Tensor], Tensor], net: nn.Module, picture: Tensor, tile: int) -> Tensor:
    """What a network makes of a picture (1, 3, h, w), on the CPU.

    A picture of more than `tile` pixels a side is painted in tiles, each with a margin. Instance normalisation wants
    statistics of the whole picture: they are those of 16 pieces from all over it, in its own resolution. A smaller
    version of the picture would have others, for it has other frequencies.

    Parameters
    ----------
    paint
        (b, 3, h, w) -> the same shape; calls the network.
    net
        The network.
    picture
        In [0, 1].
    tile
        In pixels.
    """
    device, (height, width) = device_of(net), size_of(picture)
    if max(height, width) <= tile:
        return paint(picture.to(device)).cpu()
    made = torch.empty_like(picture)
    with keeping_statistics(net):
        paint(sampled(picture, tile // SAMPLED).to(device))
        for down in spans(height, tile):
            for across in spans(width, tile):
                whole = paint(picture[..., down.first : down.last, across.first : across.last].to(device))
                inner = whole[..., down.start - down.first :, across.start - across.first :]
                rows, columns = slice(down.start, down.stop), slice(across.start, across.stop)
                made[..., rows, columns] = inner[..., : down.stop - down.start, : across.stop - across.start].cpu()
    return made


def sampled(picture: Tensor, side: int) -> Tensor:
    """Pieces of this side from all over a picture (1, c, h, w), evenly spread: (16, c, h', w')."""
    downs, acrosses = (
        torch.linspace(0, max(0, length - side), SAMPLED).round().int().tolist() for length in size_of(picture)
    )
    return torch.cat([picture[..., a : a + side, b : b + side] for a in downs for b in acrosses])
