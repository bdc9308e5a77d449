"""What a fitted encoder and decoder can do, whoever fitted them."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from sklearn.utils.validation import check_array, check_is_fitted
from torch import Tensor, nn

from hiddenspace.data.batches import as_it_is
from hiddenspace.errors import DataError
from hiddenspace.models.batchwise import collected
from hiddenspace.models.encoding import Encoding


class Coder(Encoding):
    """Abstract: data -> code -> data, with scikit-learn's names for both directions. Always in float32."""

    network_names: ClassVar[tuple[str, ...]] = ("encoder", "decoder")

    codes_are_normal: ClassVar[bool] = False
    """Whether codes are trained to be N(0, 1), so that new ones can be drawn from it."""

    decoder_: nn.Module

    def _decode(self, z: Tensor) -> Tensor:
        """(b, code) -> (b, *shape) in model space."""
        x: Tensor = self.decoder_(z)
        return x

    def _rebuild(self, x: Tensor) -> Tensor:
        return self._decode(self._encode(x))

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
        return self._to_data(self.decoded(X), X)

    def decoded(self, X: Any) -> np.ndarray:
        """Items of codes (n, code) in model space, (n, *shape) float32: images (n, c, h, w), not clipped to [0, 1].

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
        batches = self._draw(np.ascontiguousarray(codes), as_it_is)
        return collected(self._map(self._decode, z) for z in batches)

    def reconstruct(self, X: Any) -> np.ndarray | pd.DataFrame:
        """Encodes items and decodes them again, into the data's own shape and range."""
        batches = self._batches(self._read(X))
        return self._to_data(collected(self._map(self._rebuild, x) for x in batches), X)

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
        return collected(
            ((self._map(self._rebuild, x) - x) ** 2).flatten(1).mean(1) for x in self._batches(self._read(X))
        )

    def rebuilt(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Items and their reconstructions in model space, each (n, *shape) float32: images (n, c, h, w) in [0, 1]."""
        with torch.inference_mode():
            pairs = [(x.cpu(), self._map(self._rebuild, x).cpu()) for x in self._batches(self._read(X))]
        items, reconstructions = zip(*pairs, strict=True)
        return torch.cat(items).numpy(), torch.cat(reconstructions).numpy()


def _double(x: Tensor) -> Tensor:
    """In float64, which Apple's GPUs lack, so from there on the CPU."""
    return x.cpu().double() if x.device.type == "mps" else x.double()
