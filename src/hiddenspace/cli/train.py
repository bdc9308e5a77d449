"""`hiddenspace train SOURCE --labels COLUMN --init RUN`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from rich.console import Console

from hiddenspace import checks
from hiddenspace.autoencoders.weights_files import is_weights_file
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.labels import known_labels, labelled
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError, UsageError
from hiddenspace.estimator import load
from hiddenspace.names import SUPERVISED, find
from hiddenspace.training.trainer import Trainer


def train(
    source: str,
    *,
    labels: str | None = None,
    init: str | None = None,
    unlabelled: str | None = None,
    out: str | None = None,
    task: Literal["auto", "classifier", "regressor"] = "auto",
    consistency: float = 0.0,
    freeze: int | None = None,
    layer_decay: float | None = None,
    epochs: int | None = None,
    held_out: float = 0.1,
    seed: int = 0,
    quiet: bool = False,
) -> None:
    """Learn labels, starting from what was learned without: a saved classifier or regressor, and how good it is.

    Items whose label is missing are left out, unless a classifier learns from them by --consistency.

    Example: hiddenspace train digits --init runs/digits-autoencoder --out runs/digits-classifier

    Parameters
    ----------
    source : str
        Items with labels.
    labels : str, optional
        The column of a table, or the array of a .npz, that holds the labels; by default what the source says, as
        folders of images do.
    init : str, optional
        A run folder or a saved model whose encoder is the start; without it the net starts from scratch.
    unlabelled : str, optional
        More items of the same kind, for `consistency` and nothing else; in place of those whose label is missing.
    out : str, optional
        The folder for the model; by default runs/ and the names of source and task.
    task : 'auto', 'classifier' or 'regressor'
        'auto' takes labels that are numbers with decimals for numbers to be named, all others for classes.
    consistency : float
        Weight of what unlabelled items say in the training of a classifier, above 0 to use them; see Classifier.
    freeze : int, optional
        Epochs in which only the last layer learns; by default a tenth of them, or none from scratch.
    layer_decay : float, optional
        How fast a layer learns for the next one nearer to the answer, above 0 to 1; by default 0.9, or 1 from scratch.
    epochs : int, optional
        Chosen by the number of labels unless it is given.
    held_out : float
        The part that is only tested on, where the source does not come split; 0 for none.
    seed : int
        Of everything random.
    quiet : bool
        Print nothing but errors.
    """
    checks.number("held_out", held_out, least=0, below=1)
    if unlabelled is not None and not consistency:
        raise UsageError("--unlabelled is for a classifier that learns from such items; add --consistency 1.")
    console = Console(stderr=True, quiet=quiet)
    start = None if init is None else _start(init)
    known, free = _known(_read(source, labels, start), task)
    more = (free if unlabelled is None else _read(unlabelled, None, start)) if consistency else None
    if free is not None and more is not free:
        console.print(f"{len(free):,} items of {source} have no label and are left out.", highlight=False)
    training, test = _parts(known, held_out, seed)
    name = _task(np.asarray(training.labels)) if task == "auto" else task
    params: dict[str, Any] = {"init": start, "freeze": freeze, "layer_decay": layer_decay}
    params |= {"epochs": epochs, "random_state": seed}
    if name == "classifier":
        params["consistency"] = consistency
    elif consistency:
        raise UsageError("--consistency is for classifiers; leave it out where numbers are learned.")
    model = find(SUPERVISED[name])(**params, trainer=Trainer(progress=False if quiet else None))
    model.fit(training, unlabelled=more)
    folder = Path(out or f"runs/{Path(source).stem}-{name}")
    model.save_pretrained(folder)
    what = "accuracy" if name == "classifier" else "R2"
    if test is not None:
        console.print(f"{what} on {len(test):,} held-out items: {model.score(test):.4f}", highlight=False)
    beside = "" if more is None else f" and {len(more):,} without"
    console.print(f"learned from {len(training):,} items with labels{beside}: {folder}", highlight=False)


def _start(init: str) -> Any:
    if is_weights_file(init):
        raise UsageError(
            f"--init {init} is a file of weights, which says nothing about its network; in Python "
            f"hs.Classifier(init={init!r}, encoder=network) takes both."
        )
    return load(init)


def _read(source: str, labels: str | None, start: Any) -> Dataset:
    """The source, its pictures brought to the size of those that the start has learned from."""
    size = start._size(source) if start is not None and start.format_.kind == "images" else {}
    return load_dataset(source, labels=labels, **size)


def _known(dataset: Dataset, task: str) -> tuple[Dataset, Dataset | None]:
    """Items with a label, in the test part too, and those without a label where there are any."""
    known, test = known_labels(_labels(dataset)), dataset.test
    if not known.any():
        raise DataError(f"no label of {dataset.name} is known; name another column with --labels.")
    if test is not None and test.labels is not None:
        test = labelled(test)
        test = test if len(test) else None
    with_label = replace(dataset.take(known), test=test)
    if _are_numbers(_labels(with_label), task):
        with_label = _with_numbers(with_label)
    return with_label, None if known.all() else dataset.take(~known)


def _labels(dataset: Dataset) -> np.ndarray:
    if dataset.labels is None:
        raise DataError(f"{dataset.name} has no labels; name the column that holds them with --labels.")
    return np.asarray(dataset.labels)


def _are_numbers(labels: np.ndarray, task: str) -> bool:
    """Whether labels are to be named as numbers: as asked for, or because they have decimals."""
    if task == "auto":
        try:
            numbers = labels.astype(np.float64)
        except ValueError:
            return False
        return bool(np.isfinite(numbers).all() and (numbers != np.round(numbers)).any())
    return task == "regressor"


def _with_numbers(dataset: Dataset) -> Dataset:
    try:
        numbers = _labels(dataset).astype(np.float64)
    except ValueError as error:
        raise DataError(f"the labels of {dataset.name} are no numbers ({error}); use --task classifier.") from error
    test = dataset.test
    return replace(dataset, labels=numbers, test=test if test is None or test.labels is None else _with_numbers(test))


def _parts(dataset: Dataset, held_out: float, seed: int) -> tuple[Dataset, Dataset | None]:
    if dataset.test is not None and dataset.test.labels is not None:
        return dataset, dataset.test
    return dataset.split(held_out, seed) if held_out else (dataset, None)


def _task(labels: np.ndarray) -> str:
    return "regressor" if labels.dtype.kind == "f" else "classifier"
