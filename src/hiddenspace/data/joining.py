"""Two datasets of one kind as one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from hiddenspace.data.chunks import in_memory
from hiddenspace.data.dataset import Dataset
from hiddenspace.errors import DataError


class Chained:
    """The rows of one array-like and then those of another, neither of them copied; reads only what is indexed.

    Parameters
    ----------
    first, second : array-like, shapes (n, ...) and (m, ...)
        Anything with `shape`, `dtype` and indexing by an integer array.
    """

    def __init__(self, first: Any, second: Any) -> None:
        self.first, self.second = first, second
        self.shape = (len(first) + len(second), *first.shape[1:])
        self.ndim = len(self.shape)
        self.dtype = np.result_type(first.dtype, second.dtype)

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, index: Any) -> np.ndarray:
        wanted = np.arange(len(self))[index]
        flat = np.atleast_1d(wanted)
        rows = np.empty((len(flat), *self.shape[1:]), self.dtype)
        early = flat < len(self.first)
        rows[early] = self.first[flat[early]]
        rows[~early] = self.second[flat[~early] - len(self.first)]
        return rows.reshape(*wanted.shape, *self.shape[1:])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype=dtype)


def joined(first: Dataset, second: Dataset) -> Dataset:
    """The items of both, without labels; what is on the disk stays there.

    Raises
    ------
    DataError
        If they are of different kinds or shapes, or tables of different columns.
    """
    _check_same_kind(first, second)
    items: Any
    if isinstance(first.items, pd.DataFrame):
        items = pd.concat([first.items, second.items], ignore_index=True)  # by name, whatever their order
    elif in_memory(first.items) and in_memory(second.items):
        items = np.concatenate([first.items, second.items])
    else:
        items = Chained(first.items, second.items)
    return replace(first, items=items, labels=None, ids=None, test=None)


def _check_same_kind(first: Dataset, second: Dataset) -> None:
    if first.kind == second.kind == "table":
        one, other = ([str(name) for name in d.items.columns] for d in (first, second))
        lacking, more = ([n for n in a if n not in b] for a, b in ((one, other), (other, one)))
        differences = [f"lack {', '.join(lacking)}"] * bool(lacking) + [f"have {', '.join(more)} besides"] * bool(more)
        if differences:
            raise DataError(f"the unlabelled data {' and '.join(differences)}; give them the columns of {first.name}.")
        return
    holds, holds_too = (f"{d.kind} of shape {tuple(d.items.shape[1:])}" for d in (first, second))
    if holds != holds_too:
        raise DataError(
            f"{first.name} holds {holds}, but the unlabelled data {holds_too}; give items of the same kind."
        )
