"""Items through a fitted network, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from hiddenspace.data.batches import ArrayBatches, Stored
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import BATCH
from hiddenspace.errors import DataError, UsageError
from hiddenspace.estimator import Estimator
from hiddenspace.nets.devices import device_of

ROWS = 64
"""Rows go through the networks in batches of just this size: on a CPU as fast as in larger ones, and one is quick."""


class Batchwise(Estimator):
    """Abstract: networks, and how items reach them. Always in float32."""

    def to(self, device: str | torch.device) -> Self:
        """Moves the networks to a device ('cpu', 'cuda', 'cuda:1', 'mps'), where they answer from then on.

        `fit` leaves them where it trained; a loaded model is on the CPU.

        Raises
        ------
        UsageError
            If there is no such device.
        """
        networks = self.networks()
        try:
            for network in networks.values():
                network.to(device)
        except (RuntimeError, AssertionError) as error:  # the latter where torch was built without it
            reason = str(error).splitlines()[0].rstrip(".")
            raise UsageError(f"There is no device {device} here ({reason}); use another, such as 'cpu'.") from error
        return self

    def in_model_space(self, X: Any) -> np.ndarray:
        """Items as the networks see them, (n, *shape) float32: images (n, c, h, w) in [0, 1]."""
        return collected(x for x in self._batches(self._read(X)))

    def _to_data(self, x: np.ndarray, given: Any) -> np.ndarray | pd.DataFrame:
        """In the data's own shape and range; a table keeps the index of the one that was given."""
        data = self.format_.to_data(x)
        if isinstance(data, pd.DataFrame) and isinstance(given, pd.DataFrame):
            data.index = given.index
        return data

    def _batches(self, dataset: Dataset) -> Iterator[Tensor]:
        """Items in their order, in model space, on the model's device."""
        if len(dataset) == 0:
            raise DataError(f"{dataset.name} holds no items; give at least one.")
        return self._draw(self.format_.store(dataset), self.format_.to_model)

    def _draw(self, stored: Stored, to_model: Callable[[Tensor], Tensor]) -> Iterator[Tensor]:
        size = BATCH if self.format_.kind == "images" else ROWS
        batches = ArrayBatches(stored, to_model, batch_size=size, seed=None, drop_last=False)
        batches = batches.on(device_of(self._first_network()), 0, 1)
        for position in range(len(batches)):
            yield batches.draw(position)[0]

    def _first_network(self) -> nn.Module:
        network: nn.Module = getattr(self, f"{self.network_names[0]}_")
        return network

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


def collected(outputs: Iterator[Tensor]) -> np.ndarray:
    """Batches of a result, as one float32 array."""
    with torch.inference_mode():
        return torch.cat([output.float().cpu() for output in outputs]).numpy()
