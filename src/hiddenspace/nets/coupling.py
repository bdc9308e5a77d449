"""Spline couplings: networks that can be run backwards, of whose volume change the logarithm is known."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace.nets.mlp import MLP

BOUND = 5.0
"""Splines act between -BOUND and BOUND; beyond, numbers stay as they are."""
BINS = 8
LEAST = 1e-2
"""Of a bin's width and height, as a part of all, and of a slope."""


class SplineCoupling(nn.Module):
    """Half of the numbers choose monotone splines through which the others pass (Durkan et al. 2019).

    A fixed rotation before it mixes the numbers, so that every coupling halves others. Starts as the rotation alone.

    Parameters
    ----------
    size
        Numbers, d.
    width
        Of the network that chooses.
    """

    rotation: Tensor

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.kept = size // 2  # with one number nothing chooses but the biases
        self.chooser = MLP([max(1, self.kept), width, width, (size - self.kept) * (3 * BINS - 1)])
        last = self.chooser.layers[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.register_buffer("rotation", torch.linalg.qr(torch.randn(size, size))[0])

    def _knots(self, kept: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        raw = self.chooser(kept if self.kept else kept.new_zeros(len(kept), 1))
        raw = raw.view(len(kept), -1, 3 * BINS - 1)
        widths, heights, slopes = raw[..., :BINS], raw[..., BINS : 2 * BINS], raw[..., 2 * BINS :]
        inner = LEAST + F.softplus(slopes + math.log(math.expm1(1 - LEAST)))
        return _edges(widths), _edges(heights), F.pad(inner, (1, 1), value=1.0)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(b, d) -> (b, d), and the logarithm (b,) of the determinant of the Jacobian."""
        turned = x @ self.rotation
        kept, others = turned[:, : self.kept], turned[:, self.kept :]
        y, slopes = spline(others, *self._knots(kept))
        return torch.cat([kept, y], dim=1), slopes.log().sum(1)

    def inverse(self, y: Tensor) -> Tensor:
        """(b, d) -> (b, d), what `forward` came from."""
        kept, others = y[:, : self.kept], y[:, self.kept :]
        x = inverse_spline(others, *self._knots(kept))
        return torch.cat([kept, x], dim=1) @ self.rotation.T


def _edges(raw: Tensor) -> Tensor:
    """(..., BINS) of any size -> BINS + 1 rising numbers from -BOUND to BOUND."""
    sizes = LEAST + (1 - LEAST * BINS) * raw.softmax(-1)
    inner = 2 * BOUND * sizes.cumsum(-1)[..., :-1] - BOUND
    return F.pad(F.pad(inner, (1, 0), value=-BOUND), (0, 1), value=BOUND)


def spline(x: Tensor, xs: Tensor, ys: Tensor, slopes: Tensor) -> tuple[Tensor, Tensor]:
    """Rational-quadratic splines (Gregory and Delbourgo 1982) at x, and their slopes there.

    Parameters
    ----------
    x
        (b, n), each number with a spline of its own.
    xs, ys, slopes
        (b, n, BINS + 1): knots, and the slope at each.
    """
    inside = x.abs() < BOUND
    x0, wide, y0, high, d0, d1 = _bin_of(xs, x, xs, ys, slopes)
    t = ((x - x0) / wide).clamp(0, 1)
    steep, s = high / wide, t * (1 - t)
    below = steep + (d0 + d1 - 2 * steep) * s
    y = y0 + high * (steep * t**2 + d0 * s) / below
    slope = steep**2 * (d1 * t**2 + 2 * steep * s + d0 * (1 - t) ** 2) / below**2
    return torch.where(inside, y, x), torch.where(inside, slope, torch.ones_like(x))


def inverse_spline(y: Tensor, xs: Tensor, ys: Tensor, slopes: Tensor) -> Tensor:
    """The numbers whose splines are at y: the root of a quadratic, in the form that loses no digits."""
    x0, wide, y0, high, d0, d1 = _bin_of(ys, y, xs, ys, slopes)
    steep, up = high / wide, (y - y0).clamp_min(0)
    bend = up * (d0 + d1 - 2 * steep)
    a, b, c = high * (steep - d0) + bend, high * d0 - bend, -steep * up
    t = 2 * c / (-b - (b**2 - 4 * a * c).clamp_min(0).sqrt())
    return torch.where(y.abs() < BOUND, x0 + wide * t, y)


def _bin_of(edges: Tensor, values: Tensor, xs: Tensor, ys: Tensor, slopes: Tensor) -> tuple[Tensor, ...]:
    """Of the bin in which each value lies: left, width, bottom, height, and the slopes at both ends."""
    i = torch.searchsorted(edges[..., 1:-1].contiguous(), values[..., None].contiguous())
    (x0, x1), (y0, y1), (d0, d1) = (
        (of.gather(-1, i).squeeze(-1), of.gather(-1, i + 1).squeeze(-1)) for of in (xs, ys, slopes)
    )
    return x0, x1 - x0, y0, y1 - y0, d0, d1
