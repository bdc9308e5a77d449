"""`hiddenspace report RUN`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from hiddenspace.runs.run import write_again


def command(given: Sequence[str]) -> Callable[..., Any]:
    """The command."""
    return report


def report(run: str) -> None:
    """Write a run's report anew, from its saved models and its source.

    Example: hiddenspace report runs/digits-autoencoder

    Parameters
    ----------
    run : str
        A run folder.
    """
    write_again(Path(run), Console())
