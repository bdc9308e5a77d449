"""`hiddenspace report RUN`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from hiddenspace.runs.run import write_again


def report(run: str) -> None:
    """Write a run's report anew, from its saved models and its source.

    Example: hiddenspace report runs/digits-autoencoder

    Parameters
    ----------
    run : str
        A run folder.
    """
    write_again(Path(run), Console())
