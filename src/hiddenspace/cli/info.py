"""`hiddenspace info RUN`."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from hiddenspace.estimator import load
from hiddenspace.runs.settings import FILE, RunSettings


def info(run: str, *, json: bool = False) -> None:
    """Say what a run or a saved model is.

    Example: hiddenspace info runs/digits-autoencoder --json

    Parameters
    ----------
    run : str
        A run folder, or a folder or Hub name of a saved model.
    json : bool
        As JSON.
    """
    facts: dict[str, Any] = {"folder": run}
    if (Path(run) / FILE).exists():
        settings, results = RunSettings.read(Path(run))
        facts |= {"source": settings.source}
        if settings.target is not None:
            facts |= {"target": settings.target, "evaluate": settings.evaluate}
        facts |= {"seed": settings.seed, **results}
    if facts.get("status", "done") == "done":
        facts |= describe_model(run)
    if json:
        print(json_.dumps(facts))
        return
    table = Table(show_header=False, box=None)
    for name, value in facts.items():
        if not isinstance(value, dict | list):
            table.add_row(name.replace("_", " "), str(value))
    Console().print(table)


def describe_model(folder: str) -> dict[str, Any]:
    """Class, code, data and size of a saved model."""
    model = load(folder)
    return {
        "class": type(model).__name__,
        **({"code": model.code_size_} if hasattr(model, "code_size_") else {"outputs": model.outputs_}),
        "kind": model.format_.kind,
        "shape": list(model.format_.shape),
        "parameters": model.parameter_count(),
        "epochs": len(model.history_),
    }
