"""What a code has lost of an item: kept apart while the code is changed, and given back afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import Format, ImageFormat, in_model_space
from hiddenspace.errors import DataError, UsageError
from hiddenspace.space.coding import plain
from hiddenspace.space.meanings import Codes, meaning
from hiddenspace.space.queries import positions_of

if TYPE_CHECKING:
    from hiddenspace.space.hidden_space import HiddenSpace


def originals_of(space: HiddenSpace, held: Dataset | None, items: Any) -> Dataset:
    """The items themselves, where `codes_of` gives their codes.

    Parameters
    ----------
    space : HiddenSpace
    held : Dataset, optional
        What the space was made of, where it still has it.
    items : condition, mask, sequence of ids, or anything `load_dataset` takes
        Items of the space, or others.

    Raises
    ------
    UsageError
        If the selection is empty, or items are rows of a table, which cannot be added to each other.
    DataError
        If items of the space are named, and it holds only their codes.
    """
    if space.kind == "table":
        raise UsageError("rows of a table cannot be added to each other; leave detail out.")
    positions = positions_of(space, items)
    if positions is None:
        if _are_codes(space, items):
            raise UsageError("codes have lost their detail already; name the items, give them, or leave detail out.")
        return space.coding.read(items)
    if not len(positions):
        raise UsageError("the selection is empty; name at least one item.")
    if held is None:
        raise DataError(
            "this space holds the codes of its items, but not the items; open it with data=, "
            "give the items, or leave detail out."
        )
    return held.take(positions)


def with_detail(format_: Format, originals: Dataset, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Originals + decode(changed code) - decode(code), in the data's own shape and range, images clipped to it.

    Parameters
    ----------
    format_ : Format
        Of the data.
    originals : Dataset of m items
    before, after : ndarray (m, ...)
        What the codes and the changed codes decode to.
    """
    moved: np.ndarray = _in_data_space(format_, originals) + (after - before)
    if isinstance(format_, ImageFormat):
        low, high = format_.range.from_unit(np.array([0.0, 1.0], np.float32))
        moved = np.clip(moved, low, high)
    return moved


def _are_codes(space: HiddenSpace, items: Any) -> bool:
    array = plain(items)
    is_array = isinstance(array, np.ndarray) and array.dtype.kind == "f"
    return isinstance(items, Codes) or (is_array and meaning(space, array) in ("a code", "codes"))


def _in_data_space(format_: Format, dataset: Dataset) -> np.ndarray:
    """Items in the data's own shape and in the range in which the model gives its own."""
    return np.concatenate([np.asarray(format_.to_data(x.numpy())) for x in in_model_space(format_, dataset)])
