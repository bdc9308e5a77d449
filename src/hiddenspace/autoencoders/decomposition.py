"""Leading eigenvectors of the covariance of data that may be larger than memory, in three ways."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hiddenspace.data.batches import ArrayBatches, Stored
from hiddenspace.training import ranks

LARGEST_SQUARE = 5000
"""Up to so many features (or items) their whole matrix of inner products is decomposed."""
CHUNK_BYTES = 16 * 2**20
"""As float32: large enough for products at full speed, small enough to be used where it still lies in the cache."""


@dataclass(frozen=True)
class Decomposition:
    """Mean (d,), variances (m,) with n in the denominator and components (k, d), both falling, and their total."""

    mean: Tensor
    variances: Tensor
    components: Tensor
    total: float


class Passes:
    """Passes over all items in chunks of rows (b, d) in float32; each rank sees its share."""

    def __init__(self, stored: Stored, to_model: Any, device: torch.device) -> None:
        row_bytes = 4 * math.prod(stored.shape[1:])
        rows = max(1, min(len(stored), CHUNK_BYTES // row_bytes))
        self.batches = ArrayBatches(stored, to_model, batch_size=rows, seed=None, drop_last=False)
        self.batches = self.batches.on(device, ranks.rank(), ranks.world_size())
        self.count, self.features, self.device = len(stored), math.prod(stored.shape[1:]), device

    def __iter__(self) -> Iterator[Tensor]:
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
    if passes.count <= LARGEST_SQUARE:
        return by_inner_products(passes, code)
    return by_subspace_iteration(passes, code, seed)


def by_covariance(passes: Passes) -> Decomposition:
    """One pass: sums of x and x x^T about a provisional mean, products in float32 and sums in float64.

    The provisional mean (of the first chunk) keeps the subtraction of the true mean from eating the digits.
    """
    shift = torch.as_tensor(ranks.told_by_first(next(iter(passes)).mean(0).cpu())).to(passes.device)
    features = passes.features
    total = torch.zeros(features, dtype=torch.float64, device=passes.device)
    products = torch.zeros(features, features, dtype=torch.float64, device=passes.device)
    for x in passes:
        x -= shift  # a chunk is a copy already
        total += torch.ones(len(x), device=x.device) @ x
        products += _gram(x)
    offset = ranks.total_over_ranks(total) / passes.count
    covariance = ranks.total_over_ranks(products) / passes.count - torch.outer(offset, offset)
    values, vectors = torch.linalg.eigh(covariance)
    return Decomposition(shift + offset, values.flip(0), vectors.T.flip(0), float(covariance.diagonal().sum()))


def _gram(x: Tensor) -> Tensor:
    """x^T x. NumPy sees that it is symmetric and takes half the time of torch, which does not."""
    if x.device.type != "cpu":
        return x.T @ x
    rows = x.numpy()
    return torch.from_numpy(rows.T @ rows)


def by_inner_products(passes: Passes, code: int) -> Decomposition:
    """Fewer items than features: eigenvectors u of X X^T (n, n) give the components X^T u / |X^T u|."""
    rows = [torch.cat(ranks.gathered(x.cpu())).to(passes.device) for x in passes]
    whole = torch.cat(rows).double()
    mean = whole.mean(0)
    whole -= mean
    values, vectors = torch.linalg.eigh(whole @ whole.T)
    components = torch.linalg.qr(whole.T @ vectors.flip(1)[:, :code]).Q.T
    return Decomposition(mean, values.flip(0) / passes.count, components, float((whole**2).sum()) / passes.count)


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
            x -= mean.float()
            image += x.T @ (x @ basis)
            total += (x**2).sum(dtype=torch.float64)
        image = ranks.total_over_ranks(image) / passes.count
        left, values, _ = torch.linalg.svd(image, full_matrices=False)
        moved_by = float((values.float() - before).abs().max() / values[0].clamp(min=1e-30))
        basis, before = left.float(), values.float()
        if moved_by < tolerance:
            break
    return Decomposition(mean, values[:code], left.T[:code], float(ranks.total_over_ranks(total)) / passes.count)
