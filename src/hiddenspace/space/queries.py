"""What people point at: an id, a file, an array, a row, a code; each becomes a code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from PIL import Image

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import fit_format
from hiddenspace.errors import DataError, UsageError
from hiddenspace.space.coding import checked_codes, plain
from hiddenspace.space.conditions import mask_of
from hiddenspace.space.items import thumbnails_of
from hiddenspace.space.meanings import Codes, meaning

if TYPE_CHECKING:
    from hiddenspace.space.hidden_space import HiddenSpace


def code_of(space: HiddenSpace, item: Any) -> np.ndarray:
    """The code (d,) of one item.

    Parameters
    ----------
    space : HiddenSpace
    item : int, str, path, array, PIL image, mapping, Series, DataFrame, Dataset or Codes
        An id of the space (a row number or a name), a file, an item itself, or a code (d,). What numbers are, their
        shape says; where it can be both, they are refused unless they are given as `Codes`. Anything that holds just
        one item counts as that.

    Raises
    ------
    DataError
        If there is no such id or file, or the code is not finite or of another width.
    ModelError
        If it is an item of another kind or size than the model takes.
    UsageError
        If it is several items, or could be a code and an item.
    """
    if _is_whole(item):
        return _stored(space, item)
    if isinstance(item, str | os.PathLike):
        return _code_of_name(space, item)
    if isinstance(item, list | tuple) and len(item) == 1 and not isinstance(item[0], float):
        return code_of(space, item[0])
    several = _encoded(space, item, one=True)
    if len(several) != 1:
        raise UsageError(f"this {type(item).__name__} holds {len(several):,} items, where one is asked for; give one.")
    code: np.ndarray = several[0]
    return code


def codes_of(space: HiddenSpace, items: Any) -> np.ndarray:
    """The codes (m, d) of several: a condition such as "label = 3", a mask over the space, or a sequence of items.

    Arrays are items or codes as in `code_of`; of numbers of one dimension, whole ones are ids.

    Raises
    ------
    UsageError
        If there is nothing in the selection, or numbers could be codes and items.
    """
    chosen: np.ndarray
    named, listed = positions_of(space, items), _listed(space, items)
    if named is not None:
        chosen = space.codes[named]
    elif listed is not None:
        chosen = np.stack([code_of(space, item) for item in listed])
    elif isinstance(items, str | os.PathLike):
        chosen = code_of(space, items)[None]
    else:
        chosen = _encoded(space, items, one=False)
    if not len(chosen):
        raise UsageError("the selection is empty; name at least one item.")
    return chosen


def positions_of(space: HiddenSpace, items: Any) -> np.ndarray | None:
    """Where the items are that are named by a condition, a mask, an id or a sequence of ids; None if by none of these.

    Raises
    ------
    UsageError
        If a condition cannot be understood or holds for no item, or a mask is of another length.
    DataError
        If there is no item with such a number.
    """
    if isinstance(items, str) and not is_name(space, items):
        return positions_where(space, items)
    mask = mask_of(items, len(space))
    if mask is not None:
        return np.flatnonzero(mask)
    if isinstance(items, str | os.PathLike) or _is_whole(items):
        own = id_of(space, items)
        return None if own is None else space.positions([own])
    listed = _listed(space, items)
    ids = [None] if listed is None else [id_of(space, item) for item in listed]
    return None if any(own is None for own in ids) else space.positions(ids)


def id_of(space: HiddenSpace, item: Any) -> Any:
    """The id by which an item was named, or None where it was not."""
    if isinstance(item, list | tuple) and len(item) == 1:
        item = item[0]
    if _is_whole(item):
        return int(item)
    if not isinstance(item, str | os.PathLike):
        return None
    if str(item) in space:
        return str(item)
    return int(str(item)) if _is_number(space, item) and not Path(item).exists() else None


def thumbnail_of(space: HiddenSpace, item: Any) -> bytes | None:
    """A small PNG of one item, named by its id, or a file; None where the items are no pictures."""
    own = id_of(space, item)
    if own is not None:
        stored = space.thumbnails(space.positions([own]))
        return None if stored is None else stored[0]
    dataset = space.coding.read(item)
    made = thumbnails_of(dataset, space.coding.format or fit_format(dataset))
    return None if made is None else made[0]


def positions_where(space: HiddenSpace, condition: str) -> np.ndarray:
    """The positions of all items for which a condition on the metadata, as SQL has them, holds.

    Raises
    ------
    UsageError
        If it cannot be understood, names an unknown column, or holds for no item.
    """
    found = space.store.positions_where(condition)
    if not len(found):
        raise UsageError(f"no item of this space has {condition}; look at space.metadata for what there is.")
    return found


def is_name(space: HiddenSpace, text: str) -> bool:
    """Whether a text names an item rather than a condition."""
    return text in space or _is_number(space, text) or os.path.exists(text)


def _code_of_name(space: HiddenSpace, name: str | os.PathLike[str]) -> np.ndarray:
    own = id_of(space, name)
    if own is not None:
        return _stored(space, own)
    if not Path(name).exists():
        known = f"ids are such as {str(space.ids[0])!r}" if len(space) else "the space is empty"
        raise DataError(f"{str(name)!r} is neither an id of this space nor a file; check how it is written ({known}).")
    codes = space.encode(name)
    if len(codes) != 1:
        raise UsageError(f"{name} holds {len(codes):,} items; give a file of one.")
    code: np.ndarray = codes[0]
    return code


def _encoded(space: HiddenSpace, given: Any, *, one: bool) -> np.ndarray:
    """The codes (m, d) of what is given itself, and neither named nor a list of things; one says that m should be 1."""
    if isinstance(given, Codes):
        return checked_codes(np.atleast_2d(plain(given.values)), space.code_size)
    if isinstance(given, Dataset):
        return space.encode(given)
    if isinstance(given, Image.Image):
        return space.encode([given])
    frame = _frame(space, given)
    array = np.asarray(plain(given) if frame is None else frame)
    if array.ndim == 0:
        raise DataError(f"{given!r} is neither an item nor a code; give an id, a file, an array of an item, or a code.")
    if not len(array):
        empty: np.ndarray = space.codes[:0]
        return empty
    if frame is not None:
        return space.encode(frame)
    means = meaning(space, array, one=one)
    if means in ("a code", "codes"):
        return checked_codes(np.atleast_2d(array), space.code_size)
    if means == "unknown" and (array.ndim < 2 or space.kind != "images"):
        raise _neither(space, array)
    return space.encode(array if means == "items" else array[None])


def _frame(space: HiddenSpace, item: Any) -> pd.DataFrame | None:
    """Rows with named columns as a table; None where nothing encodes, or this is something else."""
    if isinstance(item, Mapping):
        return pd.DataFrame([dict(item)])
    if space.coding.encoder is None:
        return None
    if isinstance(item, pd.Series) and item.index.dtype.kind == "O":
        return item.to_frame().T.infer_objects()
    return item if isinstance(item, pd.DataFrame) else None


def _listed(space: HiddenSpace, items: Any) -> list[Any] | None:
    """The things in a sequence of ids, files or items; None for everything else, as numbers and rows of a table."""
    if isinstance(items, pd.Series | pd.Index) and _frame(space, items) is None:
        items = items.to_numpy()
    if isinstance(items, np.ndarray):
        return items.tolist() if items.ndim == 1 and items.dtype.kind not in "fb" else None
    return list(items) if isinstance(items, list | tuple | range) else None


def _neither(space: HiddenSpace, array: np.ndarray) -> DataError:
    items = "" if space.coding.encoder is None else ", nor an item that its model takes"
    return DataError(f"numbers of shape {array.shape} are no code: this space has codes of {space.code_size}{items}.")


def _stored(space: HiddenSpace, id_: Any) -> np.ndarray:
    code: np.ndarray = space.codes[space.positions([id_])[0]]
    return code


def _is_whole(item: Any) -> bool:
    return isinstance(item, int | np.integer) and not isinstance(item, bool)


def _is_number(space: HiddenSpace, name: Any) -> bool:
    return space.ids.dtype != object and str(name).isdigit()
