"""Items as a report takes them: pictures in [0, 1] with channels last, rows and columns in the units of the data."""

from __future__ import annotations

from typing import Any

import numpy as np

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.table_format import TableFormat
from hiddenspace.models.coder import Coder
from hiddenspace.models.encoding import Encoding
from hiddenspace.report.summary import Items


def displayed(x: np.ndarray) -> np.ndarray:
    """Channels last for pictures; rows stay rows."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1)) if x.ndim == 4 else x


def as_shown(model: Encoding, items: Dataset) -> Items:
    """Items in the units and columns that the model knows."""
    if isinstance(model.format_, TableFormat):
        table: dict[str, Any] = items.items[[column.name for column in model.format_.columns]].to_dict("list")
        return table
    if items.kind == "vectors":
        return np.asarray(items.items[np.arange(len(items))])
    pictures: np.ndarray = np.clip(displayed(model.in_model_space(items)), 0, 1)
    return pictures


def decoded(model: Coder, codes: np.ndarray) -> Items:
    """What codes stand for."""
    if model.format_.kind == "images":
        pictures: np.ndarray = np.clip(displayed(model.decoded(codes)), 0, 1)
        return pictures
    data: Any = model.inverse_transform(codes)
    return data.to_dict("list") if model.format_.kind == "table" else data  # type: ignore[no-any-return]
