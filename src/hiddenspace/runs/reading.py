"""A trained model, and data for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import UsageError
from hiddenspace.estimator import load
from hiddenspace.runs.settings import FILE, RunSettings


def model_and_data(run: str, source: str, labels: str | None = None) -> tuple[Any, Dataset]:
    """The model of a run or a folder, and a source read as that run read its own.

    The column or array that held the run's labels holds this source's too, where it has such a one.

    Parameters
    ----------
    run : str
    source : str
    labels : str, optional
        Another column or array, which must be there.
    """
    model = load(run)
    return model, read_for(run, model, source, labels)


def read_for(run: str, model: Any, source: str, labels: str | None = None) -> Dataset:
    """A source as the run of this model read its own, see `model_and_data`."""
    said: dict[str, Any] = {}
    if (Path(run) / FILE).exists():
        said = RunSettings.read(Path(run))[0].data
    how = {"channels": said.get("channels", "auto")}
    if labels is not None:
        return _read(model, source, how | {"labels": labels})
    if said.get("labels") is not None:
        try:
            return _read(model, source, how | {"labels": said["labels"]})
        except UsageError:  # there are no labels in this one
            pass
    dataset: Dataset = model.read(source, **how)
    return dataset


def own_source(run: str) -> Dataset | None:
    """The data that a run was made of (the training part, where they are split); None where this is no run.

    Raises
    ------
    DataError
        If they are not there any more.
    """
    if not (Path(run) / FILE).exists():
        return None
    settings = RunSettings.read(Path(run))[0]
    return load_dataset(settings.source, **settings.data)


def _read(model: Any, source: str, how: dict[str, Any]) -> Dataset:
    size = model._size(source) if model.format_.kind == "images" else {}
    dataset: Dataset = model.read(load_dataset(source, **how, **size))
    return dataset
