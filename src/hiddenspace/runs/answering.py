"""What a trained model says of items, as a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from hiddenspace.data.dataset import Dataset


def answers(model: Any, dataset: Dataset, chances: np.ndarray | None = None) -> pd.DataFrame:
    """A row for each item: its name or number, the prediction, and the probability of each class.

    Parameters
    ----------
    model : classifier or regressor
        Fitted.
    dataset : Dataset
    chances : (n, classes), optional
        What a classifier says of these items, where that is known already.
    """
    frame = pd.DataFrame({"item": dataset.ids or range(len(dataset))})
    if not hasattr(model, "classes_"):
        numbers = model.predict(dataset)
        names = ["prediction"] if numbers.ndim == 1 else [f"prediction{i}" for i in range(numbers.shape[1])]
        frame[names] = numbers.reshape(len(numbers), -1)
        return frame
    chances = model.predict_proba(dataset) if chances is None else chances
    frame["prediction"] = model.classes_[chances.argmax(axis=1)]
    frame[[f"p({label})" for label in model.classes_]] = chances
    return frame
