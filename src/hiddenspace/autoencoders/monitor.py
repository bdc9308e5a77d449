"""How good features are while they are being learned: a figure that is reported and decides nothing."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.labels import are_classes, labelled
from hiddenspace.training.events import Observer, Row
from hiddenspace.training.game import Game

NEAREST = 5
REFERENCES, QUERIES = 2000, 500
"""Items at most among which neighbours are searched, and whose neighbours are."""
COST = 0.1
"""Items encoded for the figure, as a share of those trained on: encoding costs a third of a step or less."""


def neighbours_accuracy(
    codes: np.ndarray, labels: np.ndarray, queries: np.ndarray, query_labels: np.ndarray, nearest: int = NEAREST
) -> float:
    """The share of queries whose nearest codes mostly bear their label (Euclidean distance)."""
    from sklearn.neighbors import KNeighborsClassifier

    classifier = KNeighborsClassifier(min(nearest, len(codes)), algorithm="brute").fit(codes, labels)
    return float((classifier.predict(queries) == query_labels).mean())


def has_classes(dataset: Dataset) -> bool:
    """Whether its labels are classes, those that are missing left aside; see `are_classes`."""
    return dataset.labels is not None and are_classes(dataset.labels)


class NeighboursMonitor(Observer):
    """Adds `monitor/knn` to the rows of the history: the k-NN accuracy of codes of held-out items.

    Labels are used for this figure only: no loss sees them, and neither the best epoch nor the end of the training
    goes by it. It draws no random numbers from the global generators, so that a fit is the same without it.

    Parameters
    ----------
    encode : callable
        Dataset -> codes (n, code) of the network as it is.
    training, held_out : Dataset
        With labels. At most 2,000 and 500 items of them are used, none whose label is missing.
    seed : int
        Chooses those.
    """

    def __init__(self, encode: Callable[[Dataset], np.ndarray], training: Dataset, held_out: Dataset, seed: int):
        rng = np.random.default_rng(seed)
        self.encode = encode
        known, queries = labelled(training), labelled(held_out)
        self.references, self.queries = _some(known, REFERENCES, rng), _some(queries, QUERIES, rng)
        cost = (len(self.references) + len(self.queries)) / len(training)
        self.every = math.ceil(cost / COST)
        """Epochs from one figure to the next."""
        self._game: Game | None = None
        self._rounds = 0

    def started(self, game: Game, first_round: int, rounds: int) -> None:
        self._game, self._rounds = game, rounds

    def figures(self, row: Row) -> dict[str, float]:
        """The accuracy after the first epoch, then after every `every`-th, and after the last that is planned."""
        if self._game is None or ((row["epoch"] - 1) % self.every and row["round"] < self._rounds):
            return {}
        self._game.eval()
        codes, queries = self.encode(self.references), self.encode(self.queries)
        self._game.train()
        assert self.references.labels is not None
        assert self.queries.labels is not None
        return {"monitor/knn": neighbours_accuracy(codes, self.references.labels, queries, self.queries.labels)}


def _some(dataset: Dataset, most: int, rng: np.random.Generator) -> Dataset:
    if len(dataset) <= most:
        return dataset
    return dataset.take(np.sort(rng.choice(len(dataset), most, replace=False)))
