"""How much items change with their codes: what a quantiser must know about a decoder."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from hiddenspace.data.format import BATCH
from hiddenspace.nets.devices import device_of
from hiddenspace.space.coding import Coding, no_decoder

ITEMS = 128
"""Codes over which the metric is averaged; fewer where codes are long, as each of their numbers is moved in turn."""
MOVES = 16_384
STEP = 0.1
"""How far a number of the code is moved, in its standard deviations."""


class Decoder:
    """The decoder of a space, codes (n, d) -> items (n, p) in model space, in float32."""

    def __init__(self, coding: Coding) -> None:
        if coding.decoder is None:
            raise no_decoder("this space")
        self._coding, self._device = coding, device_of(coding.decoder)

    def batches(self, codes: np.ndarray) -> Iterator[Tensor]:
        """Decoded items, (at most 256, p) at a time."""
        with torch.inference_mode():
            for start in range(0, len(codes), BATCH):
                part = np.ascontiguousarray(codes[start : start + BATCH], np.float32)
                yield self._coding.to_items(torch.from_numpy(part).to(self._device)).float().flatten(1).cpu()

    def __call__(self, codes: np.ndarray) -> np.ndarray:
        """(n, d) -> (n, p)."""
        return torch.cat(list(self.batches(codes))).numpy()


def metric(decoder: Decoder, codes: np.ndarray, spread: np.ndarray, seed: int = 0) -> np.ndarray:
    """The mean of J^T J over codes, where J is the decoder's Jacobian (p, d) by central differences.

    A small step e of the code changes the item by e^T M e on average, so M says which steps people will see.

    Parameters
    ----------
    decoder : Decoder
    codes : (n, d)
        Of which a sample is drawn.
    spread : (d,)
        Standard deviations of the codes, all positive: the unit of each number of the code, and of the metric.
    seed : int
        Of the sample.

    Returns
    -------
    ndarray (d, d)
        For codes in units of `spread`, float64, symmetric.
    """
    size = codes.shape[1]
    count = min(len(codes), max(16, min(ITEMS, MOVES // (2 * size))))
    chosen = codes[np.sort(np.random.default_rng(seed).permutation(len(codes))[:count])]
    mean: np.ndarray = np.zeros((size, size))
    for code in chosen:
        moves = STEP * np.diag(spread)
        moved = decoder(np.concatenate([code + moves, code - moves]))
        jacobian = (moved[:size] - moved[size:]).astype(np.float64) / (2 * STEP)
        mean += jacobian @ jacobian.T / count
    return mean
