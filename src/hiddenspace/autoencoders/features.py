"""What learners of features share: an encoder is all that is wanted, and a monitor says what it is worth."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from hiddenspace.autoencoders.monitor import NeighboursMonitor, has_classes
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.labels import labelled
from hiddenspace.errors import DataError, UsageError
from hiddenspace.models.batchwise import collected
from hiddenspace.models.encoding import Encoding
from hiddenspace.models.trained import Trained
from hiddenspace.training.events import Observer

ROW_CODE = 64
Monitor = bool | Literal["auto"]


class FeatureLearner(Trained, Encoding):
    """Abstract: learns to encode, not to rebuild. It has no `inverse_transform`: its codes cannot be decoded."""

    code: int | None
    monitor: Monitor

    image_code: ClassVar[int]

    @classmethod
    def default_code(cls, shape: tuple[int, ...]) -> int:
        """Numbers in the code of an item of this shape, where none are asked for: more than PCA would need.

        What is wanted is that a simple classifier finds what it needs, not that the code is short.
        """
        return cls.image_code if len(shape) == 3 else ROW_CODE

    def check_params(self) -> None:
        """Refuses values that make no sense, before any data is read."""
        super().check_params()
        if self.monitor not in (True, False, "auto"):
            raise UsageError(f"monitor={self.monitor!r} is unknown; use True, False or 'auto'.")

    def _prepare(self, going_on: bool) -> None:
        self.code_size_ = int(self.code or self.default_code(self.format_.shape))
        self._build_networks()

    def _watchers(self, training: Dataset, held_out: Dataset | None) -> list[Observer]:
        """The monitor, where it is wanted and there are labels to judge by."""
        possible = held_out is not None and has_classes(training) and len(labelled(held_out)) > 0
        if self.monitor is True and not possible:
            raise DataError(
                "monitor=True judges codes by the labels of held-out items, but there are no classes (2 to 1,000, of "
                "several items each) or nothing is held out; use monitor='auto', or data with labels and a "
                "validation_fraction above 0."
            )
        if not self.monitor or held_out is None or not possible:
            return []
        return [NeighboursMonitor(self._codes_of, training, held_out, self.seed_)]

    def _codes_of(self, dataset: Dataset) -> np.ndarray:
        return collected(self._map(self._encode, x) for x in self._batches(dataset))
