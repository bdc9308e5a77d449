"""What is to be drawn, as a table of attributes: categories, numbers and angles become vectors for a generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hiddenspace import checks
from hiddenspace.data.attribute_columns import COLUMNS, Category, Column, Cycle, Number
from hiddenspace.errors import DataError, ModelError, UsageError

Columns = dict[str, NDArray[Any]]

LABEL = "label"
"""The name of the only column where labels come as a 1-D array."""
ANGLES = ("angle", "angle_deg", "azimuth", "direction", "heading", "hue", "orientation", "rotation", "yaw")
"""Names of columns that are angles where their values look like degrees."""
TURN, RADIANS = 360.0, 2 * np.pi


@dataclass(frozen=True)
class AttributeFormat:
    """How rows of attributes become float32 vectors: what a generator remembers of its inputs.

    Categories are one-hot, numbers standardised; angles become the cosine and the sine of themselves (and of their
    multiples), so that 359 degrees lie beside 0. Made by `fitted`.

    Parameters
    ----------
    columns : tuple of Category, Number and Cycle
        How each attribute is encoded, in the order of the vector.
    """

    columns: tuple[Column, ...]

    @classmethod
    def fitted(
        cls,
        attributes: Any,
        cyclic: Mapping[str, float] | None = None,
        *,
        categorical: Sequence[str] = (),
        harmonics: int = 1,
    ) -> Self:
        """What these attributes hold decides.

        Text, booleans and pandas' categories are categorical, numbers continuous, whole ones too.

        Parameters
        ----------
        attributes : DataFrame, mapping of columns, list of mappings (one for each row), array (n, d) or array (n,)
            Without missing values. The columns of a 2-D array are called '0', '1' and so on; a 1-D array is one
            categorical column of class labels, called 'label'.
        cyclic : mapping of str to float, optional
            Columns that come round again, and their periods: {'azimuth': 360}. By default those called angle,
            angle_deg, azimuth, direction, heading, hue, orientation, rotation or yaw whose values lie within -360 to
            360 and reach beyond 2 pi, so that they must be degrees (period 360), and a hue within 0 to 1 (period 1).
            `{}` for none.
        categorical : sequence of str
            Columns of numbers that name classes.
        harmonics : int
            Multiples of each angle: 1 is the cosine and the sine alone, with more an image may change faster
            with the angle.

        Raises
        ------
        DataError
            If there are no attributes, or they have missing values.
        UsageError
            If `cyclic` or `categorical` name a column that is not there, or a period makes no sense.
        """
        checks.whole("harmonics", harmonics)
        attributes = _of_records(attributes)
        table = columns_of(attributes)
        if not table:
            raise DataError("the attributes have no columns; give at least one.")
        _check_complete(table)
        for argument, names in (("cyclic", cyclic or ()), ("categorical", categorical)):
            if absent := [name for name in names if name not in table]:
                raise UsageError(f"{argument} names {absent[0]!r}, but the attributes are {', '.join(table)}.")
        classes = {*categorical, *_categories_of(attributes)}
        classes |= {name for name, values in table.items() if _are_classes(attributes, values)}
        periods = _guessed(table, classes) if cyclic is None else dict(cyclic)
        columns: list[Column] = []
        for name, values in table.items():
            if name in periods:
                columns.append(Cycle(name, periods[name], harmonics))
                columns[-1].encode(values)  # which refuses text
            else:
                columns.append((Category if name in classes else Number).fitted(name, values))
        return cls(tuple(columns))

    @property
    def names(self) -> tuple[str, ...]:
        """What each number of a vector is: 'type = chair', 'cos azimuth', 'elevation'."""
        return tuple(name for column in self.columns for name in column.names)

    @property
    def width(self) -> int:
        """Numbers in a vector."""
        return len(self.names)

    def encode(self, attributes: Any) -> NDArray[np.float32]:
        """Rows of attributes as vectors.

        Parameters
        ----------
        attributes : as `fitted` takes them
            Columns that are not known are passed over. In a mapping, single values stand for all rows.

        Returns
        -------
        ndarray of shape (n, width), float32

        Raises
        ------
        DataError
            If a column or a value is missing, or a category is unknown.
        """
        table = self._known(attributes)
        parts = [column.encode(table[column.name]) for column in self.columns]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def between(self, a: Any, b: Any, steps: int) -> NDArray[np.float32]:
        """Vectors on the way from one row to another, both ends among them: (steps, width).

        Categories are mixed, numbers go in a straight line, angles along the shorter arc.

        Raises
        ------
        UsageError
            If `steps` is below 2.
        DataError
            If `a` or `b` is not one row.
        """
        if checks.whole("steps", steps) < 2:
            raise UsageError("steps=1 is no way from one to another; use 2 or more.")
        ends = [self._known(end) for end in (a, b)]
        for end in ends:
            if (rows := len(next(iter(end.values())))) != 1:
                raise DataError(f"a way leads from one row of attributes to one other, but there are {rows}; give one.")
        share = np.linspace(0, 1, steps)
        parts = [column.between(ends[0][column.name], ends[1][column.name], share) for column in self.columns]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def config(self) -> dict[str, Any]:
        """JSON; numbers survive exactly."""
        return {"columns": [{"kind": column.kind, **asdict(column)} for column in self.columns]}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """From what `config` gave.

        Raises
        ------
        ModelError
            If a column is of an unknown kind or lacks something.
        """
        return cls(tuple(_column(**entry) for entry in config["columns"]))

    def _known(self, attributes: Any) -> Columns:
        """The columns of the format, complete."""
        table = columns_of(attributes)
        if absent := [column.name for column in self.columns if column.name not in table]:
            given = ", ".join(map(repr, table)) or "none"
            raise DataError(f"the attributes lack the column {absent[0]!r} (given: {given}); add or rename it.")
        known = {column.name: table[column.name] for column in self.columns}
        _check_complete(known)
        return known


def columns_of(attributes: Any) -> Columns:
    """Attributes, however they come, as 1-D arrays of one length by name.

    Raises
    ------
    DataError
        If they are nothing of the kind, or of unequal lengths.
    """
    attributes = _of_records(attributes)
    if isinstance(attributes, pd.DataFrame):
        return {str(name): column.to_numpy() for name, column in attributes.items()}
    if isinstance(attributes, Mapping):
        return _of_mapping(attributes)
    array = np.asarray(attributes.detach().cpu() if hasattr(attributes, "detach") else attributes)
    if array.ndim not in (1, 2):
        raise DataError(
            f"attributes of shape {array.shape} cannot be read; give a table, a dict of columns, an array (n, d) or "
            "labels (n,)."
        )
    return {LABEL: array} if array.ndim == 1 else {str(i): column for i, column in enumerate(array.T)}


def _of_records(attributes: Any) -> Any:
    """Rows that are mappings as a table; all else as it is."""
    listed = isinstance(attributes, Sequence | pd.Series) or (
        isinstance(attributes, np.ndarray) and attributes.ndim == 1
    )
    first = next(iter(attributes), None) if listed else None
    return pd.DataFrame(list(attributes)) if isinstance(first, Mapping) else attributes


def _categories_of(attributes: Any) -> list[str]:
    """Columns that pandas holds as categories, of numbers too."""
    if not isinstance(attributes, pd.DataFrame | Mapping):
        return []
    kinds = {str(name): getattr(values, "dtype", None) for name, values in attributes.items()}
    return [name for name, kind in kinds.items() if isinstance(kind, pd.CategoricalDtype)]


def _of_mapping(attributes: Mapping[Any, Any]) -> Columns:
    columns = {str(name): np.asarray(values) for name, values in attributes.items()}
    lengths = {len(values) for values in columns.values() if values.ndim == 1}
    if len(lengths) > 1 or any(values.ndim > 1 for values in columns.values()):
        shapes = ", ".join(f"{name} {values.shape}" for name, values in columns.items())
        raise DataError(f"the columns of the attributes are not of one length ({shapes}); give one value for each row.")
    rows = lengths.pop() if lengths else 1
    return {name: np.broadcast_to(values, (rows,)) for name, values in columns.items()}


def _check_complete(table: Columns) -> None:
    for name, values in table.items():
        if (missing := pd.isna(values)).any():
            row = int(np.flatnonzero(missing)[0])
            raise DataError(f"the attribute {name!r} has no value in row {row}; fill it in, or leave the row out.")


def _are_classes(attributes: Any, values: NDArray[Any]) -> bool:
    """Labels that came alone, and all that is no number."""
    alone = not isinstance(attributes, pd.DataFrame | Mapping) and np.ndim(attributes) == 1
    numeric = values.dtype.kind in "iuf" or all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    return alone or not numeric


def _guessed(table: Columns, classes: set[str]) -> dict[str, float]:
    """Periods of the columns whose name and values both say that they are angles."""
    periods = {}
    for name, values in table.items():
        word = name.lower()
        if word not in ANGLES or name in classes or not len(values):
            continue
        least, most = float(min(values)), float(max(values))
        if word == "hue" and least >= 0 and most <= 1:
            periods[name] = 1.0
        elif least >= -TURN and most <= TURN and max(-least, most) > RADIANS:
            periods[name] = TURN
    return periods


def _column(kind: str, **fields: Any) -> Column:
    if kind not in COLUMNS:
        raise ModelError(f"the model has an attribute of kind {kind!r}, unknown here; upgrade hiddenspace.")
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    try:
        return COLUMNS[kind](**fields)
    except TypeError:
        raise ModelError(f"an attribute of the model is described by {sorted(fields)}; save the model anew.") from None
