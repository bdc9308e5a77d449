"""The labels that representations are judged by: classes or numbers, which are known, and fair draws of a few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from hiddenspace.data.labels import MOST_CLASSES, are_mostly_single, known_labels
from hiddenspace.errors import DataError, UsageError

Task = Literal["auto", "classes", "numbers"]
MOST_WHOLE_NUMBERS = 50
"""So many different whole numbers are classes; more of them, or other numbers, are measured values."""


@dataclass(frozen=True, eq=False)
class Target:
    """What probes shall tell from features.

    Attributes
    ----------
    values : ndarray (n,)
        Classes as 0 .. c - 1, or measured numbers as float64; what is missing is 0.
    known : ndarray (n,) of bool
        Which items have a label.
    classes : int
        How many there are; 0 where the labels are measured numbers.
    """

    values: np.ndarray
    known: np.ndarray
    classes: int

    @property
    def metric(self) -> str:
        """What probes are scored by: 'accuracy' of classes, 'R2' (explained variance) of numbers."""
        return "accuracy" if self.classes else "R2"

    def notes(self) -> list[str]:
        """What a reader should know about them."""
        said = []
        if not self.classes:
            said.append(
                "The labels are measured numbers, so probes are regressions, scored by R2 (1 is perfect); "
                "task='classes' (--task classes) takes them for classes."
            )
        if missing := int((~self.known).sum()):
            said.append(
                f"{missing:,} of {len(self.known):,} labels are missing: those items are learned from, but no probe "
                "sees them."
            )
        return said


def read_target(labels: np.ndarray, task: Task = "auto") -> Target:
    """Labels of a dataset as classes or numbers.

    Parameters
    ----------
    labels : (n,)
        Integers, truth values or text; words for 'missing' are missing.
    task : {"auto", "classes", "numbers"}
        By default truth values, text and at most 50 different whole numbers are classes, all other numbers measured
        values. Words of digits alone are text too; those with a point or an exponent are read as numbers, for that is
        how data sets keep numbers with decimals.

    Raises
    ------
    DataError
        If no label is known, all are the same, they name the items rather than classes of them, or are no numbers
        where numbers are asked for.
    UsageError
        If there is no such task.
    """
    if task not in get_args(Task):
        raise UsageError(f"task={task!r} is unknown; use {', '.join(map(repr, get_args(Task)))}.")
    known = known_labels(labels)
    if not known.any():
        raise DataError("not one label is known; name another column with labels=.")
    given = labels[known]
    numbers = _numbers(given)
    if numbers is None and task == "numbers":
        raise DataError("these labels are no numbers; leave task= out, or name another column with labels=.")
    if numbers is not None and (task == "numbers" or (task == "auto" and _is_measured(given, numbers))):
        _check_numbers(numbers)
        return Target(_spread_out(numbers, known), known, 0)
    classes, codes = np.unique(given if numbers is None or _is_text(given) else numbers, return_inverse=True)
    _check_classes(classes, np.bincount(codes))
    return Target(_spread_out(codes, known), known, len(classes))


def stratified_draw(target: Target, positions: np.ndarray, count: int, seed: int) -> np.ndarray:
    """So many of these positions, each class in proportion and with at least one; of numbers, at random.

    With the same seed a larger draw mostly holds a smaller one, so that curves over label counts are smooth.

    Parameters
    ----------
    target : Target
    positions : (m,) of int
        Of items with known labels.
    count : int
        From the number of classes to m.
    seed : int

    Returns
    -------
    ndarray (count,) of int
        Sorted positions.
    """
    shuffled = np.random.default_rng(seed).permutation(positions)
    if not target.classes:
        return np.sort(shuffled[:count])
    classes, sizes = np.unique(target.values[positions], return_counts=True)
    mine = [shuffled[target.values[shuffled] == c] for c in classes]
    quotas = _quotas(sizes, count)
    return np.sort(np.concatenate([some[:quota] for some, quota in zip(mine, quotas, strict=True)]))


def _quotas(sizes: np.ndarray, count: int) -> np.ndarray:
    """How many of each class, in proportion by largest remainders, at least one and at most all of them."""
    wanted = count * sizes / sizes.sum()
    quotas: np.ndarray = np.maximum(1, np.floor(wanted)).astype(int)
    while quotas.sum() > count:
        quotas[np.argmax(np.where(quotas > 1, quotas - wanted, -np.inf))] -= 1
    while quotas.sum() < count:
        quotas[np.argmax(np.where(quotas < sizes, wanted - quotas, -np.inf))] += 1
    return quotas


def _numbers(given: np.ndarray) -> np.ndarray | None:
    """The labels as float64; None where they are truth values or text."""
    if given.dtype.kind == "b":
        return None
    numbers = pd.to_numeric(pd.Series(given), errors="coerce").to_numpy(np.float64)
    return numbers if np.isfinite(numbers).all() else None


def _is_measured(given: np.ndarray, numbers: np.ndarray) -> bool:
    whole = not (numbers != np.round(numbers)).any()
    return not (_is_text(given) or (whole and len(np.unique(numbers)) <= MOST_WHOLE_NUMBERS))


def _is_text(given: np.ndarray) -> bool:
    """Whether these are words, if only of digits, rather than numbers with decimals that were written down."""
    return given.dtype.kind in "OUS" and not any(set(word) & set(".eE") for word in given.astype(str))


def _check_numbers(numbers: np.ndarray) -> None:
    distinct = len(np.unique(numbers))
    if distinct == 1:
        raise DataError("all labels are the same number, so there is nothing to tell apart; name another column.")
    counts_items = distinct == len(numbers) and numbers.max() - numbers.min() + 1 == distinct
    if counts_items and (numbers == np.round(numbers)).all():
        raise DataError(
            f"the labels count the items from {numbers.min():.0f} to {numbers.max():.0f} like an id; name a column "
            "that says something about them."
        )


def _check_classes(classes: np.ndarray, counts: np.ndarray) -> None:
    if len(classes) == 1:
        raise DataError(
            f"all labels are {str(classes[0])!r}, but probes need two classes to tell apart; name another column."
        )
    if len(classes) > MOST_CLASSES or are_mostly_single(counts):
        raise DataError(
            f"the labels are {len(classes):,} classes for {counts.sum():,} items, like an id; name a column with at "
            f"most {MOST_CLASSES:,} classes of several items each."
        )


def _spread_out(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Values of the known items at their positions, 0 elsewhere."""
    spread = np.zeros(len(known), values.dtype)
    spread[known] = values
    return spread
