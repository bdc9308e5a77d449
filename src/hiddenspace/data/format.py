"""How items become what networks see, and back: the part of preprocessing that is stored in the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from hiddenspace.data.batches import ArrayBatches, Stored
from hiddenspace.data.chunks import mapped, mean_and_std
from hiddenspace.data.dataset import Dataset, Kind, Layout
from hiddenspace.data.value_range import ValueRange, unit_floats
from hiddenspace.errors import DataError, ModelError

Scaling = Literal["auto", "whole", "columns"]
BATCH = 256
"""Items in a batch wherever no step of training hangs on it."""


class Format(Protocol):
    """What a model remembers about the data it was made for."""

    @property
    def kind(self) -> Kind:
        """Images, vectors or table."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one item as networks see it: (c, h, w) or (d,)."""
        ...

    def store(self, dataset: Dataset) -> Stored:
        """What batches index."""
        ...

    def to_model(self, raw: Tensor) -> Tensor:
        """A batch of what is stored -> float32 in model space."""
        ...

    def to_data(self, x: np.ndarray) -> np.ndarray | pd.DataFrame:
        """Model space -> the data's own shape and range."""
        ...

    def config(self) -> dict[str, Any]:
        """JSON from which `format_from_config` makes it again."""
        ...


@dataclass(frozen=True)
class ImageFormat:
    """Images of one size and channel count. Model space is (b, c, h, w) with the data's range mapped to [0, 1].

    Parameters
    ----------
    shape : tuple
        (c, h, w).
    layout : str
        How arrays came in and go out again: (n, h, w), (n, h, w, c) or (n, c, h, w).
    range : ValueRange
        What 0 and 1 are in the data.
    """

    shape: tuple[int, int, int]
    layout: Layout
    range: ValueRange

    kind: Kind = "images"

    @classmethod
    def fitted(cls, dataset: Dataset) -> Self:
        """The format of a set of images."""
        _, height, width, channels = dataset.items.shape
        return cls((channels, height, width), dataset.layout or "hwc", ValueRange.of(dataset.items))

    def store(self, dataset: Dataset) -> Stored:
        """The images channels last; bytes stay bytes, everything else becomes float32 in [0, 1]."""
        if dataset.kind != "images":
            raise ModelError(
                f"this model takes images of {self._size()} but was given {dataset.kind}; give an array (n, h, w) or "
                "(n, h, w, c), or a folder of images."
            )
        _, height, width, channels = dataset.items.shape
        if (channels, height, width) != self.shape:
            raise ModelError(
                f"this model takes images of {self._size()} but was given {height}x{width} with {channels} "
                f"channel{'s' * (channels != 1)}; load them with size=({self.shape[1]}, {self.shape[2]})."
            )
        return self.range.stored(dataset.items)  # type: ignore[no-any-return]

    def _size(self) -> str:
        channels, height, width = self.shape
        return f"{height}x{width} with {channels} channel{'s' * (channels != 1)}"

    def to_model(self, raw: Tensor) -> Tensor:
        """(b, h, w, c) as stored -> (b, c, h, w) float32 in [0, 1]."""
        unit = unit_floats(raw)
        count, (channels, height, width) = len(raw), self.shape
        return unit.view(count, 1, height, width) if channels == 1 else unit.permute(0, 3, 1, 2).contiguous()

    def to_data(self, x: np.ndarray) -> np.ndarray:
        """(n, c, h, w) in model space -> float32 in the layout and range of the data, clipped to that range."""
        values = self.range.from_unit(np.clip(x, 0.0, 1.0))
        if self.layout == "hw":
            return values[:, 0]
        return values if self.layout == "chw" else np.ascontiguousarray(values.transpose(0, 2, 3, 1))

    def config(self) -> dict[str, Any]:
        """JSON."""
        return {"kind": self.kind, "shape": list(self.shape), "layout": self.layout, "range": self.range.config()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """From what `config` gave."""
        channels, height, width = config["shape"]
        return cls((channels, height, width), config["layout"], ValueRange(**config["range"]))


@dataclass(frozen=True)
class VectorFormat:
    """Rows of numbers. Model space is (b, d).

    Parameters
    ----------
    shape : tuple
        (d,).
    range : ValueRange, optional
        With it, all columns share one scale, mapped to [0, 1] (pixels, spectra: things of one unit).
    mean, scale : tuples of float
        Without it, model space is (x - mean) / scale column by column.
    """

    shape: tuple[int]
    range: ValueRange | None = None
    mean: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()

    kind: Kind = "vectors"

    @classmethod
    def fitted(cls, dataset: Dataset, scaling: Scaling = "auto") -> Self:
        """The format of an array (n, d).

        With scaling 'auto' columns share a scale where the data look like pixels (bytes, or everything within
        [0, 1], or whole numbers up to 255), and are standardised each by itself otherwise.
        """
        x = dataset.items
        shape = (int(x.shape[1]),)
        value_range = ValueRange.of(x)
        if scaling == "whole" or (scaling == "auto" and value_range.conventional):
            return cls(shape, range=value_range)
        mean, scale = mean_and_std(x)
        scale = np.where(scale > 1e-12 * np.abs(mean), scale, 1.0)  # a constant column becomes zeros
        return cls(shape, mean=tuple(mean.tolist()), scale=tuple(scale.tolist()))

    def store(self, dataset: Dataset) -> Stored:
        """The rows; bytes stay bytes where all columns share a scale, everything else becomes float32."""
        x = dataset.items
        if dataset.kind != "vectors":
            raise ModelError(
                f"this model takes rows of {self.shape[0]} numbers but was given {dataset.kind}; give a numeric array "
                f"(n, {self.shape[0]}), such as df.to_numpy() of a table."
            )
        if x.shape[1] != self.shape[0]:
            raise ModelError(
                f"X has {x.shape[1]} features, but this model is expecting {self.shape[0]} features as input."
            )
        if self.range is None:
            return mapped(x, self._standardised)  # type: ignore[no-any-return]
        return self.range.stored(x)  # type: ignore[no-any-return]

    def _standardised(self, x: np.ndarray) -> np.ndarray:
        return ((x - np.array(self.mean)) / np.array(self.scale)).astype(np.float32)  # type: ignore[no-any-return]

    def to_model(self, raw: Tensor) -> Tensor:
        """(b, d) as stored -> float32."""
        return unit_floats(raw)

    def to_data(self, x: np.ndarray) -> np.ndarray:
        """(n, d) in model space -> float32 in the units of the data."""
        if self.range is not None:
            return self.range.from_unit(x)
        return (x * np.array(self.scale) + np.array(self.mean)).astype(np.float32)  # type: ignore[no-any-return]

    def config(self) -> dict[str, Any]:
        """JSON."""
        scales = {"mean": list(self.mean), "scale": list(self.scale)}
        return {"kind": self.kind, "shape": list(self.shape), "range": self.range and self.range.config(), **scales}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """From what `config` gave."""
        value_range = ValueRange(**config["range"]) if config["range"] else None
        return cls((config["shape"][0],), value_range, tuple(config["mean"]), tuple(config["scale"]))


def in_model_space(format_: Format, dataset: Dataset, device: torch.device | None = None) -> Iterator[Tensor]:
    """Items in their order as networks see them, 256 at a time; on the CPU unless a device is given."""
    batches = ArrayBatches(format_.store(dataset), format_.to_model, batch_size=BATCH, seed=None, drop_last=False)
    batches = batches.on(device or torch.device("cpu"), 0, 1)
    for position in range(len(batches)):
        yield batches.draw(position)[0]


def fit_format(dataset: Dataset, scaling: Scaling = "auto") -> Format:
    """The format that suits a dataset.

    Raises
    ------
    DataError
        If there is nothing in it.
    """
    from hiddenspace.data.table_format import TableFormat

    if len(dataset) == 0:
        raise DataError(f"{dataset.name} holds no items; give at least two.")
    match dataset.kind:
        case "images":
            return ImageFormat.fitted(dataset)
        case "vectors":
            return VectorFormat.fitted(dataset, scaling)
        case "table":
            return TableFormat.from_dataset(dataset)


def format_from_config(config: Mapping[str, Any]) -> Format:
    """The format that `Format.config` described.

    Raises
    ------
    ModelError
        If the kind is unknown.
    """
    from hiddenspace.data.table_format import TableFormat

    known: dict[str, Any] = {"images": ImageFormat, "vectors": VectorFormat, "table": TableFormat}
    if config.get("kind") not in known:
        raise ModelError(
            f"the saved model is for data of kind {config.get('kind')!r}, unknown here; upgrade hiddenspace."
        )
    made: Format = known[config["kind"]].from_config(config)
    return made
