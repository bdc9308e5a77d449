"""PCA: the linear autoencoder, in closed form."""

from __future__ import annotations

import copy
import math
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from hiddenspace import checks
from hiddenspace.autoencoders.decomposition import Decomposition, Passes, decompose
from hiddenspace.autoencoders.recipe import default_code
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import ImageFormat, Scaling, VectorFormat
from hiddenspace.errors import UsageError
from hiddenspace.models.coder import Coder
from hiddenspace.nets.linear import LinearDecoder, LinearEncoder
from hiddenspace.training.trainer import Trainer


class PCA(Coder):
    """The linear code with the smallest squared error, from one or a few passes over the data.

    The subspace is that of the leading eigenvectors of the covariance (Pearson 1901), which is also where a linear
    autoencoder trained by gradient descent ends (Baldi and Hornik 1989). Up to 5,000 features the covariance is summed
    up chunk by chunk. Up to 5,000 items, if all of them take at most 2 GiB as float64, their inner products are
    decomposed. Otherwise a subspace iteration goes over the data until the components stand still. The first and the
    last read data larger than memory in chunks, over several ranks each its share; for inner products every rank holds
    all items.

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

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        if self.code is not None:
            checks.whole("code", self.code)

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
        self.check_params()
        device = self._device()
        with self._whole_or_not_at_all():
            self._decompose(self._begin(X, self.scaling), device)
        return self

    def _decompose(self, dataset: Dataset, device: torch.device) -> None:
        features = math.prod(self.format_.shape)
        most = min(len(dataset), features)
        if self.code is not None and self.code > most:
            raise UsageError(
                f"code={self.code} does not fit {len(dataset)} items of {features} features; use a whole number from "
                f"1 to {most}."
            )
        self.code_size_ = min(default_code(self.format_.shape), most) if self.code is None else int(self.code)
        passes = Passes(self.format_.store(dataset), self.format_.to_model, device)
        self._take(decompose(passes, self.code_size_, self.seed_), len(dataset))
        self.history_ = []

    def _device(self) -> torch.device:
        """Where the trainer says, but that Apple's GPUs have no float64."""
        device = torch.device("cpu") if self.trainer is None else self.trainer.launch().device
        return torch.device("cpu") if device.type == "mps" else device

    def _build_networks(self) -> None:
        self.encoder_: LinearEncoder = LinearEncoder(math.prod(self.format_.shape), self.code_size_)
        self.decoder_: LinearDecoder = LinearDecoder(self.code_size_, self.format_.shape)

    def _take(self, found: Decomposition, count: int) -> None:
        """Keeps the first `code` components; variances get n - 1 in the denominator."""
        self._build_networks()
        self._set(found.mean, _signs_fixed(found.components[: self.code_size_]))
        unbiased = count / (count - 1)
        self.variances_ = (found.variances.clamp(min=0) * unbiased).cpu().numpy()
        self.total_variance_ = found.total * unbiased

    def _set(self, mean: Tensor, components: Tensor) -> None:
        for network in (self.encoder_, self.decoder_):
            network.mean.copy_(mean)
            network.components.copy_(components)

    def truncated(self, code: int) -> PCA:
        """The same decomposition with fewer components.

        Raises
        ------
        UsageError
            If there are not so many.
        """
        checks.whole("code", code, self.code_size_)
        smaller = copy.copy(self)
        smaller.set_params(code=code)
        smaller.code_size_, smaller.data_ = code, dict(self.data_)
        smaller._build_networks()
        smaller._set(self.encoder_.mean, self.encoder_.components[:code])
        return smaller

    # what is learned --------------------------------------------------------------------------------------------

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
        return self.variances_[: self.code_size_] * unit

    @property
    def spectrum_(self) -> np.ndarray:
        """Explained variance ratios of all components computed, falling."""
        return self.variances_ / self.total_variance_ if self.total_variance_ > 0 else np.zeros_like(self.variances_)

    @property
    def explained_variance_ratio_(self) -> np.ndarray:
        """(code,), each component's part of the total variance."""
        return self.spectrum_[: self.code_size_]

    def _fitted_config(self) -> dict[str, Any]:
        variances = {"variances": self.variances_.tolist(), "total_variance": self.total_variance_}
        return {**super()._fitted_config(), **variances}

    def _take_fitted_config(self, config: dict[str, Any]) -> None:
        super()._take_fitted_config(config)
        self.variances_ = np.array(config.pop("variances"), dtype=np.float64)
        self.total_variance_ = float(config.pop("total_variance"))


def _signs_fixed(components: Tensor) -> Tensor:
    """The largest entry of each row is positive, so that a fit gives the same signs each time."""
    largest = components.gather(1, components.abs().argmax(1, keepdim=True))
    return components * torch.where(largest < 0, -1.0, 1.0)
