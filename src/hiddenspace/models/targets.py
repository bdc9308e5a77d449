"""Labels and numbers to learn from: checked, and brought to what a loss takes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, column_or_1d

from hiddenspace.data.labels import MOST_CLASSES, are_mostly_single, known_labels
from hiddenspace.errors import DataError


def checked_labels(y: Any, items: int) -> np.ndarray:
    """(n,) labels of any type, one for each item, none missing, of at least two and at most 1,000 classes.

    Missing are None, NaN and NaT, and words that say so, such as '' and 'nan': so tables keep them.

    Raises
    ------
    DataError
        Otherwise, or where most classes have a single item.
    """
    given = given_labels(y, items)
    try:
        labels: np.ndarray = column_or_1d(given, warn=True)
        _all_known(labels, known_labels(labels))
        _of_one_type(labels)
        with warnings.catch_warnings():  # of many classes, which are looked at below
            warnings.simplefilter("ignore", UserWarning)
            check_classification_targets(labels)
    except DataError:
        raise
    except (ValueError, TypeError) as error:
        raise DataError(f"these labels cannot be learned ({' '.join(str(error).split())})") from error
    counts = np.unique(labels, return_counts=True)[1]
    if len(counts) < 2:
        raise DataError(f"all {items:,} items have one label, but a classifier needs two classes; give more.")
    if are_mostly_single(counts):
        raise DataError(
            f"y has {len(counts):,} classes for {items:,} items, most of them once; use another column, or "
            "Regressor if it is a number that was measured."
        )
    if len(counts) > MOST_CLASSES:
        raise DataError(
            f"y has {len(counts):,} classes, and at most {MOST_CLASSES:,} can be learned; use a column of fewer, or "
            "Regressor if it is a number that was measured."
        )
    return labels


def checked_numbers(y: Any, items: int) -> np.ndarray:
    """(n,) or (n, k) float64, all finite, one row for each item.

    Raises
    ------
    DataError
        Otherwise.
    """
    given = given_labels(y, items)
    try:
        numbers: np.ndarray = check_array(given, ensure_2d=False, dtype=np.float64, ensure_all_finite=False)
    except (ValueError, TypeError) as error:
        raise DataError(f"y must be numbers ({' '.join(str(error).split())}); use Classifier for labels.") from error
    _all_known(numbers, ~np.isnan(numbers.reshape(items, -1)).any(axis=1))
    if numbers.ndim > 2:
        raise DataError(f"y has {numbers.ndim} dimensions; give (n,), or (n, k) for several numbers an item.")
    return numbers


def given_labels(y: Any, items: int) -> np.ndarray:
    """What was given as an array, one label or number for each item and nothing else checked.

    Raises
    ------
    DataError
        If there is none, or they are not as many.
    """
    if y is None:
        raise DataError("this estimator requires y to be passed, but the target y is None; give labels for the items.")
    if hasattr(y, "detach"):
        y = y.detach().cpu()
    array = np.asarray(y)
    if array.ndim and len(array) != items:
        raise DataError(f"there are {items:,} items but {len(array):,} labels in y; give one for each item.")
    return array


def _all_known(y: np.ndarray, known: np.ndarray) -> None:
    """`known` says of which items, (n,)."""
    if not known.all():
        raise DataError(
            f"{int((~known).sum()):,} of {len(y):,} labels are missing (NaN, None, or a word for it); drop these "
            "items, or pass them as unlabelled=."
        )
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise DataError("y contains infinity; drop these items, or pass them as unlabelled=.")


def _of_one_type(labels: np.ndarray) -> None:
    """Text beside numbers has no order, and 1 and '1' would be two classes."""
    if labels.dtype != object:
        return
    types = sorted({"str" if isinstance(label, str) else type(label).__name__ for label in labels})
    if len(types) > 1:
        raise DataError(f"y mixes {' and '.join(types)}; make all labels text, with y.astype(str), or all numbers.")


def stratified(labels: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions kept and held out: of each class the same part, rounded, but never all of it."""
    rng = np.random.default_rng(seed)
    held_out = []
    for label in np.unique(labels):
        mine = rng.permutation(np.flatnonzero(labels == label))
        held_out.append(mine[: min(round(fraction * len(mine)), len(mine) - 1)])
    out = np.sort(np.concatenate(held_out))
    return np.setdiff1d(np.arange(len(labels)), out), out
