"""What every source of data becomes."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hiddenspace.data.chunks import in_memory
from hiddenspace.data.describe import describe
from hiddenspace.data.rows import Rows
from hiddenspace.errors import DataError, UsageError

Kind = Literal["images", "vectors", "table"]
Layout = Literal["hw", "hwc", "chw"]


@dataclass(frozen=True)
class Broken:
    """A file that could not be read, and why."""

    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class Dataset:
    """Items without labels to learn from, and what is known about them.

    Attributes
    ----------
    items : array-like or DataFrame
        Images: (n, h, w, c), channels last. Vectors: (n, d). Table: a DataFrame of n rows.
    kind : {"images", "vectors", "table"}
        What the items are.
    labels : ndarray of shape (n,), or None
        Integers or strings, where the source has them; no autoencoder ever learns from them.
    name : str
        What the data is called in reports.
    ids : tuple of str, or None
        File names, where the items come from files.
    layout : {"hw", "hwc", "chw"}, or None
        How images came in, so that they can be given back in the same way.
    test : Dataset, or None
        The held-out part, where the source came split.
    broken : tuple of Broken
        Files that were skipped, each with the reason.
    notes : tuple of str
        Every decision taken while reading, one sentence each.
    """

    items: Any
    kind: Kind
    labels: NDArray[Any] | None = None
    name: str = "array"
    ids: tuple[str, ...] | None = None
    layout: Layout | None = None
    test: "Dataset | None" = None
    broken: tuple[Broken, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for what, values in (("labels", self.labels), ("file names", self.ids)):
            if values is not None and len(values) != len(self):
                raise DataError(f"There are {len(values)} {what} for {len(self)} items; give one for each item.")

    def __len__(self) -> int:
        return len(self.items)

    def take(self, indices: ArrayLike) -> "Dataset":
        """The items at these positions (integers, or a mask of n booleans); large data is not copied."""
        index = np.asarray(indices)
        if index.dtype == bool:
            index = np.flatnonzero(index)
        index = index.astype(np.intp)
        return replace(
            self,
            items=_rows(self.items, index),
            labels=None if self.labels is None else self.labels[index],
            ids=None if self.ids is None else tuple(self.ids[i] for i in index),
            test=None,
        )

    def split(self, fraction: float, seed: int) -> tuple["Dataset", "Dataset"]:
        """Two disjoint parts, in the original order: what is kept, and the `fraction` held out at random.

        The same seed always gives the same parts; each part holds at least one item.
        """
        kept, held_out = split_positions(len(self), fraction, seed)
        return self.take(kept), self.take(held_out)

    def describe(self) -> str:
        """A few lines for people: kind, shape, type, range, channels, labels, broken files, notes."""
        return describe(self)


def split_positions(items: int, fraction: float, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which of so many items `Dataset.split` keeps, and which it holds out."""
    if not 0 < fraction < 1:
        raise UsageError(f"A split needs a fraction between 0 and 1, not {fraction}; 0.1 holds out a tenth.")
    if items < 2:
        raise DataError(f"{items} item cannot be split in two; give at least two.")
    count = min(max(1, round(fraction * items)), items - 1)
    order = np.random.default_rng(seed).permutation(items)
    return np.sort(order[count:]), np.sort(order[:count])


def _rows(items: Any, index: NDArray[np.intp]) -> Any:
    if isinstance(items, pd.DataFrame):
        return items.iloc[index]
    if in_memory(items):
        return items[index]
    return Rows(items, index)
