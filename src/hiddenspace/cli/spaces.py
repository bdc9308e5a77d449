"""The space that a command works in: that of a run, or of a model and a source."""

from __future__ import annotations

from pathlib import Path

from hiddenspace.runs.reading import model_and_data
from hiddenspace.space.hidden_space import HiddenSpace
from hiddenspace.space.places import STORE


def space_of(run: str, source: str | None = None) -> HiddenSpace:
    """The stored space of a run; with a source, the model's codes of that one.

    Raises
    ------
    DataError
        If the run has no stored space and no source is given.
    """
    if source is None:
        return HiddenSpace.open(run)
    model, dataset = model_and_data(run, source)
    return HiddenSpace(model, dataset)


def stored(run: str) -> bool:
    """Whether this run has a stored space."""
    return (Path(run) / STORE).exists()
