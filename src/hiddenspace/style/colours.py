"""Keeping the colours of the original: by luminance alone, or by painting in colours like its own."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from hiddenspace.losses.textures import texture_of, transport

KeptColor = Literal["luminance", "histogram"]

TO_YCC = torch.tensor([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
"""RGB in [0, 1] -> luma and two differences of colours around 0 (ITU-R BT.601, as JPEG has it)."""


def with_colours_of(picture: Tensor, original: Tensor) -> Tensor:
    """The luma of a picture and the colours of another of the same size: (1, 3, h, w) in [0, 1] each."""
    matrix = TO_YCC.to(picture)
    both = torch.cat([_mixed(matrix[:1], picture), _mixed(matrix[1:], original)], 1)
    return _mixed(torch.linalg.inv(matrix), both).clamp(0, 1)


def in_luma_of(style: Tensor, original: Tensor) -> Tensor:
    """A style in grey whose luma has the mean and the deviation of that of the original, (1, 3, h, w)."""
    row = TO_YCC[:1].to(style)
    luma, wanted = _mixed(row, style), _mixed(row, original)
    deviation, mean = torch.std_mean(luma)
    wanted_deviation, wanted_mean = torch.std_mean(wanted)
    made = (luma - mean) * (wanted_deviation / deviation.clamp_min(1e-6)) + wanted_mean
    return made.clamp(0, 1).expand(-1, 3, -1, -1).contiguous()


def recoloured(style: Tensor, original: Tensor) -> Tensor:
    """A style whose colours have the means and the covariances of those of the original, (1, 3, h, w).

    By optimal transport of Gaussians. Gatys et al. 2016, "Preserving color in neural artistic style transfer", use a
    Cholesky or an eigenvalue decomposition, which turn colours more than need be.
    """
    found, wanted = (texture_of(picture) for picture in (style, original))
    moved = _mixed(transport(found, wanted, ridge=1e-5)[0], style - found.mean.view(1, 3, 1, 1)) + wanted.mean.view(
        1, 3, 1, 1
    )
    return moved.clamp(0, 1)


def _mixed(matrix: Tensor, picture: Tensor) -> Tensor:
    """(k, c) and (1, c, h, w) -> (1, k, h, w)."""
    return torch.einsum("kc,bchw->bkhw", matrix, picture)
