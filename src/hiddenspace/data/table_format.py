"""Tables as networks see them: float32 vectors; and back to a DataFrame."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from hiddenspace.data.dataset import Dataset, Kind
from hiddenspace.data.table_columns import COLUMNS, Column, fit_column, plain_name
from hiddenspace.errors import DataError, ModelError


@dataclass(frozen=True)
class TableFormat:
    """Numbers standardised, categories one-hot, dates in seconds, missing values flagged. Model space is (b, d).

    Parameters
    ----------
    columns : tuple of Column
        How each column of the table is encoded, in the table's order.
    """

    columns: tuple[Column, ...]

    kind: Kind = "table"

    @classmethod
    def from_dataset(cls, dataset: Dataset) -> Self:
        """What the columns of this table hold decides.

        Raises
        ------
        DataError
            If the table has no columns.
        """
        frame: pd.DataFrame = dataset.items
        if frame.shape[1] == 0:
            raise DataError(f"{dataset.name} has no columns to learn from; give at least one.")
        return cls(tuple(fit_column(column) for _, column in frame.items()))

    @property
    def feature_names(self) -> list[str]:
        """The names of the encoded columns, such as ``age`` and ``colour = red``."""
        return [name for column in self.columns for name in column.names]

    @property
    def shape(self) -> tuple[int]:
        """(d,), the number of encoded columns."""
        return (len(self.feature_names),)

    def store(self, dataset: Dataset) -> NDArray[np.float32]:
        """The encoded table, float32 of shape (n, d).

        Raises
        ------
        ModelError
            If it is no table, or lacks columns of the fitted one; their order does not matter, nor what else there is.
        """
        later = self._columns_of(dataset)
        encoded = np.empty((len(dataset), *self.shape), np.float32)
        start = 0
        for column in self.columns:
            block = column.encode(later[str(column.name)])
            encoded[:, start : start + block.shape[1]] = block
            start += block.shape[1]
        return encoded

    def to_model(self, raw: torch.Tensor) -> torch.Tensor:
        """(b, d) as stored, as it is."""
        return raw.to(torch.float32)

    def to_data(self, x: NDArray[np.floating[Any]]) -> pd.DataFrame:
        """(n, d) in model space -> a table with the columns, order and types of the fitted one.

        The category with the largest value wins; whole numbers are rounded; what is flagged as missing is missing.
        """
        if x.ndim != 2 or x.shape[1] != self.shape[0]:
            raise ModelError(f"X has shape {x.shape}, but this model decodes (n, {self.shape[0]}); give codes of it.")
        ends = np.cumsum([len(column.names) for column in self.columns])
        blocks = np.split(x, ends[:-1], axis=1)
        decoded = [column.decode(block) for column, block in zip(self.columns, blocks, strict=True)]
        frame = pd.concat(decoded, axis=1)
        frame.columns = pd.Index([column.name for column in self.columns])
        return frame

    def within_range(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A decoded table, its numbers and dates no less than the least and no more than the most of the fitted one."""
        parts = [column.within(frame.iloc[:, place]) for place, column in enumerate(self.columns)]
        clipped = pd.concat(parts, axis=1)
        clipped.columns = frame.columns
        return clipped

    def config(self) -> dict[str, Any]:
        """JSON; numbers survive exactly."""
        columns = [{"type": c.kind, **asdict(c)} for c in self.columns]
        for column in columns:  # JSON has no infinity: a range that a model from before does not know is left out
            if math.isinf(column.get("most", 0)):
                del column["least"], column["most"]
        return {"kind": self.kind, "columns": columns}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """From what `config` gave.

        Raises
        ------
        ModelError
            If a column is of an unknown type or lacks something.
        """
        return cls(tuple(_column(**entry) for entry in config["columns"]))

    def _columns_of(self, dataset: Dataset) -> dict[str, pd.Series]:
        """The columns by name, which is text here: files keep no other names."""
        if dataset.kind != "table":
            raise ModelError(f"This model takes a table but was given {dataset.kind}; give a DataFrame or a CSV file.")
        frame: pd.DataFrame = dataset.items
        later = {str(plain_name(name)): column for name, column in frame.items()}
        if missing := [str(column.name) for column in self.columns if str(column.name) not in later]:
            raise ModelError(
                f"The feature names should match those that were passed during fit (missing: {', '.join(missing)}; "
                f"the table has {', '.join(later)}); rename or add columns."
            )
        return later


def _column(type: str, **fields: Any) -> Column:
    if type not in COLUMNS:
        raise ModelError(f"The model has a column of type {type!r}, unknown here; upgrade hiddenspace.")
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    try:
        return COLUMNS[type](**fields)
    except TypeError:
        raise ModelError(f"A column of the model is described by {sorted(fields)}; save the model anew.") from None
