"""What a fitted encoder and decoder can do, whoever fitted them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted
from torch import Tensor, nn

from hiddenspace.data.batches import ArrayBatches
from hiddenspace.data.dataset import Dataset
from hiddenspace.errors import DataError
from hiddenspace.estimator import Estimator

BATCH = 256


class Coder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, Estimator):  # type: ignore[misc]
    """Abstract: data -> code -> data, with scikit-learn's names for both directions. Always in float32."""

    network_names: ClassVar[tuple[str, ...]] = ("encoder", "decoder")

    encoder_: nn.Module
    decoder_: nn.Module
    code_size_: int

    def _encode(self, x: Tensor) -> Tensor:
        """(b, *shape) in model space -> (b, code)."""
        code: Tensor = self.encoder_(x)
        return code

    def transform(self, X: Any) -> np.ndarray:
        """The codes of items.

        Parameters
        ----------
        X : array, DataFrame, path, name or Dataset
            Of the kind and shape that the model was fitted on.

        Returns
        -------
        ndarray of shape (n, code), float32

        Raises
        ------
        ModelError
            If the data are of another kind or shape.
        """
        return self._collect(self._encode(x) for x in self._batches(self._read(X)))

    def inverse_transform(self, X: Any) -> np.ndarray | pd.DataFrame:
        """Decodes codes (n, code) into the data's own shape and range."""
        check_is_fitted(self)
        codes = check_array(X, dtype=np.float32)
        if codes.shape[1] != self.code_size_:
            raise DataError(f"X has {codes.shape[1]} columns, but this model decodes codes of {self.code_size_}.")
        batches = ArrayBatches(
            np.ascontiguousarray(codes), lambda raw: raw, batch_size=BATCH, seed=None, drop_last=False
        )
        return self.format_.to_data(self._collect(self.decoder_(z) for z in self._draw(batches)))

    def reconstruct(self, X: Any) -> np.ndarray | pd.DataFrame:
        """Encodes items and decodes them again, into the data's own shape and range."""
        batches = self._batches(self._read(X))
        return self.format_.to_data(self._collect(self.decoder_(self._encode(x)) for x in batches))

    @torch.inference_mode()
    def score(self, X: Any, y: Any = None) -> float:
        """Explained variance of the reconstruction, 1 - |x - x'|^2 / |x - mean|^2 in model space: 1 is perfect.

        The mean is that of `X`, and sums run over all items and features. Of a linear model on the data it was
        fitted on this is the sum of PCA's explained variance ratios.
        """
        dataset = self._read(X)
        total = torch.zeros(math.prod(self.format_.shape), dtype=torch.float64)
        squares, error, count = 0.0, 0.0, 0
        for x in self._batches(dataset):
            flat = x.flatten(1).double()
            total += flat.sum(0).cpu()
            squares += float((flat**2).sum())
            error += float(((self.decoder_(self._encode(x)) - x) ** 2).sum(dtype=torch.float64))
            count += len(x)
        spread = squares - float((total**2).sum()) / count
        return 1.0 - error / spread if spread > 0 else float(error == 0)

    def reconstruction_errors(self, X: Any) -> np.ndarray:
        """Mean squared error of each item in model space, (n,) float32: the odd ones stand out."""
        return self._collect(
            ((self.decoder_(self._encode(x)) - x) ** 2).flatten(1).mean(1) for x in self._batches(self._read(X))
        )

    # batches ----------------------------------------------------------------------------------------------------

    def _batches(self, dataset: Dataset) -> Iterator[Tensor]:
        """Items in their order, in model space, on the model's device."""
        if len(dataset) == 0:
            raise DataError(f"{dataset.name} holds no items; give at least one.")
        stored = self.format_.store(dataset)
        return self._draw(ArrayBatches(stored, self.format_.to_model, batch_size=BATCH, seed=None, drop_last=False))

    def _draw(self, batches: ArrayBatches) -> Iterator[Tensor]:
        tensor = next(iter([*self.encoder_.parameters(), *self.encoder_.buffers()]), None)
        moved = batches.on(tensor.device if tensor is not None else torch.device("cpu"), 0, 1)
        for position in range(len(moved)):
            yield moved.draw(position)[0]

    def _collect(self, outputs: Iterator[Tensor]) -> np.ndarray:
        with torch.inference_mode():
            return torch.cat([output.float().cpu() for output in outputs]).numpy()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # codes are float32 whatever comes in
        return tags

    @property
    def _n_features_out(self) -> int:
        return self.code_size_
