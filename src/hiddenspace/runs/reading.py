"""A trained model, and data for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hiddenspace.data.dataset import Dataset
from hiddenspace.estimator import load
from hiddenspace.runs.settings import FILE, RunSettings


def model_and_data(run: str, source: str) -> tuple[Any, Dataset]:
    """The model of a run or a folder, and a source read as that run read its own."""
    model, channels = load(run), "auto"
    if (Path(run) / FILE).exists():
        channels = RunSettings.read(Path(run))[0].data.get("channels", channels)
    return model, model.read(source, channels=channels)
