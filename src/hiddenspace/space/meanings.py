"""What numbers mean to a space: a code or an item, several codes or several items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hiddenspace.data.format import ImageFormat
from hiddenspace.data.table_format import TableFormat
from hiddenspace.errors import UsageError

if TYPE_CHECKING:
    from hiddenspace.space.hidden_space import HiddenSpace

Meaning = Literal["a code", "codes", "an item", "items", "unknown"]


@dataclass(frozen=True, eq=False)
class Codes:
    """Says that numbers are codes, where they could as well be items: `space.similar(hs.Codes(z))`.

    Parameters
    ----------
    values : array (d,) or (n, d)
        One code or several.
    """

    values: Any


def meaning(space: HiddenSpace, array: np.ndarray, *, one: bool = False) -> Meaning:
    """What an array is by its shape: what has the shape of a code is one, what has that of an item is one.

    Where nothing encodes there are only codes. Where one thing is asked for, a picture is no stack of codes.

    Raises
    ------
    UsageError
        If it can be both, as where the code is as long as a row of the data.
    """
    width = (space.code_size,)
    shapes = _item_shapes(space)
    fits: list[Meaning] = []
    if array.shape == width:
        fits.append("a code")
    if array.ndim == 2 and array.shape[1:] == width:
        fits.append("codes")
    if array.shape in shapes:
        fits.append("an item")
    elif array.ndim > 1 and array.shape[1:] in shapes:
        fits.append("items")
    if one and "an item" in fits and "a code" not in fits:
        return "an item"
    if len(fits) > 1:
        raise UsageError(
            f"numbers of shape {array.shape} can be {fits[0]} or {fits[1]} of this space; say hs.Codes(x) if they are "
            f"{fits[0]}, and hs.Codes(space.encode({'x' if fits[1] == 'items' else '[x]'})) if they are {fits[1]}."
        )
    return fits[0] if fits else "unknown"


def _item_shapes(space: HiddenSpace) -> set[tuple[int, ...]]:
    """Those of one item as an array."""
    format_ = space.coding.format
    if format_ is None or space.coding.encoder is None:
        return set()
    if isinstance(format_, TableFormat):
        return {(len(format_.columns),)}
    if not isinstance(format_, ImageFormat):
        return {tuple(format_.shape)}
    channels, height, width = format_.shape
    whole: set[tuple[int, ...]] = {(channels, height, width), (height, width, channels)}
    return whole | {(height, width)} if channels == 1 else whole
