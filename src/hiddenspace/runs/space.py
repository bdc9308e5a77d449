"""The space of a run: what its model has encoded, stored beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hiddenspace.data.dataset import Dataset
from hiddenspace.errors import DataError
from hiddenspace.runs.narrator import Narrator
from hiddenspace.space.hidden_space import HiddenSpace
from hiddenspace.space.items import ids_of
from hiddenspace.space.places import STORE


def store_space(
    folder: Path, model: Any, dataset: Dataset, narrator: Narrator, *, anew: bool = True
) -> HiddenSpace | None:
    """Writes the codes, ids, thumbnails and metadata of all items of the source (its training part, where it is split).

    A run is not lost for it: what cannot be stored is said, and there is none then.

    Parameters
    ----------
    folder : Path
        Of the run.
    model : Encoding
        The model that was kept.
    dataset : Dataset
        The source.
    narrator : Narrator
    anew : bool
        Also where a space is there already.
    """
    try:
        if not anew and (folder / STORE).exists():
            # one that somebody has changed stays as it is, but the report shows the run's own items
            unchanged = _unchanged(folder, model, dataset)
            return HiddenSpace(model, dataset) if unchanged is None else unchanged
        space = HiddenSpace(model, dataset)
        space.save(folder / STORE)
    except DataError as error:
        narrator.say(f"The space was not stored: {error}")
        return None
    recall = space.store.recall
    found = "" if recall is None else f"; the index finds {100 * recall:.1f} % of the ten nearest"
    narrator.say(f"Space: {folder / STORE}, {len(dataset):,} items to search{found}.")
    return space


def _unchanged(folder: Path, model: Any, dataset: Dataset) -> HiddenSpace | None:
    """The stored space with its items, where they are those of this source."""
    try:
        space = HiddenSpace.open(folder, model, data=dataset)
    except DataError:
        return None
    return space if np.array_equal(space.ids, ids_of(dataset, None, len(dataset))) else None
