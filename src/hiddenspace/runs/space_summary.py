"""What the report of a run shows of its hidden space."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.labels import known_labels
from hiddenspace.errors import DataError
from hiddenspace.models.coder import Coder
from hiddenspace.models.encoding import Encoding
from hiddenspace.report.summary import Items, SpaceSummary
from hiddenspace.runs.showing import as_shown, decoded
from hiddenspace.space.comparing import compare_fitted
from hiddenspace.space.hidden_space import HiddenSpace
from hiddenspace.space.morphing import path_between
from hiddenspace.space.search import SAME

if TYPE_CHECKING:
    from hiddenspace.runs.run import Split

MAPPED = 1000
QUERIES, NEIGHBOURS = {"images": 4, "vectors": 3, "table": 2}, 7
MORPHS, STEPS = {"images": 3, "vectors": 3, "table": 1}, 8
SAMPLED = {"images": 30, "vectors": 6, "table": 6}
LABELS = (100, 1000)
LEAST_JUDGES, JUDGES = 10, 2000
SAMPLER = "a mixture of Gaussians"


def space_summary(space: HiddenSpace, split: Split, models: Mapping[str, Encoding], seed: int) -> SpaceSummary:
    """The map, neighbours, morphs and samples of a space, and what few labels reach on its codes.

    Parameters
    ----------
    space : HiddenSpace
        Of the last of the models.
    split : Split
        Its source holds the items of the space, in their order.
    models : mapping of name to model
        What is compared by few labels, besides raw data.
    seed : int
    """
    model = list(models.values())[-1]
    held_out = split.held_out
    neighbours, ids = _neighbours(space, split.source, held_out, model)
    coder = model if isinstance(model, Coder) else None
    return SpaceSummary(
        map=space.map(limit=MAPPED, random_state=seed) if len(space) > 2 else None,
        neighbours=neighbours,
        neighbour_ids=ids,
        morphs={} if coder is None else _morphs(space, held_out, coder),
        samples=None if coder is None else _samples(space, coder, seed),
        sampler=SAMPLER,
        few_labels=_few_labels(split.training, held_out, models, seed),
    )


def _neighbours(
    space: HiddenSpace, dataset: Dataset, held_out: Dataset, model: Encoding
) -> tuple[list[Items], list[list[str]]]:
    """Held-out items, each before its nearest."""
    some = held_out.take(np.arange(min(QUERIES[held_out.kind], len(held_out))))
    k = min(NEIGHBOURS, len(space) - 1)
    if k < 1:
        return [], []
    found: list[Items] = []
    ids: list[list[str]] = []
    for i, code in enumerate(space.encode(some)):
        near = space.store.nearest(code[None], k + 1)
        near = near[near["distance"] > SAME * np.linalg.norm(code)].head(k)
        query = as_shown(model, some.take([i]))
        found.append(_joined(query, as_shown(model, dataset.take(space.positions(near["id"].tolist())))))
        ids.append([str(some.ids[i]) if some.ids else f"item {i}", *map(str, near["id"])])
    return found, ids


def _joined(first: Items, others: Items) -> Items:
    if isinstance(first, np.ndarray):
        return np.concatenate([first, np.asarray(others)])
    assert isinstance(others, Mapping)
    return {name: [*values, *others[name]] for name, values in first.items()}


def _morphs(space: HiddenSpace, held_out: Dataset, model: Coder) -> dict[str, Items]:
    """From one held-out item to the next; of other labels where there are labels."""
    chosen = _different(held_out)[: MORPHS[held_out.kind] + 1]
    some = held_out.take(chosen)
    codes, centre = space.encode(some), space.codes.mean(0)
    names = some.ids or tuple(f"item {i}" for i in chosen)
    return {
        f"{names[i]} to {names[j]}": decoded(model, path_between(codes[i], codes[j], STEPS, "linear", centre=centre))
        for i, j in pairwise(range(len(some)))
    }


def _different(held_out: Dataset) -> np.ndarray:
    """Positions in turn of one class after the other, so that neighbours differ as long as there are several."""
    if held_out.labels is None:
        return np.arange(len(held_out))
    _, classes = np.unique(held_out.labels, return_inverse=True)
    turn = pd.Series(classes).groupby(classes).cumcount()
    return np.lexsort((classes, turn))


def _samples(space: HiddenSpace, model: Coder, seed: int) -> Items:
    codes = space.density("gmm", random_state=seed).sample(SAMPLED[model.format_.kind], seed)
    if model.format_.kind == "table":
        made: dict[str, list[Any]] = space.decode(codes, within_range=True).to_dict("list")
        return made
    return decoded(model, codes)


def _few_labels(training: Dataset, held_out: Dataset, models: Mapping[str, Encoding], seed: int) -> pd.DataFrame | None:
    """What probes tell of held-out items after a few labels; None where there are no labels to be told."""
    if training.labels is None or held_out.labels is None:
        return None
    judges = np.flatnonzero(known_labels(held_out.labels))[:JUDGES]
    if len(judges) < LEAST_JUDGES:
        return None
    try:
        return compare_fitted(training, held_out.take(judges), models, label_counts=LABELS, random_state=seed)
    except DataError:  # all of one class, or like an id
        return None
