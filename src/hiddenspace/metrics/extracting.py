"""By what items are compared: features that are there already, columns of a table, or what a net makes of them."""

from __future__ import annotations

import re
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import Format, in_model_space
from hiddenspace.data.table_format import TableFormat
from hiddenspace.errors import DataError, UsageError
from hiddenspace.metrics.moments import READY
from hiddenspace.nets.devices import device_of
from hiddenspace.nets.modes import in_evaluation
from hiddenspace.saving import fingerprint_of

THROUGH_A_NET = 64
"""Images at a time: nets of photographs have activations of ten megabytes for each."""


class Extractor(Protocol):
    """From items to features.

    Attributes
    ----------
    description : str
        What the features are, in words.
    is_inception : bool
        Whether a Frechet distance over them is what the field calls FID.
    fingerprint : str
        Of the net; empty where there is none.
    """

    description: str
    is_inception: bool
    fingerprint: str

    def of(self, dataset: Dataset) -> np.ndarray:
        """(n, d) floats."""
        ...


class ReadyFeatures:
    """Rows as they are."""

    description, is_inception, fingerprint = READY, False, ""

    def of(self, dataset: Dataset) -> np.ndarray:
        rows = np.asarray(dataset.items[:] if isinstance(dataset.items, np.ndarray) else _all(dataset.items))
        return rows.astype(np.result_type(rows, np.float32), copy=False)


class Columns:
    """Columns of tables, standardised and encoded as those of the real one are."""

    is_inception, fingerprint = False, ""

    def __init__(self, real: Dataset) -> None:
        self.format = TableFormat.from_dataset(real)
        self.description = "standardised columns"

    def of(self, dataset: Dataset) -> np.ndarray:
        return self.format.store(dataset)


class NetFeatures:
    """What a net makes of items in model space; feature maps (b, c, h, w) are averaged over places.

    Parameters
    ----------
    net
        Left on its device, and in the mode that it is in.
    format_
        How items reach it.
    description
        In place of its own.
    """

    def __init__(self, net: nn.Module, format_: Format, description: str | None = None) -> None:
        self.net, self.format = net, format_
        self.description = str(description or getattr(net, "description", type(net).__name__))
        self.is_inception = bool(getattr(net, "is_inception", False))
        said = re.sub(r" at 0x[0-9a-f]+", "", repr(net))
        self.fingerprint = fingerprint_of({"net": net}, type(net).__name__, self.description, said)

    def of(self, dataset: Dataset) -> np.ndarray:
        batches = in_model_space(self.format, dataset, device_of(self.net))
        with in_evaluation(self.net), torch.inference_mode():
            parts = [self._answer(some) for batch in batches for some in torch.split(batch, THROUGH_A_NET)]
        return torch.cat(parts).numpy()

    def _answer(self, x: Tensor) -> Tensor:
        try:
            made: Any = self.net(x)
        except Exception as error:  # of any kind: it may be a person's own code
            reason = " ".join(str(error).split())
            raise UsageError(
                f"the feature net ({self.description}) does not take a batch of {tuple(x.shape[1:])} ({reason}); give "
                "one that does, or items of the shape that it takes."
            ) from error
        if not isinstance(made, Tensor) or made.ndim not in (2, 4) or len(made) != len(x):
            gave = tuple(made.shape) if isinstance(made, Tensor) else type(made).__name__
            raise UsageError(
                f"the feature net ({self.description}) gives {gave} for {len(x)} items; wrap it in one that gives "
                "(batch, features) or (batch, channels, height, width)."
            )
        return (made.flatten(2).mean(2) if made.ndim == 4 else made).float().cpu()


class Codes:
    """The codes of a fitted model, which reads items in its own way."""

    is_inception = False

    def __init__(self, model: Any) -> None:
        self.model, self.description = model, called(model)
        self.fingerprint = str(model.fingerprint())

    def of(self, dataset: Dataset) -> np.ndarray:
        codes: np.ndarray = self.model.transform(dataset)
        return codes


def finite(features: np.ndarray, whose: str, by: Extractor) -> np.ndarray:
    """The features.

    Raises
    ------
    DataError
        If any is NaN or infinite.
    """
    bad = ~np.isfinite(features).all(1)
    if bad.any():
        raise DataError(
            f"{bad.sum():,} of the {len(features):,} {whose} items have features ({by.description}) with NaN or "
            f"inf, the first is number {int(bad.argmax())}; leave them out, or use another net."
        )
    return features


def _all(items: Any) -> np.ndarray:
    return np.asarray(items[np.arange(len(items))])


def called(model: Any) -> str:
    """What the codes of a fitted model are, in words."""
    data = getattr(model, "data_", {}).get("name")
    return f"codes of {type(model).__name__}" + (f" (fitted on {data})" if data else "")
