"""The space that a command works in: that of a run, of a model and a source, or of a file of embeddings."""

from __future__ import annotations

from pathlib import Path

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import UsageError
from hiddenspace.runs.reading import model_and_data, own_source
from hiddenspace.runs.settings import FILE, RunSettings
from hiddenspace.space.embeddings import is_embeddings_file, read_embeddings
from hiddenspace.space.hidden_space import HiddenSpace
from hiddenspace.space.places import STORE, trouble
from hiddenspace.space.waiting import waiting


def space_of(run: str, source: str | None = None, labels: str | None = None) -> HiddenSpace:
    """The stored space of a run; with a source, the model's codes of that one.

    Parameters
    ----------
    run : str
        A run, a stored space or a saved model, or a file of ready embeddings.
    source : str, optional
        Items. Those of embeddings are only shown.
    labels : str, optional
        The column or array that holds the labels of the source, or without one of the embeddings.

    Raises
    ------
    DataError
        If the run has no stored space and no source is given.
    UsageError
        If labels are named and there is nothing they could be read from, or the run has adapted.
    """
    if is_embeddings_file(Path(run)):
        return _of_embeddings(Path(run), source, labels)
    if source is None:
        if labels is not None:
            raise UsageError("a stored space knows its labels already; leave --labels out, or name the source too.")
        if (Path(run) / FILE).exists() and RunSettings.read(Path(run))[0].command == "adapt":
            raise UsageError(f"{run} is a run of adapt, which stores no space; name the items as well.")
        return HiddenSpace.open(run)
    model, dataset = model_and_data(run, source, labels)
    with waiting(f"encoding {len(dataset):,} items ..."):
        return HiddenSpace(model, dataset)


def whole_space_of(run: str, source: str | None = None) -> HiddenSpace:
    """The same with the items themselves: a stored space of a run is opened with the run's own source.

    Raises
    ------
    DataError
        If the source cannot be read any more, or the space has been changed since.
    UsageError
        If no source is given, and this is no run.
    """
    if source is not None:
        return space_of(run, source)
    own = source_of(run, "name the items with --source")
    if own is None or not stored(run):
        raise UsageError(f"{run} does not know its items; name them with --source.")
    with trouble(f"the items of {run} are not those of its space", "name them with --source"):
        return HiddenSpace.open(run, data=own)


def source_of(run: str, mend: str) -> Dataset | None:
    """The data that a run was made of, None where this is no run.

    Raises
    ------
    DataError
        If they are not there any more; `mend` says what to do.
    """
    with trouble("the run's own data cannot be read", mend):
        return own_source(run)


def stored(run: str) -> bool:
    """Whether this run has a stored space."""
    return (Path(run) / STORE).exists()


def is_model(source: str) -> bool:
    """Whether this is the folder of a run or of a saved model."""
    folder = Path(source).expanduser()
    return any((folder / name).is_file() for name in ("config.json", "model/config.json"))


def _of_embeddings(path: Path, source: str | None, labels: str | None) -> HiddenSpace:
    ready = read_embeddings(path, labels if source is None else None)
    shown = None if source is None else load_dataset(source, labels=labels)
    return HiddenSpace(ready.codes, shown, ids=None if ready.ids is None else list(ready.ids), metadata=ready.metadata)
