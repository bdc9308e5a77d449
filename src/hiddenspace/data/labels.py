"""Labels as sources have them: which are known, and whether they are classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.tables import MISSING_WORDS

MOST_CLASSES = 1000
"""More different labels name items, not classes of them."""
FEW_CLASSES = 20
"""So many are never too many, however few items each has."""
FEWEST_EACH = 4
"""So many items has a class on average, at least."""
MISSING = (*MISSING_WORDS, "NaT")


def known_labels(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of these labels (n,) are known: no None, NaN or NaT, and no text that is a word for 'missing'."""
    if labels.dtype.kind in "biu":
        return np.ones(len(labels), bool)
    known = ~pd.isna(labels)
    if labels.dtype.kind in "OUS":
        known &= ~np.isin(np.char.strip(labels.astype(str)), MISSING)
    return known


def labelled(dataset: Dataset) -> Dataset:
    """The items whose label is known; none where there are no labels."""
    if dataset.labels is None:
        return dataset.take(np.empty(0, np.intp))
    known = known_labels(dataset.labels)
    return dataset if known.all() else dataset.take(known)


def are_mostly_single(counts: NDArray[np.intp]) -> bool:
    """Whether most of many classes have one item, as ids do; `counts` are those of the classes."""
    return len(counts) > FEW_CLASSES and float(np.median(counts)) < 2


def are_classes(labels: NDArray[Any]) -> bool:
    """Whether the known ones are classes: 2 to 1,000 of them, each of several items on average.

    Numbers with decimals are none; nor are those that nearly all differ, as ids do.
    """
    known = labels[known_labels(labels)]
    if known.dtype.kind == "f" and (known != np.round(known)).any():
        return False
    return 2 <= len(np.unique(known)) <= min(MOST_CLASSES, len(known) / FEWEST_EACH)
