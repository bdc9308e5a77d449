"""Penalties on the slopes of a discriminator, without which it gets too steep to learn from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from hiddenspace.errors import UsageError

Judge = Callable[[Tensor], Tensor]
"""Items (b, ...) -> logits; that of one item must not depend on the others (no batch normalisation)."""
Penalty = Literal["zero-centred", "one-centred"]


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

    Raises
    ------
    UsageError
        If they are not.
    """
    if real.shape != fake.shape:  # which would be broadcast
        raise UsageError(
            f"real and generated items are of the shapes {tuple(real.shape)} and {tuple(fake.shape)}; make them of one."
        )
    place = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device)
    between = (real.detach() + place * (fake.detach() - real.detach())).requires_grad_(True)
    slopes = (_squared_slopes(judge(between), between) + 1e-12).sqrt()  # the slope of the root itself at 0 is infinite
    return (slopes - 1).square().mean()


def judged_and_penalised(judge: Judge, real: Tensor, fake: Tensor, penalty: Penalty) -> tuple[Tensor, Tensor, Tensor]:
    """Logits (float32) of equally many real and generated items, judged in one batch, and the penalty of this name."""
    both = torch.cat([real, fake])
    if penalty == "zero-centred":
        logits, slopes = zero_centred_penalty(judge, both)
    else:
        slopes = one_centred_penalty(judge, real, fake)
        logits = judge(both)
    on_real, on_fake = logits.float().chunk(2)
    return on_real, on_fake, slopes


def _squared_slopes(logits: Tensor, items: Tensor) -> Tensor:
    """(b,)."""
    (gradient,) = torch.autograd.grad(logits.sum(), items, create_graph=True)
    return gradient.float().flatten(1).square().sum(1)
