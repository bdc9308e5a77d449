"""What codes are worth to simple classifiers, where a model has no decoder to be judged by."""

from __future__ import annotations

from typing import Any

import numpy as np

from hiddenspace.autoencoders.encoding import Encoding
from hiddenspace.autoencoders.monitor import has_classes, neighbours_accuracy
from hiddenspace.data.dataset import Dataset
from hiddenspace.runs.measuring import Measured

LABELLED = 3000
"""Training items at most whose labels the classifiers are fitted on."""


def judge(name: str, model: Encoding, training: Dataset, held_out: Dataset, seconds: float) -> Measured:
    """Accuracies on held-out items of two classifiers of codes, fitted on labels of training items.

    The linear probe is logistic regression on standardised codes with scikit-learn's default penalty.
    """
    if held_out.labels is None or not has_classes(training):
        return Measured(name, model.code_size_, None, None, seconds, model.parameter_count())
    some = training.take(np.sort(np.random.default_rng(0).permutation(len(training))[:LABELLED]))
    codes, queries, labels = model.transform(some), model.transform(held_out), some.labels
    assert labels is not None
    probe = float(_linear_probe(codes, labels).score(queries, held_out.labels))
    nearest = neighbours_accuracy(codes, labels, queries, held_out.labels)
    return Measured(name, model.code_size_, None, None, seconds, model.parameter_count(), probe, nearest)


def _linear_probe(codes: np.ndarray, labels: np.ndarray) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(codes, labels)
