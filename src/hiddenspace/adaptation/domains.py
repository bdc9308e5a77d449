"""Source and target as people give them: one source or several, of one shape or brought to it, and no target labels."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from hiddenspace.adaptation.health import AdaptationWarning
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.joining import joined
from hiddenspace.data.load import load_dataset
from hiddenspace.data.resizing import resized
from hiddenspace.errors import DataError, UsageError
from hiddenspace.models.targets import given_labels


def are_several(X: Any, y: Any) -> bool:
    """Whether X is a list of sources: y is then a list of as many arrays of labels, or missing for Datasets."""
    if not isinstance(X, list | tuple) or len(X) == 0:
        return False
    if y is None:
        return all(isinstance(one, Dataset) for one in X)
    return (
        isinstance(y, list | tuple)
        and len(y) == len(X)
        and all(np.ndim(labels) == 1 and not isinstance(labels, str) for labels in y)
    )


def several(X: Sequence[Any], y: Any, size: int | None) -> tuple[Dataset, np.ndarray]:
    """All sources as one, and their labels.

    Raises
    ------
    DataError
        If they are of different kinds or shapes, or labels are missing.
    """
    datasets = [load_dataset(one) for one in X]
    given = [dataset.labels for dataset in datasets] if y is None else y
    labels = [given_labels(one, len(dataset)) for one, dataset in zip(given, datasets, strict=True)]
    classes = [set(np.unique(one).tolist()) for one in labels]
    every = set().union(*classes)
    for number, mine in enumerate(classes):
        if mine != every:
            lacking = ", ".join(map(str, sorted(every - mine)))
            warnings.warn(
                f"source {number} has no items of {lacking}, which others have: what is learned of these classes may "
                "be that source's looks; leave them out, or give more.",
                AdaptationWarning,
                stacklevel=4,
            )
    if size is not None:
        datasets = same_shape(datasets, size)
    whole = datasets[0]
    for one in datasets[1:]:
        whole = joined(whole, one)
    return replace(whole, ids=None, test=None), np.concatenate(labels)


def check_target(X_target: Any) -> Any:
    """The target as it was given, or the sentence that says why it cannot be.

    A list of arrays is one target: so it can be given to scikit-learn's cross-validation, which would split an array
    that has as many rows as X.

    Raises
    ------
    UsageError
        If there is none, or labels came along.
    """
    if X_target is None:
        raise UsageError(
            "there is no target domain to adapt to; give its items without labels as fit(X, y, X_target=...), or use "
            "Classifier."
        )
    if isinstance(X_target, tuple) and len(X_target) == 2 and np.ndim(X_target[1]) == 1:
        raise UsageError(
            "X_target is a pair, as of items and labels; labels of the target take no part in fit, where they would "
            "make every figure untrue: give the items alone, and judge with score(X, y)."
        )
    if isinstance(X_target, list) and X_target and all(hasattr(one, "shape") and np.ndim(one) > 1 for one in X_target):
        if len(X_target) == 1:
            return X_target[0]
        datasets = [load_dataset(one) for one in X_target]
        whole = datasets[0]
        for one in datasets[1:]:
            whole = joined(whole, one)
        return whole
    return X_target


def unlabelled(target: Dataset, source: Dataset) -> Dataset:
    """The target without labels, its columns those of the source in their order.

    Raises
    ------
    DataError
        If it has fewer than two items, or columns that the source lacks: one may be the labels.
    """
    if len(target) < 2:
        raise DataError(f"the target domain {target.name} has {len(target)} items; give at least 2.")
    if isinstance(target.items, pd.DataFrame) and isinstance(source.items, pd.DataFrame):
        more = [str(name) for name in target.items.columns if name not in source.items.columns]
        if more:
            raise DataError(
                f"the target has columns that the source lacks ({', '.join(more)}); drop them: labels of the target "
                "take no part in fit, where they would make every figure untrue."
            )
    return replace(target, labels=None, ids=None, test=None)


def same_shape(datasets: Sequence[Dataset], size: int | None) -> list[Dataset]:
    """Images of all domains, brought to `size` pixels a side and as many channels as any has, where that is asked for.

    Raises
    ------
    DataError
        If they differ and it is not.
    UsageError
        If it is, and they are no images.
    """
    if size is None:
        shapes = [tuple(d.items.shape[1:]) for d in datasets]
        if datasets[0].kind == "images" and len(set(shapes)) > 1:
            said = " and ".join("x".join(map(str, shape)) for shape in dict.fromkeys(shapes))
            raise DataError(
                f"the domains have images of {said} (height, width, channels); give size={max(shapes[0][:2])} to bring "
                "all to one shape, or bring them to it yourself."
            )
        return list(datasets)
    if any(dataset.kind != "images" for dataset in datasets):
        raise UsageError(f"size={size} is for images, but a domain holds {datasets[0].kind}; leave it out.")
    channels = max(dataset.items.shape[3] for dataset in datasets)
    return [resized(dataset, size, size, channels) for dataset in datasets]
