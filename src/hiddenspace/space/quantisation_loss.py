"""What quantised codes cost in the items, and the largest step that costs no more than is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10, sqrt
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import in_model_space
from hiddenspace.space.quantiser import Axes, Quantiser
from hiddenspace.space.sensitivity import Decoder

if TYPE_CHECKING:
    from hiddenspace.space.hidden_space import HiddenSpace

ITEMS = 1000
"""That judge, at most."""
LEAST = 1e-6
"""Of the variance of the items: an error below this share counts as this, as decibels need an error to compare with."""
HALVINGS = 6


@dataclass(frozen=True, eq=False)
class Judge:
    """Items by which a quantiser is judged.

    Attributes
    ----------
    decoder : Decoder
    codes : (n, d)
        Unquantised.
    items : (n, p)
        In model space what the codes are of, or where that is not at hand, what they decode to.
    missing : float
        Mean squared error of unquantised codes that `items` do not show: 0 where they are the items themselves.
    error : float
        Mean squared error of unquantised codes.
    """

    decoder: Decoder
    codes: np.ndarray
    items: Tensor
    missing: float
    error: float

    def lost(self, quantiser: Quantiser) -> float:
        """Decibels by which the error grows."""
        restored = quantiser.lattice.restore(quantiser.quantise(self.codes))
        error = self.missing + _error(self.decoder, restored, self.items)
        return 10 * log10(max(error, self.error / 10) / self.error)


def largest_step(judge: Judge, axes: Axes, loss: float) -> tuple[Quantiser, float]:
    """The quantiser of the largest step that loses at most so many decibels, and what it loses.

    Steps are between a hundred-millionth and eight times the widest spread of the codes; there the loss is what it is.
    """
    widest = sqrt(axes.variances.max()) or 1.0
    rate = 12 * (10 ** (loss / 10) - 1) * judge.error * judge.items.shape[1] / len(axes.variances)
    fine = min(max(sqrt(rate), 1e-8 * widest), 8 * widest)  # right where the decoder is linear
    coarse = fine * sqrt(2)
    while judge.lost(axes.quantiser(fine)) > loss and fine > 1e-8 * widest:
        fine, coarse = fine / sqrt(2), fine
    while coarse < 8 * widest and judge.lost(axes.quantiser(coarse)) <= loss:
        fine, coarse = coarse, coarse * sqrt(2)
    for _ in range(HALVINGS):
        middle = sqrt(fine * coarse)
        fits = judge.lost(axes.quantiser(middle)) <= loss
        fine, coarse = (middle, coarse) if fits else (fine, middle)
    chosen = axes.quantiser(fine)
    return chosen, judge.lost(chosen)


def judge_of(space: HiddenSpace, decoder: Decoder, dataset: Dataset, codes: np.ndarray) -> Judge:
    """The space's own items; where it has only their codes, what these decode to, and the error of other items.

    Parameters
    ----------
    space : HiddenSpace
    decoder : Decoder
        Its own.
    dataset, codes
        Items to compress (m) and their codes (m, d).
    """
    own = space._dataset
    known, theirs = (dataset, codes) if own is None else (own, space.codes)
    chosen = _some(len(known))
    assert space.coding.format is not None  # what decodes has one
    items = torch.cat([x.flatten(1) for x in in_model_space(space.coding.format, known.take(chosen))])
    error = _error(decoder, theirs[chosen], items)
    missing = 0.0
    if own is None:
        missing, theirs, chosen = error, space.codes, _some(len(space))
        items = torch.from_numpy(decoder(theirs[chosen]))
    least = LEAST * float(items.var(0, correction=0).mean()) + 1e-12
    return Judge(decoder, theirs[chosen], items, missing, max(error, least))


def _some(count: int) -> np.ndarray:
    return np.sort(np.random.default_rng(0).permutation(count)[:ITEMS])


def _error(decoder: Decoder, codes: np.ndarray, items: Tensor) -> float:
    """Mean squared error of what codes decode to."""
    total, start = 0.0, 0
    for rebuilt in decoder.batches(codes):
        total += float((rebuilt - items[start : start + len(rebuilt)]).double().square().sum())
        start += len(rebuilt)
    return total / items.numel()
