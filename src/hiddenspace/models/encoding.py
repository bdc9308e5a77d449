"""What a fitted encoder can do, whoever fitted it: data -> code."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from torch import Tensor, nn

from hiddenspace.models.batchwise import Batchwise, collected


class Encoding(ClassNamePrefixFeaturesOutMixin, TransformerMixin, Batchwise):  # type: ignore[misc]
    """Abstract: data -> code. Always in float32."""

    network_names: ClassVar[tuple[str, ...]] = ("encoder",)

    encoder_: nn.Module
    code_size_: int

    def _encode(self, x: Tensor) -> Tensor:
        """(b, *shape) in model space -> (b, code)."""
        code: Tensor = self.encoder_(x)
        return code

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
        return collected(self._map(self._encode, x) for x in self._batches(self._read(X)))

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
