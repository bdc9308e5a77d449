"""Penalties on the slopes of a discriminator, without which it gets too steep to learn from."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Judge = Callable[[Tensor], Tensor]
"""Items (b, ...) -> logits; that of one item must not depend on the others (no batch normalisation)."""


def zero_centred_penalty(judge: Judge, items: Tensor) -> tuple[Tensor, Tensor]:
    """The mean over items of |grad D(x)|^2 (Mescheder et al. 2018), and the logits it was taken of.

    On real items it is R1, on generated ones R2; of both in one batch, half real, it is (R1 + R2) / 2, at the price of
    one pass.

    Parameters
    ----------
    judge : callable
        (b, ...) -> logits.
    items : Tensor (b, ...)
        What gradients they have is left out: the penalty is for the discriminator.

    Returns
    -------
    logits : Tensor
        Of the items.
    penalty : Tensor
        A scalar, of which the discriminator's weights get gradients.
    """
    items = items.detach().requires_grad_(True)
    logits = judge(items)
    return logits, _squared_slopes(logits, items).mean()


def one_centred_penalty(judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
    """The mean of (|grad D(x)| - 1)^2 at random places between real and generated items (Gulrajani et al. 2017).

    Parameters
    ----------
    judge : callable
        (b, ...) -> logits.
    real, fake : Tensor (b, ...)
        Of one shape.
    """
    place = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device)
    between = (real.detach() + place * (fake.detach() - real.detach())).requires_grad_(True)
    slopes = (_squared_slopes(judge(between), between) + 1e-12).sqrt()  # the slope of the root itself at 0 is infinite
    return (slopes - 1).square().mean()


def _squared_slopes(logits: Tensor, items: Tensor) -> Tensor:
    """(b,)."""
    (gradient,) = torch.autograd.grad(logits.sum(), items, create_graph=True)
    return gradient.float().flatten(1).square().sum(1)
