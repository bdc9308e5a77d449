"""The items of a space as a Lance table: kept, filtered, changed, and searched for what is near.

Ids, codes and metadata are also held in memory; a space of 1,000,000 codes of 32 numbers takes 0.2 GB there. Searches
among fewer than 100,000 items, be it all or those that a condition leaves, look at every code, in NumPy. Where there
are more, LanceDB's index proposes candidates, and how many of the true neighbours it finds is measured (`recall`).

Every change is one commit, so whoever dies while writing leaves the old table. A process goes on seeing the table as
it was when it was opened, whatever others write meanwhile; before it changes something it looks at what there is now.
One process may write at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Self

import lancedb
import numpy as np
import pandas as pd
import pyarrow as pa

from hiddenspace import checks
from hiddenspace.errors import DataError, UsageError
from hiddenspace.space import search
from hiddenspace.space.coding import checked_codes
from hiddenspace.space.conditions import mask_of, with_quotes
from hiddenspace.space.items import Items
from hiddenspace.space.lance_index import KEPT, tend, tune
from hiddenspace.space.neighbour_table import (
    POSITION,
    THUMBNAIL,
    Note,
    further_rows,
    items_of,
    metadata_columns,
    table_of,
)
from hiddenspace.space.places import Place, short, trouble
from hiddenspace.space.search import CodeSearch

CONDITIONS = 16
"""So many of the last conditions are remembered with what they hold for."""


class Neighbours:
    """A Lance table of items, and the search in it; made by `create`, `temporary` or `open`.

    Attributes
    ----------
    fingerprint : str
        Of the model that made the codes.
    format : dict, or None
        The format of the data, where it was given.
    recall : float, or None
        Recall@10 of the index on 100 of its items, for which the number of lists it looks into was chosen; None where
        every code is looked at.
    pictured : bool
        Whether there are thumbnails.
    lasting : bool
        Whether it is stored, rather than in memory.
    """

    def __init__(self, table: Any, *, lasting: bool = True) -> None:
        self._table, self.lasting = table, lasting
        self._load()

    # making and opening -----------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        uri: str,
        items: Items,
        fingerprint: str,
        format_: dict[str, Any] | None = None,
        storage_options: Mapping[str, str] | None = None,
    ) -> Self:
        """Stores items, in place of what is there before.

        Parameters
        ----------
        uri : str
            A folder that ends with .lance, or one in which space.lance shall be; or object storage likewise.
        items : Items
        fingerprint : str
            Of the model that made the codes.
        format_ : dict, optional
            What the model remembers of its data.
        storage_options : mapping, optional
            What LanceDB is told of object storage: keys, region, endpoint.

        Raises
        ------
        DataError
            If it cannot be written.
        """
        place, rows = Place.of(uri), table_of(items, fingerprint, format_)
        with trouble(f"cannot write {place}", "delete what is there, or give another place"):
            database = _connected(place, storage_options)
            try:
                database.open_table(place.name)
                replaced = True
            except (ValueError, RuntimeError, OSError):  # nothing there, or the remains of a process that died
                replaced = False
            table = database.create_table(place.name, rows, mode="overwrite" if replaced else "create")
            made = cls(table)
            made._tend()
            if replaced:
                table.optimize(cleanup_older_than=KEPT)
        return made

    @classmethod
    def temporary(cls, items: Items, fingerprint: str) -> Self:
        """The same in memory; it is gone with the object."""
        table = lancedb.connect("memory://").create_table("space", table_of(items, fingerprint))
        made = cls(table, lasting=False)
        made._tend()
        return made

    @classmethod
    def open(cls, uri: str, storage_options: Mapping[str, str] | None = None) -> Self:
        """What `create` has stored there, see it for the arguments.

        Raises
        ------
        DataError
            If there is nothing, or it cannot be read.
        """
        place = Place.of(uri)
        if place.missing:
            raise place.none_here()
        with trouble(f"cannot read the space {place}", "store it again with HiddenSpace(model, data).save(...)"):
            return cls(_connected(place, storage_options).open_table(place.name))

    # reading ----------------------------------------------------------------------------------------------------

    def read(self) -> Items:
        """Ids, codes and metadata, without thumbnails."""
        return self._items

    def thumbnails(self, ids: Sequence[Any] | np.ndarray) -> list[bytes] | None:
        """PNG files of the items of these ids, in their order; None where the items are no pictures."""
        if not self.pictured:
            return None
        positions = self._items.positions(ids)
        if not len(positions):
            return []
        with trouble("cannot read the thumbnails of this space", "store it again"):
            taken = self._table.take_row_ids(np.unique(self._rows[positions]).tolist())
            found = taken.select([POSITION, THUMBNAIL]).to_arrow().sort_by(POSITION)
        order = np.searchsorted(found[POSITION].to_numpy(), self._order[positions])
        pictures: list[bytes] = found[THUMBNAIL].take(pa.array(order)).to_pylist()
        return pictures

    def positions_where(self, condition: Any) -> np.ndarray:
        """The positions (p,), ascending, of all items for which a condition on the metadata holds.

        Parameters
        ----------
        condition : str or mask of n bools
            As SQL has it, such as "label = 3".

        Raises
        ------
        UsageError
            If it cannot be understood, names an unknown column, or is a mask over another number of items.
        """
        mask = mask_of(condition, len(self._items))
        if mask is not None:
            return np.flatnonzero(mask)
        if not isinstance(condition, str):
            raise UsageError(
                f'a {type(condition).__name__} is no condition; write a text as in "label = 3", or a mask.'
            )
        if condition in self._matches:
            return self._matches[condition]
        try:
            asked = with_quotes(condition, self._items.metadata)
            found = self._table.search().where(asked).select([POSITION]).limit(None).to_arrow()
        except (ValueError, RuntimeError) as error:
            raise UsageError(
                f"the condition {condition!r} cannot be understood ({short(error)}); the columns are "
                f"{self._note.columns()}; text stands between single quotes, as in label = 'cat'."
            ) from error
        if len(self._matches) >= CONDITIONS:
            self._matches.clear()
        self._matches[condition] = np.searchsorted(self._order, np.sort(found[POSITION].to_numpy()))
        return self._matches[condition]

    # searching --------------------------------------------------------------------------------------------------

    def nearest(
        self, codes: np.ndarray, k: int, *, where: Any = None, without: Sequence[Any] | None = None
    ) -> pd.DataFrame:
        """The k items whose codes are nearest, for each of several codes.

        Parameters
        ----------
        codes : (m, d)
        k : int
            How many.
        where : str or mask, optional
            A condition on the metadata, as SQL has them, or a bool for each item.
        without : sequence of m ids, optional
            For each code an item that does not count, or None.

        Returns
        -------
        DataFrame of m times k rows
            `id`, `distance` (Euclidean) and the metadata, the nearest first; where m > 1, `query` (0 .. m - 1) before.

        Raises
        ------
        UsageError
            If there are fewer than k such items, or the condition cannot be understood.
        DataError
            If the codes are of another width, or not finite.
        """
        checks.whole("k", k)
        queries = checked_codes(codes, self._items.codes.shape[1])
        among = None if where is None else self.positions_where(where)
        there = len(self._items) if among is None else len(among)
        own = self._positions_or_none(without, len(queries))
        wanted = min(k + int((own >= 0).any()), there)
        positions, distances = self._search.nearest(queries, wanted, among)
        kept = positions != own[:, None]
        kept &= kept.cumsum(axis=1) <= k
        fewest = int(kept.sum(axis=1).min(initial=k))
        if fewest < k:
            which = "" if where is None else f" with {where}" if isinstance(where, str) else " in the mask"
            raise UsageError(f"k={k} is too many: there are {fewest:,} items{which} to choose from in this space.")
        return self._frame(positions[kept], distances[kept], len(queries))

    def distances(self, codes: np.ndarray, k: int) -> np.ndarray:
        """(m, k) Euclidean distances to the k nearest codes, ascending; to all where there are fewer than k."""
        queries = checked_codes(codes, self._items.codes.shape[1])
        return self._search.nearest(queries, min(k, len(self._items)), None)[1]

    def _positions_or_none(self, ids: Sequence[Any] | None, count: int) -> np.ndarray:
        """(m,) positions of these ids, -1 where there is none."""
        if ids is None:
            return np.full(count, -1)
        return np.array([-1 if i is None else self._items.positions([i])[0] for i in ids])

    def _frame(self, positions: np.ndarray, distances: np.ndarray, queries: int) -> pd.DataFrame:
        frame = self._items.metadata.iloc[positions].reset_index(drop=True)
        frame.insert(0, "id", self._items.ids[positions])
        frame.insert(1, "distance", distances)
        if queries > 1:
            frame.insert(0, "query", np.repeat(np.arange(queries), len(positions) // queries))
        return frame

    # changing ---------------------------------------------------------------------------------------------------

    def add(self, items: Items) -> None:
        """Further items; what is known of the others but not of these is missing for these.

        Raises
        ------
        DataError
            If an id is there already, codes have another width, metadata do not fit the columns there are, or the
            others are pictures and these are not, or the reverse.
        """
        self._catch_up()
        if self.pictured and items.thumbnails is None:
            raise DataError(
                "the items of this space are pictures; give those of the new codes too, add(codes, data=...)."
            )
        if items.thumbnails is not None and not self.pictured:
            raise DataError("this space was made without pictures, so it takes none; leave them out.")
        known = np.flatnonzero(self._items.index.isin(pd.Index(items.ids)))
        if len(known):
            raise DataError(
                f"{len(known):,} of these ids are in the space already ({self._items.ids[known[0]]!s} is one); give "
                "others, or take those out first."
            )
        checked_codes(items.codes, self._items.codes.shape[1])
        start = int(self._order[-1]) + 1 if len(self._order) else 0
        rows = further_rows(items, self._table.schema, start)
        with self._writing():
            self._table.add(rows)
        self._tend()

    def update(self, ids: Sequence[Any] | np.ndarray, metadata: pd.DataFrame) -> None:
        """Other values in some columns of metadata, a row for each id.

        Raises
        ------
        DataError
            If there are no such items or columns, an id comes twice, or values do not fit.
        UsageError
            If there is no id.
        """
        self._catch_up()
        positions = self._selected(ids)
        columns = metadata_columns(metadata, self._table.schema)
        changed = pa.table({POSITION: pa.array(self._order[positions]), **columns})
        with self._writing():
            self._table.merge_insert(POSITION).when_matched_update_all().execute(changed)
        self._tend()

    def delete(self, ids: Sequence[Any] | np.ndarray) -> None:
        """Takes items out.

        Raises
        ------
        DataError
            If there are no such items.
        UsageError
            If there is no id.
        """
        self._catch_up()
        gone = self._order[self._selected(ids)]
        with self._writing():
            self._table.delete(f"{POSITION} IN ({', '.join(map(str, gone))})")
        self._tend()

    # inside -----------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        """Takes what the table holds now into memory."""
        schema = self._table.schema
        self._note = Note.of(schema)
        self.fingerprint, self.format = self._note.fingerprint, self._note.format
        self.pictured = THUMBNAIL in schema.names
        wanted = [name for name in schema.names if name != THUMBNAIL]
        rows = self._table.search().select(wanted).with_row_id(True).limit(None).to_arrow().sort_by(POSITION)
        self._items = items_of(rows.replace_schema_metadata(schema.metadata))
        self._order, self._rows = rows[POSITION].to_numpy(), rows["_rowid"].to_numpy()
        self._search = CodeSearch(self._table, self._items.codes, self._rows)
        self.recall = self._search.recall
        self._matches: dict[str, np.ndarray] = {}
        self._version = self._table.version

    def _catch_up(self) -> None:
        """Before a change: what others have written since."""
        with trouble("cannot read this space", "open it again"):
            self._table.checkout_latest()
            if self._table.version != self._version:
                self._load()

    def _tend(self) -> None:
        """After a change: memory, files and the index."""
        self._load()
        if tend(self._table, len(self._items) >= search.MANY):
            self._load()
            tune(self._table, self._search.exact, self._rows)
        if self._table.version != self._version:
            self._load()

    def _selected(self, ids: Sequence[Any] | np.ndarray) -> np.ndarray:
        if not len(ids):
            raise UsageError("the selection is empty; name at least one item.")
        positions = self._items.positions(ids)
        values, counts = np.unique(positions, return_counts=True)
        if counts.max() > 1:
            raise DataError(f"the id {self._items.ids[values[counts.argmax()]]!s} comes twice; name each item once.")
        return positions

    def _writing(self) -> AbstractContextManager[None]:
        return trouble("cannot change this space", "see that the place can be written to, and that nobody else writes")


def _connected(place: Place, storage_options: Mapping[str, str] | None) -> Any:
    return lancedb.connect(place.database, storage_options=None if storage_options is None else dict(storage_options))
