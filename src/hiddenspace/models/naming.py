"""What every classifier answers: the probability of each class, the most probable one, and how often that is right."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from torch import Tensor

from hiddenspace.data.batches import as_it_is
from hiddenspace.models.batchwise import Batchwise


class Naming(ClassifierMixin, Batchwise):  # type: ignore[misc]
    """Abstract: names the class of an item, by the highest of its answers."""

    classes_: np.ndarray
    outputs_: int

    @abstractmethod
    def _answers(self, X: Any, after: Callable[[Tensor], Tensor] = as_it_is) -> np.ndarray:
        """(n, outputs) float32, passed through `after` batch by batch."""

    def _numbered(self, labels: np.ndarray) -> np.ndarray:
        """Labels as numbers from 0, int64, in the order of `classes_`, which is remembered."""
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        self.outputs_ = len(self.classes_)
        return numbers.astype(np.int64)

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (n, classes) float32, in the order of `classes_`."""
        return self._answers(X, lambda answers: torch.softmax(answers, dim=1))

    def predict(self, X: Any) -> np.ndarray:
        """The most probable label of each item, (n,)."""
        answers = self._answers(X)
        labels: np.ndarray = self.classes_[answers.argmax(axis=1)]
        return labels

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The part of items whose label is right; `y` is by default what the source says."""
        dataset = self.read(X)
        labels = dataset.labels if y is None else y
        return float(accuracy_score(labels, self.predict(dataset), sample_weight=sample_weight))

    # what is learned --------------------------------------------------------------------------------------------

    def _fitted_config(self) -> dict[str, Any]:
        classes = {"type": self.classes_.dtype.str, "values": self.classes_.tolist()}
        return {**super()._fitted_config(), "classes": classes}

    def _take_fitted_config(self, config: dict[str, Any]) -> None:
        super()._take_fitted_config(config)
        classes = config.pop("classes")
        self.classes_ = np.array(classes["values"], dtype=np.dtype(classes["type"]))
