"""What a space knows about its items: ids, codes, metadata and small pictures."""

from __future__ import annotations

import io
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import Format
from hiddenspace.errors import DataError
from hiddenspace.space.waiting import waiting

THUMBNAIL = 64
"""Pixels of a thumbnail's longer side; smaller pictures stay as they are."""
RESERVED = ("id", "code", "thumbnail", "distance", "query")
"""Columns of tables of neighbours."""
LABEL = "label"


@dataclass(frozen=True, eq=False)
class Items:
    """n items, row by row.

    Attributes
    ----------
    ids : ndarray (n,)
        Row numbers (int64), or names.
    codes : ndarray (n, d)
        float32.
    metadata : DataFrame of n rows
        `label` and whatever else is known; its index is 0 .. n - 1.
    thumbnails : list of bytes, or None
        PNG files, where the items are pictures and were asked for.
    """

    ids: np.ndarray
    codes: np.ndarray
    metadata: pd.DataFrame
    thumbnails: list[bytes] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def index(self) -> pd.Index:
        """The ids, ready to be looked up."""
        index: pd.Index = pd.Index(self.ids)
        return index

    def holds(self, item: Any) -> bool:
        """Whether an item has this id."""
        return item in self.index

    def positions(self, ids: Any) -> np.ndarray:
        """Where the items of these ids are.

        Raises
        ------
        DataError
            If there is no such item.
        """
        found = self.index.get_indexer(pd.Index(list(ids), dtype=None if len(ids) else self.index.dtype))
        if (found < 0).any():
            unknown = list(ids)[int(found.argmin())]
            raise DataError(f"there is no item with the id {unknown!r} in this space; {self._there(unknown)}.")
        positions: np.ndarray = found
        return positions

    def _there(self, unknown: Any) -> str:
        """What ids there are, for who asked for one that is not."""
        if not len(self):
            return "it is empty"
        is_row = self.ids.dtype == object and isinstance(unknown, int | np.integer) and 0 <= unknown < len(self)
        if is_row:
            return f"its ids are names, that of row {unknown} is {self.ids[unknown]!r}"
        return f"they run from {self.ids[0]!s} to {self.ids[-1]!s}"


def ids_of(dataset: Dataset | None, given: Any, count: int, start: int = 0) -> np.ndarray:
    """Names as they were given or as the source has them, else row numbers from `start`.

    Raises
    ------
    DataError
        If two items share an id, or there are more or fewer than items.
    """
    names = given if given is not None else None if dataset is None else dataset.ids
    if names is None:
        return np.arange(start, start + count)
    ids = np.asarray(names)
    if ids.dtype.kind not in "iu":
        ids = ids.astype(str).astype(object)
    if len(ids) != count:
        raise DataError(f"there are {len(ids)} ids for {count} items; give one for each.")
    values, counts = np.unique(ids, return_counts=True)
    if counts.max(initial=1) > 1:
        raise DataError(f"the id {values[counts.argmax()]!s} stands for {counts.max()} items; give each its own.")
    return ids


def metadata_of(dataset: Dataset | None, given: Any, count: int) -> pd.DataFrame:
    """The columns of a table, the labels of the source as `label`, and the given columns.

    A table's own column that is called as one of those in tables of neighbours, or `label` where there are labels
    beside it, gets an underscore, or as many as make its name a new one: `id` is `id_`. A given `label` takes the place
    of the source's labels; one value in a given column is that of all items.

    Raises
    ------
    DataError
        If a column has another length than there are items, one of the names that tables of neighbours use, or that of
        another column.
    """
    named = _given_columns(given, count)
    columns: dict[str, Any] = {}
    if dataset is not None and dataset.labels is not None:
        columns[LABEL] = dataset.labels
    for name, values in named.items():
        if name in RESERVED:
            raise DataError(f"a column of metadata cannot be called {name!r}; call it otherwise.")
        if len(values) != count:
            raise DataError(f"the metadata {name!r} has {len(values)} values for {count} items; give one for each.")
    own = _own_columns(dataset, {*RESERVED, *columns})
    if both := [name for name in own if name in named]:
        raise DataError(f"the table has a column {both[0]!r} itself; call the given one otherwise.")
    return pd.DataFrame(own | columns | named, index=pd.RangeIndex(count))


def free_name(name: str, taken: Container[str]) -> str:
    """The name, with as many underscores as it takes to be a new one."""
    while name in taken:
        name += "_"
    return name


def _own_columns(dataset: Dataset | None, taken: set[str]) -> dict[str, Any]:
    """The columns of a table, under names that are not taken."""
    if dataset is None or dataset.kind != "table":
        return {}
    names = [str(name) for name in dataset.items]
    own: dict[str, Any] = {}
    for name, (_, column) in zip(names, dataset.items.items(), strict=True):
        clash = name in taken or name in own
        own[free_name(name, {*taken, *names, *own}) if clash else name] = column.reset_index(drop=True)
    return own


def _given_columns(given: Any, count: int) -> dict[str, pd.Series]:
    """By their names, each a Series."""
    if given is None:
        return {}
    frame = given if isinstance(given, Mapping | pd.DataFrame) else {LABEL: given if np.ndim(given) else [given]}
    names = [str(name) for name in frame]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"two columns of metadata are called {twice!r}; call one otherwise.")
    return {str(name): _values(column, count) for name, column in frame.items()}


def _values(column: Any, count: int) -> pd.Series:
    if isinstance(column, pd.Series):
        return column.reset_index(drop=True)
    return pd.Series([column] * count if np.ndim(column) == 0 else np.asarray(column))


def thumbnails_of(dataset: Dataset, format_: Format) -> list[bytes] | None:
    """Each picture as a PNG of at most 64 pixels; None where the items are no pictures."""
    from hiddenspace.pictures.channels import as_pixels

    if dataset.kind != "images":
        return None
    stored = format_.store(dataset)
    made: list[bytes] = []
    with waiting(f"making thumbnails of {len(dataset):,} pictures ..."):
        for start in range(0, len(dataset), 1024):
            raw = np.asarray(stored[np.arange(start, min(start + 1024, len(dataset)))])
            made += [png(picture) for picture in as_pixels(raw)]
    return made


def png(pixels: np.ndarray) -> bytes:
    """(h, w) or (h, w, 3) bytes as a PNG file, shrunk where it is larger than a thumbnail."""
    image = Image.fromarray(pixels)
    image.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
