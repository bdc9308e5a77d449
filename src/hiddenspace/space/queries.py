"""What people point at: an id, a file, an array, a row, a code; each becomes a code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hiddenspace.errors import DataError, UsageError
from hiddenspace.space.coding import checked_codes

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

    Raises
    ------
    UsageError
        If there is nothing in the selection.
    """
    if isinstance(items, str) and not _is_known(space, items) and not os.path.exists(items):
        selected: np.ndarray = space.codes[positions_where(space, items)]
        return selected
    if isinstance(items, np.ndarray) and items.dtype == bool:
        if items.shape != (len(space),):
            raise UsageError(f"a mask over this space has {len(space):,} entries, not {items.shape}.")
        chosen: np.ndarray = space.codes[items]
    elif isinstance(items, str | os.PathLike | int | np.integer):
        chosen = code_of(space, items)[None]
    elif isinstance(items, np.ndarray) and items.ndim == 2 and items.shape[1] == space.code_size:
        chosen = checked_codes(items, space.code_size)
    else:
        some = list(items)
        chosen = np.stack([code_of(space, item) for item in some]) if some else space.codes[:0]
    if not len(chosen):
        raise UsageError("the selection is empty; name at least one item.")
    return chosen


def position_of(space: HiddenSpace, item: Any) -> int:
    """Where in the space the item of this id is."""
    found = np.flatnonzero(space.ids == item)
    if not len(found):
        kinds = f"they run from {space.ids[0]!s} to {space.ids[-1]!s}" if len(space) else "it is empty"
        raise DataError(f"there is no item with the id {item!r} in this space; {kinds}.")
    return int(found[0])


def id_of(space: HiddenSpace, item: Any) -> Any:
    """The id by which an item was named, or None where it was not."""
    if isinstance(item, int | np.integer) and not isinstance(item, bool):
        return int(item)
    if not isinstance(item, str | os.PathLike):
        return None
    if space.ids.dtype == object:
        return str(item) if _is_known(space, item) else None
    return int(str(item)) if str(item).isdigit() and not Path(item).exists() else None


def positions_where(space: HiddenSpace, condition: str) -> np.ndarray:
    """The positions of all items for which a condition on the metadata, as SQL has them, holds.

    Raises
    ------
    UsageError
        If it cannot be understood, names an unknown column, or holds for no item.
    """
    found = np.flatnonzero(np.isin(space.ids, space.store.ids_where(condition)))
    if not len(found):
        raise UsageError(f"no item of this space has {condition}; look at space.metadata for what there is.")
    return found


def _code_of_name(space: HiddenSpace, name: str | os.PathLike[str]) -> np.ndarray:
    if _is_known(space, name):
        return _stored(space, str(name))
    if Path(name).exists():
        code: np.ndarray = space.encode([Path(name)])[0]
        return code
    if str(name).isdigit() and space.ids.dtype.kind in "iu":
        return _stored(space, int(str(name)))
    raise DataError(f"{str(name)!r} is neither an id of this space nor a file; check how it is written.")


def _stored(space: HiddenSpace, id_: Any) -> np.ndarray:
    code: np.ndarray = space.codes[position_of(space, id_)]
    return code


def _is_known(space: HiddenSpace, name: Any) -> bool:
    return space.ids.dtype == object and str(name) in set(space.ids)


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
