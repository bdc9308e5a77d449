"""What a fitted encoder and decoder can do, whoever fitted them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted
from torch import Tensor, nn

from hiddenspace.data.batches import ArrayBatches, Stored
from hiddenspace.data.dataset import Dataset
from hiddenspace.errors import DataError
from hiddenspace.estimator import Estimator

BATCH = 256
ROWS = 64
"""Rows go through the networks in batches of just this size: on a CPU as fast as in larger ones, and one is quick."""


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

    def _decode(self, z: Tensor) -> Tensor:
        """(b, code) -> (b, *shape) in model space."""
        x: Tensor = self.decoder_(z)
        return x

    def _rebuild(self, x: Tensor) -> Tensor:
        return self._decode(self._encode(x))

    def transform(self, X: Any) -> np.ndarray:
        """The codes of items. That of a row is the same whatever rows stand beside it; of an image, but for rounding.

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
        return _collected(self._map(self._encode, x) for x in self._batches(self._read(X)))

    def inverse_transform(self, X: Any) -> np.ndarray | pd.DataFrame:
        """Decodes codes into the data's own shape and range.

        Parameters
        ----------
        X : array or DataFrame of shape (n, code)

        Raises
        ------
        DataError
            If the codes are of another width.
        """
        check_is_fitted(self)
        codes = check_array(X, dtype=np.float32)
        if codes.shape[1] != self.code_size_:
            raise DataError(
                f"X has {codes.shape[1]} columns, but this model decodes codes of {self.code_size_}; give what "
                "transform gave."
            )
        batches = self._draw(np.ascontiguousarray(codes), lambda raw: raw)
        return self._to_data(_collected(self._map(self._decode, z) for z in batches), X)

    def reconstruct(self, X: Any) -> np.ndarray | pd.DataFrame:
        """Encodes items and decodes them again, into the data's own shape and range."""
        batches = self._batches(self._read(X))
        return self._to_data(_collected(self._map(self._rebuild, x) for x in batches), X)

    def score(self, X: Any, y: Any = None) -> float:
        """Explained variance of the reconstruction, 1 - |x - x'|^2 / |x - mean|^2 in model space: 1 is perfect.

        The mean is that of `X`, and sums run over all items and features. Of a linear model on the data it was
        fitted on this is the sum of PCA's explained variance ratios.
        """
        dataset = self._read(X)
        total, squares, error = np.zeros(math.prod(self.format_.shape)), 0.0, 0.0
        origin: Tensor | None = None
        for x in self._batches(dataset):
            flat = _double(x).flatten(1)
            origin = flat[0].clone() if origin is None else origin  # near the data, so that no digits cancel
            total += (flat - origin).sum(0).cpu().numpy()
            squares += float(((flat - origin) ** 2).sum())
            with torch.inference_mode():
                error += float(((_double(self._map(self._rebuild, x)).flatten(1) - flat) ** 2).sum())
        spread = squares - float((total**2).sum()) / len(dataset)
        return 1.0 - error / spread if spread > 0 else float(error == 0)

    def reconstruction_errors(self, X: Any) -> np.ndarray:
        """Mean squared error of each item in model space, (n,) float32: the odd ones stand out."""
        return _collected(
            ((self._map(self._rebuild, x) - x) ** 2).flatten(1).mean(1) for x in self._batches(self._read(X))
        )

    def rebuilt(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Items and their reconstructions in model space, each (n, *shape) float32: images (n, c, h, w) in [0, 1]."""
        with torch.inference_mode():
            pairs = [(x.cpu(), self._map(self._rebuild, x).cpu()) for x in self._batches(self._read(X))]
        items, reconstructions = zip(*pairs, strict=True)
        return torch.cat(items).numpy(), torch.cat(reconstructions).numpy()

    # batches ----------------------------------------------------------------------------------------------------

    def _batches(self, dataset: Dataset) -> Iterator[Tensor]:
        """Items in their order, in model space, on the model's device."""
        if len(dataset) == 0:
            raise DataError(f"{dataset.name} holds no items; give at least one.")
        return self._draw(self.format_.store(dataset), self.format_.to_model)

    def _draw(self, stored: Stored, to_model: Callable[[Tensor], Tensor]) -> Iterator[Tensor]:
        tensor = next(iter([*self.encoder_.parameters(), *self.encoder_.buffers()]), None)
        size = BATCH if self.format_.kind == "images" else ROWS
        batches = ArrayBatches(stored, to_model, batch_size=size, seed=None, drop_last=False)
        batches = batches.on(tensor.device if tensor is not None else torch.device("cpu"), 0, 1)
        for position in range(len(batches)):
            yield batches.draw(position)[0]

    def _map(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """function(x), for rows always in batches of the same size.

        Matrix products of different sizes add up in a different order, and the last digit of a row would hang on how
        many others it came with. Images are not filled up: the convolutions of a single one would take many times as
        long, and their codes agree but for rounding.
        """
        missing = ROWS - len(x)
        if missing == 0 or self.format_.kind == "images":
            return function(x)
        return function(torch.cat([x, x.new_zeros(missing, *x.shape[1:])]))[: len(x)]

    def _to_data(self, x: np.ndarray, given: Any) -> np.ndarray | pd.DataFrame:
        """In the data's own shape and range; a table keeps the index of the one that was given."""
        data = self.format_.to_data(x)
        if isinstance(data, pd.DataFrame) and isinstance(given, pd.DataFrame):
            data.index = given.index
        return data

    # what is learned --------------------------------------------------------------------------------------------

    def _fitted_config(self) -> dict[str, Any]:
        return {**super()._fitted_config(), "code": self.code_size_}

    def _take_fitted_config(self, config: dict[str, Any]) -> None:
        super()._take_fitted_config(config)
        self.code_size_ = int(config.pop("code"))

    # scikit-learn -----------------------------------------------------------------------------------------------

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # codes are float32 whatever comes in
        return tags

    @property
    def _n_features_out(self) -> int:
        return self.code_size_


def _collected(outputs: Iterator[Tensor]) -> np.ndarray:
    with torch.inference_mode():
        return torch.cat([output.float().cpu() for output in outputs]).numpy()


def _double(x: Tensor) -> Tensor:
    """In float64, which Apple's GPUs lack, so from there on the CPU."""
    return x.cpu().double() if x.device.type == "mps" else x.double()
