"""`hiddenspace predict MODEL SOURCE`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.console import Console

from hiddenspace.cli.files import check_ending, write_values
from hiddenspace.errors import ModelError
from hiddenspace.estimator import load


def predict(model: str, source: str, *, out: str = "predictions.csv") -> None:
    """Name the class or the number of each item, with a classifier or regressor that was trained before.

    Example: hiddenspace predict runs/digits-classifier digits --out predictions.csv

    Parameters
    ----------
    model : str
        A folder that train wrote, or a folder or Hub name of a saved Classifier or Regressor.
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
    dataset = trained.read(source)
    answers = pd.DataFrame({"item": dataset.ids or range(len(dataset))})
    if not hasattr(trained, "classes_"):
        numbers = trained.predict(dataset)
        names = ["prediction"] if numbers.ndim == 1 else [f"prediction{i}" for i in range(numbers.shape[1])]
        answers[names] = numbers.reshape(len(numbers), -1)
    else:
        chances = trained.predict_proba(dataset)
        answers["prediction"] = trained.classes_[chances.argmax(axis=1)]
        answers[[f"p({label})" for label in trained.classes_]] = chances
    write_values(answers, path)
    Console(stderr=True).print(f"{len(answers):,} predictions: {out}", highlight=False)
