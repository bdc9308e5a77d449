"""What can be said of an adaptation without a label of the target, after each epoch and at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import BATCH
from hiddenspace.metrics.domains import AT_MOST, mutual_information, soft_neighbourhood_density
from hiddenspace.training.events import Observer, Row

if TYPE_CHECKING:
    from hiddenspace.adaptation.domain_adapter import DomainAdapter

CRITERIA = ("source", "information", "density")
"""The accuracy on held-out source items; entropy and diversity of the answers on the target; their density."""


class Watch(Observer):
    """Adds the criteria to the row of each epoch, as `monitor/source` and so on; higher is better for all of them.

    Parameters
    ----------
    model : DomainAdapter
        Whose networks are training.
    source : Dataset
        Items that nobody learned from, with labels as numbers; or where none are held out, that were learned from.
    target : Dataset, optional
    """

    def __init__(self, model: DomainAdapter, source: Dataset, target: Dataset | None) -> None:
        self.model, self.source = model, some_of(source)
        self.target = None if target is None else some_of(target)

    def figures(self, row: Row) -> dict[str, float]:
        right = self.model._of_source(self.source)[1].argmax(1) == np.asarray(self.source.labels)
        found = {"monitor/source": float(right.mean())}
        if self.target is not None:
            found |= {f"monitor/{name}": value for name, value in judged(self.model._of_target(self.target)[1]).items()}
        return found


def judged(answers: np.ndarray) -> dict[str, float]:
    """The criteria of the target's answers, (n, classes) logits."""
    chances = softmax(answers, axis=1)
    found = {"information": mutual_information(chances)}
    if len(chances) > 2:
        found["density"] = soft_neighbourhood_density(chances)
    return found


def some_of(items: Dataset) -> Dataset:
    """At most 2,000 of them, evenly spaced, in whole batches where there are several: some nets normalise by these."""
    count = min(len(items), AT_MOST)
    count -= count % BATCH if count > BATCH else 0
    return items.take(np.linspace(0, len(items) - 1, count).astype(np.intp))
