"""`hiddenspace predict MODEL SOURCE`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from hiddenspace.cli.files import check_ending, write_values
from hiddenspace.errors import ModelError
from hiddenspace.estimator import load
from hiddenspace.runs.answering import answers
from hiddenspace.runs.reading import read_for


def predict(model: str, source: str, *, out: str = "predictions.csv") -> None:
    """Name the class or the number of each item, with what train or adapt has learned before.

    Example: hiddenspace predict runs/digits-classifier digits --out predictions.csv

    Parameters
    ----------
    model : str
        A folder that train wrote, a run of adapt, or a folder or Hub name of a saved Classifier, Regressor or such.
    source : str
        Data of the kind and shape that the model was trained on; columns of a table that it does not know are left out.
    out : str
        Where the answers go, .csv or .parquet: a row for each item with its name or number, the prediction, and the
        probability of each class.
    """
    path = Path(out)
    check_ending("predictions", path, (".csv", ".parquet"))
    trained = load(model)
    if not hasattr(trained, "predict"):
        raise ModelError(
            f"{model} is a {type(trained).__name__}, which learned without labels; train a classifier on top of it: "
            f"hiddenspace train SOURCE --labels COLUMN --init {model}."
        )
    dataset = read_for(model, trained, source)
    told = answers(trained, dataset)
    write_values(told, path)
    Console(stderr=True).print(f"{len(told):,} predictions: {out}", highlight=False)
