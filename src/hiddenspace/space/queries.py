"""What people point at: an id, a file, an array, a row, a code; each becomes a code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hiddenspace.data.format import fit_format
from hiddenspace.errors import DataError, UsageError
from hiddenspace.space.coding import checked_codes
from hiddenspace.space.items import thumbnails_of

if TYPE_CHECKING:
    from hiddenspace.space.hidden_space import HiddenSpace


def code_of(space: HiddenSpace, item: Any) -> np.ndarray:
    """The code (d,) of one item.

    Parameters
    ----------
    space : HiddenSpace
    item : int, str, path, array, PIL image, mapping, Series or DataFrame of one row
        An id of the space (a row number or a name), a file, an item itself, or a code (d,).

    Raises
    ------
    DataError
        If there is no such id or file, or the code is not finite or of another width.
    ModelError
        If it is an item of another kind or size than the model takes.
    """
    if isinstance(item, int | np.integer) and not isinstance(item, bool):
        return _stored(space, item)
    if isinstance(item, str | os.PathLike):
        return _code_of_name(space, item)
    array = None if isinstance(item, pd.Series | pd.DataFrame | Mapping) else _as_array(item)
    if array is not None and array.ndim == 1 and not _is_row(space, array):
        given: np.ndarray = checked_codes(array[None], space.code_size)[0]
        return given
    encoded: np.ndarray = space.encode(_one_item(item, array))[0]
    return encoded


def codes_of(space: HiddenSpace, items: Any) -> np.ndarray:
    """The codes (m, d) of several: a condition such as "label = 3", a mask over the space, or a sequence of items.

    Where rows of the data are as long as codes, an array is rows, as in `code_of`.

    Raises
    ------
    UsageError
        If there is nothing in the selection.
    """
    chosen: np.ndarray
    if isinstance(items, str) and not is_name(space, items):
        chosen = space.codes[positions_where(space, items)]
    elif isinstance(items, np.ndarray) and items.dtype == bool:
        if items.shape != (len(space),):
            raise UsageError(f"a mask over this space has {len(space):,} entries, not {items.shape}.")
        chosen = space.codes[items]
    elif isinstance(items, pd.DataFrame) or _are_rows(space, items):
        chosen = space.encode(items) if len(items) else space.codes[:0]
    elif isinstance(items, np.ndarray) and items.ndim == 2 and items.shape[1] == space.code_size:
        chosen = checked_codes(items, space.code_size) if len(items) else space.codes[:0]
    elif _is_one(items):
        chosen = code_of(space, items)[None]
    else:
        some = list(items)
        chosen = np.stack([code_of(space, item) for item in some]) if some else space.codes[:0]
    if not len(chosen):
        raise UsageError("the selection is empty; name at least one item.")
    return chosen


def id_of(space: HiddenSpace, item: Any) -> Any:
    """The id by which an item was named, or None where it was not."""
    if isinstance(item, int | np.integer) and not isinstance(item, bool):
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
    dataset = space.coding.read(_file(space, item))
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


def _code_of_name(space: HiddenSpace, name: str | os.PathLike[str]) -> np.ndarray:
    if str(name) in space:
        return _stored(space, str(name))
    if Path(name).exists():
        codes = space.encode(_file(space, name))
        if len(codes) != 1:
            raise UsageError(f"{name} holds {len(codes):,} items; give a file of one.")
        code: np.ndarray = codes[0]
        return code
    if _is_number(space, name):
        return _stored(space, int(str(name)))
    raise DataError(f"{str(name)!r} is neither an id of this space nor a file; check how it is written.")


def _stored(space: HiddenSpace, id_: Any) -> np.ndarray:
    code: np.ndarray = space.codes[space.positions([id_])[0]]
    return code


def _file(space: HiddenSpace, name: str | os.PathLike[str]) -> Any:
    """A file as a source: of a picture by itself, or of a table."""
    return [Path(name)] if space.kind == "images" else str(name)


def is_name(space: HiddenSpace, text: str) -> bool:
    """Whether a text names an item rather than a condition."""
    return text in space or _is_number(space, text) or os.path.exists(text)


def _is_number(space: HiddenSpace, name: Any) -> bool:
    return space.ids.dtype != object and str(name).isdigit()


def _is_one(items: Any) -> bool:
    """Whether this is an item by itself, and no sequence of them."""
    if isinstance(items, np.ndarray):
        return items.ndim < 2 and items.dtype.kind == "f"
    return isinstance(items, str | os.PathLike | int | np.integer | Mapping | pd.Series) or hasattr(items, "convert")


def _are_rows(space: HiddenSpace, items: Any) -> bool:
    return isinstance(items, np.ndarray) and items.ndim == 2 and _is_row(space, items[0] if len(items) else items)


def _is_row(space: HiddenSpace, array: np.ndarray) -> bool:
    """Whether (d,) numbers are an item of the data rather than a code."""
    format_ = space.coding.format
    return format_ is not None and format_.kind == "vectors" and array.shape == format_.shape


def _as_array(item: Any) -> np.ndarray | None:
    if hasattr(item, "convert"):  # a PIL image
        return None
    if hasattr(item, "detach"):
        item = item.detach().cpu().numpy()
    return np.asarray(item)


def _one_item(item: Any, array: np.ndarray | None) -> Any:
    """As a source of one item that `read` takes."""
    if isinstance(item, Mapping):
        return pd.DataFrame([dict(item)])
    if isinstance(item, pd.Series):
        return item.to_frame().T.infer_objects()
    if isinstance(item, pd.DataFrame):
        return item.iloc[:1]
    return [item] if array is None else array[None]
