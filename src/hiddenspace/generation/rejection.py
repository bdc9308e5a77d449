"""Drawing anew what the discriminator does not take for real."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from torch import Tensor

from hiddenspace import checks
from hiddenspace.errors import UsageError

ROWS = 0.01
"""By default for rows."""
TRIES = 10
"""Times that noise is drawn anew for an item."""
LEAST_ITEMS = 100
"""Held-out items, below which a percentile of theirs says little."""


def least_logit(rejection: float | None, kind: str, real: np.ndarray) -> float | None:
    """The lowest logit of an item that is taken; None where all are.

    Parameters
    ----------
    rejection : float, optional
        The share of the real items below whose logits none is taken; by default 0.01 for rows, 0 for images.
    kind : str
        Of the data.
    real : ndarray (101,) or (0,)
        Percentiles of the logits of held-out items, or nothing, where there were too few.

    Raises
    ------
    UsageError
        If the share makes no sense, or nothing is known of real items.
    """
    known = len(real) > 0
    share = (ROWS if known and kind != "images" else 0.0) if rejection is None else rejection
    checks.number("rejection", share, least=0, below=1)
    if share == 0:
        return None
    if not known:
        raise UsageError(
            f"rejection={share} needs {LEAST_ITEMS} items that were held out; fit with more, or leave it out."
        )
    return float(np.interp(100 * share, np.arange(101), real))


def drawn_anew(
    codes: Iterator[Tensor],
    anew: Iterator[Tensor],
    decode: Callable[[Tensor], np.ndarray],
    judge: Callable[[np.ndarray], np.ndarray],
    least: float,
) -> Iterator[np.ndarray]:
    """Items of codes, batch by batch; those of a lower logit are made of fresh codes, at most ten times.

    Row i of a batch of fresh codes is for item i, so that an item does not hang on how many are drawn after it.
    """
    for some in codes:
        made = decode(some)
        low = np.arange(len(made))
        for _ in range(TRIES):
            low = low[judge(made[low]) < least]
            if len(low) == 0:
                break
            made[low] = decode(next(anew)[low])
        yield made
