"""Which values of a row belong together: those that encode one column of a table."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from hiddenspace.data.augment import RowAugmentation
from hiddenspace.data.format import Format
from hiddenspace.data.table_format import TableFormat

Anything = TypeVar("Anything")


def groups_of(format_: Format) -> tuple[int, ...]:
    """For each value of a row in model space the number of the column that it encodes."""
    if isinstance(format_, TableFormat):
        return tuple(i for i, column in enumerate(format_.columns) for _ in column.names)
    return tuple(range(format_.shape[0]))


def column_wise(augmentation: Anything, format_: Format) -> Anything | RowAugmentation:
    """A RowAugmentation without groups with those of the format, so that no one-hot column is torn; others as they are.

    Parameters
    ----------
    augmentation : callable or None
    format_ : Format
        Of the data that pass through it.
    """
    if isinstance(augmentation, RowAugmentation) and not augmentation.groups and format_.kind != "images":
        return replace(augmentation, groups=groups_of(format_))
    return augmentation
