"""What a run that adapts hands to its report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix

from hiddenspace.adaptation.domain_adapter import DomainAdapter
from hiddenspace.data.dataset import Dataset
from hiddenspace.report.summary import Adapted, AdaptedRow, Items, RunSummary
from hiddenspace.runs.adapted import SEEN, Told
from hiddenspace.runs.domains import Domains, numbers_of
from hiddenspace.runs.settings import RunSettings
from hiddenspace.runs.showing import as_shown
from hiddenspace.runs.summary import settings_shown
from hiddenspace.space.projections import project

MAPPED = 500
"""Items of either domain on a map; with twice as many it takes four times as long."""
SHOWN = {"images": 24, "vectors": 6, "table": 6}
WIDEST = 12
"""Numbers of a row that are shown as columns."""
CRITERIA = {
    "source": "accuracy on {seen} source items",
    "information": "information of the answers for target items",
    "density": "density of the answers for target items",
}

CURVES = {f"monitor/{name}" for name in CRITERIA}
"""They have a section of their own."""


def summary(
    settings: RunSettings,
    domains: Domains,
    models: Mapping[str, DomainAdapter],
    told: Mapping[str, Told],
    results: dict[str, Any],
) -> RunSummary:
    """Everything that the page shows, as plain data."""
    title, last = list(models.items())[-1]
    source, target = domains.source, domains.target
    return RunSummary(
        title=f"{title}: from {source.name} to {target.name}",
        source=f"{source.name} (labelled) and {target.name} (unlabelled)",
        kind=source.kind,
        data=[line for one in (source, target) for line in one.describe().splitlines() if _is_fact(line)],
        notes=[*source.notes, *target.notes, *domains.notes],
        broken=[(item.name, item.reason) for item in (*source.broken, *target.broken)],
        verdict=[results["verdict"]],
        next_steps=results["next_steps"],
        history=[{name: value for name, value in row.items() if name not in CURVES} for row in last.history_],
        best_epoch=last.best_epoch_,
        adapted=_adapted(settings, domains, models, told, results),
        settings=settings_shown(settings, last),
    )


def _is_fact(line: str) -> bool:
    return bool(line) and not line.startswith("note: ")


def _adapted(
    settings: RunSettings,
    domains: Domains,
    models: Mapping[str, DomainAdapter],
    told: Mapping[str, Told],
    results: dict[str, Any],
) -> Adapted:
    last = list(models.values())[-1]
    says = list(told.values())[-1]
    mine, others = (_some(items, MAPPED, settings.seed) for items in (domains.source, domains.target))
    labels = numbers_of(np.asarray(domains.source.labels), last.classes_)
    by_epoch, seen = last.validation_, SEEN[not settings.held_out]
    criteria = {words.format(seen=seen): by_epoch[name] for name, words in CRITERIA.items() if name in by_epoch}
    shown = _some(domains.target, SHOWN[domains.target.kind], settings.seed)
    return Adapted(
        models=[AdaptedRow(**row) for row in results["adapted"]],
        classes=[str(label) for label in last.classes_],
        places={
            name: _placed(model, domains.source.take(mine), domains.target.take(others), settings.seed)
            for name, model in models.items()
        },
        is_target=np.repeat([False, True], [len(mine), len(others)]),
        labels={name: np.concatenate([labels[mine], told[name].named[others]]) for name in models},
        shares={
            "source labels": _shares(labels, last.outputs_),
            **{name: _shares(told[name].named, last.outputs_) for name in models},
        },
        confusion=_confusion(says, domains, last.outputs_),
        validation={words: values.tolist() for words, values in criteria.items()},
        chosen={words: int(values.argmax()) + 1 for words, values in criteria.items()},
        troubles=[str(trouble) for trouble in last.health_.troubles],
        target_items=_columns(as_shown(last, last.read(domains.target.take(shown)))),
        target_words=[_worded(last.classes_[row.argmax()], float(row.max())) for row in says.chances[shown]],
    )


def _some(items: Dataset, most: int, seed: int) -> np.ndarray:
    """Positions of some, drawn at random."""
    return np.sort(np.random.default_rng(seed).permutation(len(items))[:most])


def _placed(model: DomainAdapter, source: Dataset, target: Dataset, seed: int) -> np.ndarray:
    """Features of both domains laid out in two dimensions, each normalised as the net has seen it in training."""
    features = [model._of_source(model.read(source))[0], model.transform(target)]
    return project(np.concatenate(features), "auto", seed)[0]


def _worded(label: Any, chance: float) -> str:
    """Whole percent, rounded down: no net is sure."""
    return f"{label} ({min(int(100 * chance), 99)}\N{NARROW NO-BREAK SPACE}%)"


def _shares(numbers: np.ndarray, classes: int) -> np.ndarray:
    shares: np.ndarray = np.bincount(numbers, minlength=classes) / len(numbers)
    return shares


def _confusion(says: Told, domains: Domains, classes: int) -> np.ndarray | None:
    """Of the items whose class the source has."""
    if domains.evaluation is None or says.judged is None:
        return None
    known = domains.evaluation.numbers >= 0
    counts: np.ndarray = confusion_matrix(
        domains.evaluation.numbers[known], says.judged[known], labels=np.arange(classes)
    )
    return counts


def _columns(items: Items) -> Items | None:
    """Short rows of numbers as a table; long ones tell nobody anything."""
    if isinstance(items, Mapping) or items.ndim > 2:
        return items
    return {str(i): column.tolist() for i, column in enumerate(items.T)} if items.shape[1] <= WIDEST else None
