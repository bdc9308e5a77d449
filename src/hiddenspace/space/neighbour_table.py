"""Items as an Arrow table that LanceDB keeps, and back again.

A row holds `id`, `code`, `hs_position` (the order of the items, which Lance itself does not keep when rows change),
`thumbnail` where items are pictures, and a column for each kind of metadata:

- bool, numbers, dates and text stay what they are; categories are text that comes back as categories; anything else,
  and columns of mixed values, become text. A missing value stays missing, and whole numbers among which some are
  missing come back as floats, as pandas has them.
- In conditions, capital and small letters are the same, and a name that is no plain word stands between backticks:
  `hours-per-week` > 40. Lance allows no dot in a name, and backticks cannot be quoted: both are an underscore there.
  A name that is taken gets a number: `Id` is `Id_2` in conditions. Results have the names as they were given.

The names, the categories, the model's fingerprint, the format of the data and a version are JSON in the schema.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from hiddenspace.errors import DataError
from hiddenspace.space.items import Items

VERSION = 1
KEY = b"hiddenspace"
ID, CODE, POSITION, THUMBNAIL = "id", "code", "hs_position", "thumbnail"
TAKEN = (ID, CODE, POSITION, THUMBNAIL, "_distance", "_rowid", "_rowaddr", "_rowoffset", "_score")
"""Names that columns of metadata cannot have in the table."""


@dataclass(frozen=True)
class Note:
    """What the schema says about a table.

    Attributes
    ----------
    fingerprint : str
        Of the model that made the codes.
    names : dict
        Of each column of metadata, as it is stored -> as it was given.
    categories : tuple of str
        Stored names of columns that are categories.
    format : dict, or None
        What the model remembers of its data, where it has no file of its own.
    version : int
        Of this layout.
    """

    fingerprint: str
    names: dict[str, str] = field(default_factory=dict)
    categories: tuple[str, ...] = ()
    format: dict[str, Any] | None = None
    version: int = VERSION

    @classmethod
    def of(cls, schema: pa.Schema) -> Note:
        """What this schema says.

        Raises
        ------
        DataError
            If the table is none of ours, or of a later version.
        """
        if KEY not in (schema.metadata or {}):
            raise DataError("it is a Lance table, but none that HiddenSpace.save has written")
        content = json.loads(schema.metadata[KEY])
        if content["version"] > VERSION:
            raise DataError("a later version of hiddenspace has written it; upgrade hiddenspace")
        return cls(**content | {"categories": tuple(content["categories"])})

    def given(self) -> dict[str, str]:
        """As a column was given -> as it is stored."""
        return {name: stored for stored, name in self.names.items()}

    def columns(self) -> str:
        """The columns that conditions can name, for people."""
        names = [ID, *(name if name.isidentifier() else f"`{name}`" for name in self.names)]
        return ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")


def table_of(items: Items, fingerprint: str, format_: dict[str, Any] | None = None) -> pa.Table:
    """All of these items as a table of their own."""
    names = stored_names(items.metadata.columns)
    categories = tuple(s for s, name in names.items() if isinstance(items.metadata[name].dtype, pd.CategoricalDtype))
    columns = {
        ID: _ids(items.ids),
        CODE: _codes(items.codes),
        POSITION: pa.array(np.arange(len(items)), pa.int64()),
        **({THUMBNAIL: pa.array(items.thumbnails, pa.binary())} if items.thumbnails is not None else {}),
        **{stored: stored_column(items.metadata[name]) for stored, name in names.items()},
    }
    note = Note(fingerprint, names, categories, format_)
    return pa.table(columns).replace_schema_metadata({KEY: json.dumps(asdict(note)).encode()})


def further_rows(items: Items, schema: pa.Schema, start: int) -> pa.Table:
    """Items as rows that go to the end of a table of this schema; metadata that are not given are missing there.

    Raises
    ------
    DataError
        If the table has no such columns, or columns of another kind.
    """
    columns: dict[str, Any] = metadata_columns(items.metadata, schema) | {
        ID: _cast(_ids(items.ids), schema.field(ID), "the ids"),
        CODE: _codes(items.codes),
        POSITION: pa.array(np.arange(start, start + len(items)), pa.int64()),
    }
    if items.thumbnails is not None and THUMBNAIL in schema.names:
        columns[THUMBNAIL] = pa.array(items.thumbnails, pa.binary())
    arrays = [columns.get(f.name, pa.nulls(len(items), f.type)) for f in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def metadata_columns(metadata: pd.DataFrame, schema: pa.Schema) -> dict[str, pa.Array]:
    """Columns of metadata under their stored names, as a table of this schema has them.

    Raises
    ------
    DataError
        If it has no such columns, or columns of another kind.
    """
    given = Note.of(schema).given()
    for name in map(str, metadata):
        if name not in given:
            raise DataError(
                f"this space knows nothing called {name!r} of its items, but {', '.join(given) or 'nothing'}."
            )
    return {
        given[name]: _cast(stored_column(metadata[name]), schema.field(given[name]), f"the values of {name!r}")
        for name in map(str, metadata)
    }


def items_of(table: pa.Table) -> Items:
    """The items of a table, in the order of its rows, without thumbnails."""
    note = Note.of(table.schema)
    ids = table[ID].to_numpy(zero_copy_only=False)
    vectors = table[CODE].combine_chunks()
    codes = vectors.flatten().to_numpy(zero_copy_only=False).reshape(len(table), vectors.type.list_size)
    stored = table.select(list(note.names)).replace_schema_metadata().to_pandas()
    stored = stored.astype(dict.fromkeys(note.categories, "category"))
    columns = {note.names[name]: column for name, column in stored.items()}
    metadata = pd.DataFrame(columns, index=pd.RangeIndex(len(table)))
    return Items(ids if ids.dtype.kind in "iu" else ids.astype(object), codes, metadata)


def stored_names(names: Any) -> dict[str, str]:
    """Stored name -> name, for names as they were given, in their order."""
    stored: dict[str, str] = {}
    taken = set(TAKEN)
    for name in map(str, names):
        plain = name.replace(".", "_").replace("`", "_") or "_"
        free, number = plain, 1
        while free.lower() in taken:
            number += 1
            free = f"{plain}_{number}"
        taken.add(free.lower())
        stored[free] = name
    return stored


def stored_column(values: pd.Series) -> pa.Array:
    """A column of metadata as Arrow keeps it."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return _text(values)
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return _text(values)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    kind = array.type
    if pa.types.is_float16(kind):
        return array.cast(pa.float32())
    plain = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_timestamp, pa.types.is_date)
    return array if any(test(kind) for test in plain) else _text(values)


def _text(values: pd.Series) -> pa.Array:
    missing = values.isna().to_numpy()
    return pa.array([None if gone else str(value) for value, gone in zip(values, missing, strict=True)], pa.string())


def _ids(ids: np.ndarray) -> pa.Array:
    return pa.array(ids, pa.int64()) if ids.dtype.kind in "iu" else pa.array(ids.astype(object), pa.string())


def _codes(codes: np.ndarray) -> pa.Array:
    flat = pa.array(np.ascontiguousarray(codes, np.float32).ravel(), pa.float32())
    return pa.FixedSizeListArray.from_arrays(flat, codes.shape[1])


def _cast(values: pa.Array, wanted: pa.Field, what: str) -> pa.Array:
    try:
        return values.cast(wanted.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"{what} must be {wanted.type} in this space, not {values.type} ({error}).") from error
