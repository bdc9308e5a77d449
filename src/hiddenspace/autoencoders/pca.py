"""PCA: the linear autoencoder, in closed form."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from hiddenspace.autoencoders.coder import Coder
from hiddenspace.autoencoders.recipe import default_code
from hiddenspace.data.batches import ArrayBatches, Stored
from hiddenspace.data.format import ImageFormat, Scaling, VectorFormat
from hiddenspace.errors import UsageError
from hiddenspace.nets.linear import LinearDecoder, LinearEncoder
from hiddenspace.training import ranks
from hiddenspace.training.trainer import Trainer

LARGEST_SQUARE = 5000
"""Up to so many features (or items) their whole matrix of inner products is decomposed."""
CHUNK_BYTES = 64 * 2**20


class PCA(Coder):
    """The linear code with the smallest squared error, from one or a few passes over the data.

    The subspace is that of the leading eigenvectors of the covariance (Pearson 1901), which is also where a linear
    autoencoder trained by gradient descent ends (Baldi and Hornik 1989). Up to 5,000 features the covariance is summed
    up chunk by chunk; up to 5,000 items their inner products are; beyond both, a subspace iteration goes over the
    data until the components stand still. Data larger than memory are read in chunks; over several ranks each
    reads its share.

    Parameters
    ----------
    code : int, optional
        Components; by default a quarter of the features, between 2 and 32.
    scaling : 'auto', 'whole' or 'columns'
        For arrays (n, d): 'whole' is the usual PCA, 'columns' standardises each column first.
    random_state : int, RandomState or None
        Only the subspace iteration draws from it.
    trainer : Trainer, optional
        Devices and ranks.

    Attributes
    ----------
    components_ : ndarray (code, d)
        Orthonormal rows, in model space.
    explained_variance_, explained_variance_ratio_ : ndarray (code,)
        Variances (n - 1 in the denominator) in squared units of the data, and their part of the total.
    spectrum_ : ndarray
        Explained variance ratios of all components that were computed, for a curve over code sizes.
    """

    def __init__(
        self,
        code: int | None = None,
        *,
        scaling: Scaling = "whole",
        random_state: int | None = None,
        trainer: Trainer | None = None,
    ) -> None:
        self.code = code
        self.scaling = scaling
        self.random_state = random_state
        self.trainer = trainer

    def fit(self, X: Any, y: Any = None) -> Self:
        """Finds the components.

        Parameters
        ----------
        X : array, DataFrame, path, name or Dataset
        y : ignored

        Raises
        ------
        DataError
            If there are fewer than two items.
        UsageError
            If more components are asked for than items or features allow.
        """
        dataset = self._begin(X, self.scaling)
        stored = self.format_.store(dataset)
        features = math.prod(self.format_.shape)
        self.code_size_ = min(default_code(self.format_.shape), len(dataset)) if self.code is None else self.code
        if not isinstance(self.code_size_, int) or not 1 <= self.code_size_ <= min(len(dataset), features):
            raise UsageError(
                f"code={self.code!r} does not fit {len(dataset)} items of {features} features; "
                f"use a whole number from 1 to {min(len(dataset), features)}."
            )
        self._build_networks()
        device = (self.trainer or Trainer()).launch().device
        passes = _Passes(stored, self.format_.to_model, device)
        if features <= LARGEST_SQUARE:
            self._take(*by_covariance(passes, features), len(dataset))
        elif len(dataset) <= LARGEST_SQUARE:
            self._take(*by_inner_products(passes, features, self.code_size_), len(dataset))
        else:
            self._take(*by_subspace_iteration(passes, features, self.code_size_, self.seed_), len(dataset))
        self.history_ = []
        return self

    def _build_networks(self) -> None:
        self.code_size_ = getattr(self, "code_size_", None) or self.data_["code"]
        self.encoder_: LinearEncoder = LinearEncoder(math.prod(self.format_.shape), self.code_size_)
        self.decoder_: LinearDecoder = LinearDecoder(self.code_size_, self.format_.shape)

    def _take(self, mean: Tensor, variances: Tensor, components: Tensor, total: float, count: int) -> None:
        """Variances (m,) and components (m, d) in falling order, with n in the denominator; keeps the first `code`."""
        kept = _signs_fixed(components[: self.code_size_])
        for buffers in (self.encoder_, self.decoder_):
            buffers.mean.copy_(mean)
            buffers.components.copy_(kept)
        self.data_["code"] = self.code_size_
        self.data_["variances"] = (variances.clamp(min=0) * count / max(count - 1, 1)).tolist()
        self.data_["total_variance"] = total * count / max(count - 1, 1)

    @property
    def components_(self) -> np.ndarray:
        """Orthonormal rows (code, d), in model space."""
        return self.encoder_.components.cpu().numpy()

    @property
    def explained_variance_(self) -> np.ndarray:
        """(code,), in squared units of the data where all features share them."""
        unit = 1.0
        if isinstance(self.format_, ImageFormat | VectorFormat) and self.format_.range is not None:
            unit = (self.format_.range.high - self.format_.range.low) ** 2
        return np.array(self.data_["variances"][: self.code_size_]) * unit

    @property
    def spectrum_(self) -> np.ndarray:
        """Explained variance ratios of all components computed, falling."""
        total = self.data_["total_variance"]
        return np.array(self.data_["variances"]) / total if total > 0 else np.zeros(len(self.data_["variances"]))

    @property
    def explained_variance_ratio_(self) -> np.ndarray:
        """(code,), each component's part of the total variance."""
        return self.spectrum_[: self.code_size_]


