"""What codes are worth to simple classifiers, where a model has no decoder to be judged by."""

from __future__ import annotations

import numpy as np

from hiddenspace.autoencoders.monitor import neighbours_accuracy
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.labels import labelled
from hiddenspace.errors import DataError
from hiddenspace.models.encoding import Encoding
from hiddenspace.runs.measuring import Measured
from hiddenspace.space.labelling import Target, read_target
from hiddenspace.space.probing import probe_score

LABELLED = 3000
"""Training items at most whose labels the classifiers are fitted on."""


def judge(name: str, model: Encoding, training: Dataset, held_out: Dataset, seconds: float) -> Measured:
    """Accuracies on held-out items of two classifiers of codes, fitted on labels of training items.

    They are the linear probe of a comparison and the five nearest neighbours. Items whose label is missing take no
    part; where labels are no classes by the rules of `read_target`, there are no such figures.
    """
    known, judged = labelled(training), labelled(held_out)
    figures: tuple[float | None, float | None] = (None, None)
    if classes_of(training) is not None and len(judged):
        some = known.take(np.sort(np.random.default_rng(0).permutation(len(known))[:LABELLED]))
        figures = _accuracies(model.transform(some), some.labels, model.transform(judged), judged.labels)
    return Measured(name, model.code_size_, None, None, seconds, model.parameter_count(), *figures)


def classes_of(dataset: Dataset) -> Target | None:
    """The labels where they are classes that can be told apart."""
    if dataset.labels is None:
        return None
    try:
        target = read_target(dataset.labels)
    except DataError:
        return None
    return target if target.classes else None


def _accuracies(
    codes: np.ndarray, labels: np.ndarray | None, queries: np.ndarray, answers: np.ndarray | None
) -> tuple[float, float]:
    assert labels is not None
    assert answers is not None
    probe = probe_score("linear", codes, labels, queries, answers, classes=True)
    return probe, neighbours_accuracy(codes, labels, queries, answers)
