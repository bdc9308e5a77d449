"""The two domains of an adaptation: read, looked at, and the target freed of what labels it brings."""

from __future__ import annotations

import re
import shlex
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.labels import known_labels, labelled
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError, UsageError
from hiddenspace.runs.narrator import Narrator
from hiddenspace.runs.settings import RunSettings
from hiddenspace.runs.verdict import typed

HOLD = {"images": "images", "vectors": "rows of numbers", "table": "a table"}
NAMED = 5
"""Labels that are named in a sentence."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Items like the target whose labels judge, and do nothing else; `against` says in words what they are.

    `numbers` are positions among the classes of the source, -1 for a label that it does not have.
    """

    items: Dataset
    numbers: np.ndarray
    against: str


@dataclass(frozen=True, eq=False)
class Domains:
    """What an adaptation learns from, what it is judged by, and the decisions taken while reading."""

    source: Dataset
    target: Dataset
    evaluation: Evaluation | None
    notes: tuple[str, ...]


def look_at_both(settings: RunSettings, narrator: Narrator) -> Domains:
    """Reads both domains and the labelled items to judge by, and says what was seen.

    Raises
    ------
    DataError
        If the source has no labels, or the domains are of unlike kind or shape.
    """
    assert settings.target is not None
    size = settings.params.get("size")
    notes: list[str] = []
    source = _source(settings, notes)
    narrator.say(f"Labelled: {source.describe()}")
    found = read_place(settings.target, settings)
    target = replace(found, labels=None, test=None)
    narrator.say(f"Unlabelled: {target.describe()}")
    notes += _left_out(found, settings)
    check_alike(source, target, size)
    evaluation = None if settings.evaluate is None else _evaluation(settings, source, found, notes)
    for note in notes:
        narrator.say(note)
    return Domains(source, target, evaluation, tuple(notes))


def read_place(place: str, settings: RunSettings) -> Dataset:
    """Data of either domain, with their labels from the column or array that is named, where they have such a one."""
    if settings.data.get("labels") is not None:
        with suppress(UsageError):
            return _read(place, settings, settings.data["labels"])
    return _read(place, settings, None)


def check_alike(source: Dataset, other: Dataset, size: int | None) -> None:
    """Whether a net of the source can look at the others.

    Raises
    ------
    DataError
        If it cannot.
    """
    if source.kind != other.kind:
        raise DataError(
            f"{source.name} holds {HOLD[source.kind]}, but {other.name} holds {HOLD[other.kind]}; give items of the "
            "same kind."
        )
    if source.kind == "table":
        lacking = [str(name) for name in source.items.columns if name not in other.items.columns]
        if lacking:
            raise DataError(f"{other.name} lacks {', '.join(lacking)}; give it the columns of {source.name}.")
        return
    mine, others = tuple(source.items.shape[1:]), tuple(other.items.shape[1:])
    if mine == others or (source.kind == "images" and size is not None):
        return
    if source.kind == "vectors":
        raise DataError(
            f"{source.name} has rows of {mine[0]} numbers, but {other.name} of {others[0]}; give the same columns."
        )
    one, two = ("x".join(map(str, shape)) for shape in (mine, others))
    raise DataError(
        f"{source.name} has images of {one} (height, width, channels), but {other.name} of {two}; add --size "
        f"{max(*mine[:2], *others[:2])} to bring all to one shape."
    )


def numbers_of(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Positions of labels (n,) among classes, -1 where there is none that is written alike: 7, 7.0 and '7' are one."""
    known = {_spelled(label): number for number, label in enumerate(classes)}
    return np.array([known.get(_spelled(label), -1) for label in labels], dtype=np.int64)


def _spelled(label: Any) -> str:
    return re.sub(r"^(-?\d+)\.0$", r"\1", str(label).strip())


def _read(place: str, settings: RunSettings, labels: str | None) -> Dataset:
    how = {"channels": settings.data.get("channels", "auto"), "labels": labels}
    if (size := settings.params.get("size")) is not None:
        with suppress(UsageError):  # arrays are brought to it by the fit; what else is wrong is told by the next line
            return load_dataset(place, size=size, **how)
    return load_dataset(place, **how)


def _source(settings: RunSettings, notes: list[str]) -> Dataset:
    """The labelled items of the source."""
    found = _read(settings.source, settings, settings.data.get("labels"))
    if found.labels is None:
        raise DataError(f"{found.name} has no labels; name the column that holds them with --labels.")
    source = labelled(found)
    if not len(source):
        raise DataError(f"no label of {found.name} is known; name another column with --labels.")
    if len(source) < len(found):
        notes.append(f"{len(found) - len(source):,} items of {found.name} have no label and are left out.")
    return source


def _left_out(target: Dataset, settings: RunSettings) -> list[str]:
    """What the target brings that no training sees, and how to be judged by it."""
    place = shlex.quote(typed(str(settings.target)))
    tested = target.test is not None and target.test.labels is not None
    said = []
    if target.labels is not None:
        column = settings.data.get("labels")
        named = target.kind == "table" and column is not None
        what = f"column {column} of {target.name} is" if named else f"labels of {target.name} are"
        said.append(f"The {what} left out: labels of the target take no part in training.")
    if settings.evaluate is None and tested:
        said.append(
            f"The test part of {target.name} has labels; to learn by them if it helped, add --evaluate {place}."
        )
    elif settings.evaluate is None and target.labels is not None and known_labels(target.labels).any():
        said.append(f"To learn by these labels if it helped, add --evaluate {place}.")
    return said


def _evaluation(settings: RunSettings, source: Dataset, target: Dataset, notes: list[str]) -> Evaluation:
    assert settings.evaluate is not None
    found = read_place(settings.evaluate, settings)
    tested = found.test is not None and found.test.labels is not None
    part = found.test if tested else found
    assert part is not None
    if part.labels is None and settings.data.get("labels") is not None:
        _read(settings.evaluate, settings, settings.data["labels"])  # which says that there is no such column
    known = replace(labelled(part), name=found.name)
    if not len(known):
        raise DataError(f"--evaluate {found.name} has no labels; give labelled items of the target domain.")
    check_alike(source, known, settings.params.get("size"))
    assert known.labels is not None
    numbers = numbers_of(known.labels, np.unique(np.asarray(source.labels)))
    against = _in_words(len(known), found, tested, same=settings.evaluate == settings.target)
    notes.append(f"Judged by the labels of {against}; no training sees them.")
    if strange := np.unique(known.labels[numbers < 0]).tolist():
        named = ", ".join(map(str, strange[:NAMED])) + ", ..." * (len(strange) > NAMED)
        if (numbers < 0).all():
            raise DataError(
                f"no label of --evaluate {found.name} ({named}) is one of {source.name}; name the same classes alike."
            )
        notes.append(
            f"{int((numbers < 0).sum()):,} of them are of classes that {source.name} does not have ({named}): "
            "whatever they are called counts as wrong."
        )
    return Evaluation(replace(known, labels=None, test=None), numbers, against)


def _in_words(count: int, found: Dataset, tested: bool, same: bool) -> str:
    if tested:
        return f"{count:,} items of the test part of {found.name}"
    return f"{count:,} of the very items that are adapted to" if same else f"{count:,} items of {found.name}"