class _Passes:
    """Passes over all items in chunks of rows (b, d) in float32; each rank sees its share."""

    def __init__(self, stored: Stored, to_model: Any, device: torch.device) -> None:
        row_bytes = 4 * math.prod(stored.shape[1:])
        rows = max(1, min(len(stored), CHUNK_BYTES // row_bytes))
        self.batches = ArrayBatches(stored, to_model, batch_size=rows, seed=None, drop_last=False)
        self.batches = self.batches.on(device, ranks.rank(), ranks.world_size())
        self.count, self.device = len(stored), device

    def __iter__(self) -> Iterator[Tensor]:
        for position in range(len(self.batches)):
            yield self.batches.draw(position)[0].flatten(1)

    def mean(self, features: int) -> Tensor:
        """The mean of all items, (d,) float64."""
        total = torch.zeros(features, dtype=torch.float64, device=self.device)
        for x in self:
            total += x.sum(0, dtype=torch.float64)
        return ranks.total_over_ranks(total) / self.count


def by_covariance(passes: _Passes, features: int) -> tuple[Tensor, Tensor, Tensor, float]:
    """One pass: sums of x and x x^T about a provisional mean, products in float32 and sums in float64.

    The provisional mean (of the first chunk) keeps the subtraction of the true mean from eating the digits.
    """
    shift = torch.as_tensor(ranks.told_by_first(next(iter(passes)).mean(0).cpu())).to(passes.device)
    total = torch.zeros(features, dtype=torch.float64, device=passes.device)
    products = torch.zeros(features, features, dtype=torch.float64, device=passes.device)
    for x in passes:
        moved = x - shift
        total += moved.sum(0, dtype=torch.float64)
        products += moved.T @ moved
    offset = ranks.total_over_ranks(total) / passes.count
    covariance = ranks.total_over_ranks(products) / passes.count - torch.outer(offset, offset)
    values, vectors = torch.linalg.eigh(covariance)
    return shift.double() + offset, values.flip(0), vectors.T.flip(0), float(covariance.diagonal().sum())


def by_inner_products(passes: _Passes, features: int, code: int) -> tuple[Tensor, Tensor, Tensor, float]:
    """Fewer items than features: eigenvectors u of X X^T (n, n) give the components X^T u / |X^T u|."""
    mean = passes.mean(features)
    whole = torch.cat([torch.cat(ranks.gathered(x.cpu())) for x in passes]).to(passes.device).double() - mean
    values, vectors = torch.linalg.eigh(whole @ whole.T)
    components = torch.linalg.qr(whole.T @ vectors.flip(1)[:, :code]).Q.T
    return mean, values.flip(0)[: min(whole.shape)] / passes.count, components, float((whole**2).sum()) / passes.count


def by_subspace_iteration(
    passes: _Passes, features: int, code: int, seed: int, most_passes: int = 40, tolerance: float = 1e-7
) -> tuple[Tensor, Tensor, Tensor, float]:
    """Many items of many features: Q <- orthonormal basis of (X^T X) Q, one pass each (Halko et al. 2011).

    Ten spare directions make it converge quickly; it ends when no eigenvalue moves by more than `tolerance` of the
    largest, or after `most_passes`.
    """
    mean = passes.mean(features)
    generator = torch.Generator().manual_seed(seed)
    width = min(code + 10, features, passes.count)
    basis = torch.linalg.qr(torch.randn(features, width, generator=generator).to(passes.device)).Q
    before = torch.zeros(width, device=passes.device)
    for _ in range(most_passes):
        image = torch.zeros(features, width, dtype=torch.float64, device=passes.device)
        total = torch.zeros((), dtype=torch.float64, device=passes.device)
        for x in passes:
            moved = x - mean.float()
            image += moved.T @ (moved @ basis)
            total += (moved.double() ** 2).sum()
        image = ranks.total_over_ranks(image) / passes.count
        left, values, _ = torch.linalg.svd(image, full_matrices=False)
        moved_by = float((values.float() - before).abs().max() / values[0].clamp(min=1e-30))
        basis, before = left.float(), values.float()
        if moved_by < tolerance:
            break
    return mean, values[:code], left.T[:code], float(ranks.total_over_ranks(total)) / passes.count


def _signs_fixed(components: Tensor) -> Tensor:
    """The largest entry of each row is positive, so that a fit gives the same signs each time."""
    largest = components.gather(1, components.abs().argmax(1, keepdim=True))
    return components * torch.where(largest < 0, -1.0, 1.0)
