"""Leading eigenvectors of the covariance of data, in three ways; two of them take data larger than memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hiddenspace.data.batches import ArrayBatches, Stored, as_tensor
from hiddenspace.data.chunks import in_memory
from hiddenspace.training import ranks

LARGEST_SQUARE = 5000
"""Up to so many features (or items) their whole matrix of inner products is decomposed."""
LARGEST_WHOLE = 2 * 2**30
"""Bytes that all items may take as float64 for that of the items: every rank holds them."""
CHUNK_BYTES = 32 * 2**20
"""As float32: large enough for products at full speed, and a small part of any memory."""
MEANS_OVER = 1000
"""Rows that give a provisional mean."""


@dataclass(frozen=True)
class Decomposition:
    """Mean (d,), variances (m,) with n in the denominator and components (k, d), both falling, and their total."""

    mean: Tensor
    variances: Tensor
    components: Tensor
    total: float


class Passes:
    """Passes over all items in chunks of rows (b, d) in float32; each rank sees its share.

    The rows may be the data themselves, so nobody writes to them.
    """

    def __init__(self, stored: Stored, to_model: Any, device: torch.device) -> None:
        row_bytes = 4 * math.prod(stored.shape[1:])
        rows = max(1, min(len(stored), CHUNK_BYTES // row_bytes))
        self.batches = ArrayBatches(stored, to_model, batch_size=rows, seed=None, drop_last=False)
        self.batches = self.batches.on(device, ranks.rank(), ranks.world_size())
        self.count, self.features, self.device = len(stored), math.prod(stored.shape[1:]), device
        self.whole: Tensor | None = None
        if in_memory(stored) and device.type == "cpu" and ranks.world_size() == 1:
            self.whole = as_tensor(stored)

    def __iter__(self) -> Iterator[Tensor]:
        if self.whole is not None:  # in order and in memory: no need for a copy
            for raw in torch.split(self.whole, self.batches.batch_size):
                yield self.batches.to_model(raw).flatten(1)
            return
        for position in range(len(self.batches)):
            yield self.batches.draw(position)[0].flatten(1)

    def mean(self) -> Tensor:
        """The mean of all items, (d,) float64."""
        total = torch.zeros(self.features, dtype=torch.float64, device=self.device)
        for x in self:
            total += x.sum(0, dtype=torch.float64)
        return ranks.total_over_ranks(total) / self.count


def decompose(passes: Passes, code: int, seed: int) -> Decomposition:
    """The leading components, at least `code` of them, in the way that the size of the data allows."""
    if passes.features <= LARGEST_SQUARE:
        return by_covariance(passes)
    if passes.count <= LARGEST_SQUARE and 8 * passes.count * passes.features <= LARGEST_WHOLE:
        return by_inner_products(passes, code)
    return by_subspace_iteration(passes, code, seed)


def by_covariance(passes: Passes) -> Decomposition:
    """One pass: sums of x and x x^T about a provisional mean, products in float32 and sums in float64.

    On the CPU all of it is NumPy, which sees that x^T x is symmetric and takes half the time of torch; mixing the two
    costs more than either, since the waiting threads of one get in the other's way.
    """
    on_cpu = passes.device.type == "cpu"
    xp: Any = np if on_cpu else torch
    place = {} if on_cpu else {"device": passes.device}
    total = xp.zeros(passes.features, dtype=xp.float64, **place)
    products = xp.zeros((passes.features, passes.features), dtype=xp.float64, **place)
    shift: Any = None
    for number, rows in enumerate(passes):
        x = rows.numpy() if on_cpu else rows
        if number == 0:
            shift = ranks.told_by_first(provisional_mean(rows[:MEANS_OVER].cpu().numpy()))
            shift = shift if shift is None else xp.asarray(shift, **place)
        centred = x if shift is None else x - shift
        total += xp.ones_like(x[:, 0]) @ centred
        products += centred.T @ centred
    total, products = (ranks.total_over_ranks(torch.as_tensor(sums)) for sums in (total, products))
    total, products = (sums.numpy() if on_cpu else sums for sums in (total, products))
    mean = total / passes.count
    covariance = products / passes.count - xp.outer(mean, mean)
    values, vectors = xp.linalg.eigh(covariance)
    if shift is not None:
        mean = mean + shift
    mean, values, vectors = (torch.as_tensor(found) for found in (mean, values, vectors))
    return Decomposition(mean, values.flip(0), vectors.T.flip(0), float(xp.trace(covariance)))


def provisional_mean(x: np.ndarray) -> np.ndarray | None:
    """The mean (d,) of some rows, which keeps the subtraction of the true mean from eating the digits.

    None where it is smaller than the spread, as for pictures on black: little is at stake, and a pass is saved.
    """
    mean = x.mean(0, dtype=np.float64)
    small = float((mean**2).sum()) <= float(((x - mean) ** 2).mean(0).sum())
    return None if small else mean.astype(np.float32)


def by_inner_products(passes: Passes, code: int) -> Decomposition:
    """Fewer items than features: eigenvectors u of X X^T (n, n) give the components X^T u / |X^T u|."""
    whole = torch.empty(passes.count, passes.features, dtype=torch.float64, device=passes.device)
    start = 0
    for x in passes:
        rows = torch.cat(ranks.gathered(x.cpu()))
        whole[start : start + len(rows)] = rows
        start += len(rows)
    mean = whole.mean(0)
    whole -= mean
    products = whole @ whole.T
    values, vectors = torch.linalg.eigh(products)
    components = torch.linalg.qr(whole.T @ vectors.flip(1)[:, :code]).Q.T
    return Decomposition(mean, values.flip(0) / passes.count, components, float(products.trace()) / passes.count)


def by_subspace_iteration(
    passes: Passes, code: int, seed: int, most_passes: int = 40, tolerance: float = 1e-7
) -> Decomposition:
    """Many items of many features: Q <- orthonormal basis of (X^T X) Q, one pass each (Halko et al. 2011).

    Ten spare directions make it converge quickly; it ends when no eigenvalue moves by more than `tolerance` of the
    largest, or after `most_passes`.
    """
    mean = passes.mean()
    generator = torch.Generator().manual_seed(seed)
    features = passes.features
    width = min(code + 10, features, passes.count)
    basis = torch.linalg.qr(torch.randn(features, width, generator=generator).to(passes.device)).Q
    before = torch.zeros(width, device=passes.device)
    for _ in range(most_passes):
        image = torch.zeros(features, width, dtype=torch.float64, device=passes.device)
        total = torch.zeros((), dtype=torch.float64, device=passes.device)
        for x in passes:
            centred = x - mean.float()
            image += centred.T @ (centred @ basis)
            total += (centred**2).sum(dtype=torch.float64)
        image = ranks.total_over_ranks(image) / passes.count
        left, values, _ = torch.linalg.svd(image, full_matrices=False)
        moved_by = float((values.float() - before).abs().max() / values[0].clamp(min=1e-30))
        basis, before = left.float(), values.float()
        if moved_by < tolerance:
            break
    return Decomposition(mean, values[:code], left.T[:code], float(ranks.total_over_ranks(total)) / passes.count)
