"""`hiddenspace report RUN`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from hiddenspace.names import ADVERSARIAL
from hiddenspace.runs.adapting import write_adapter_again
from hiddenspace.runs.generating import write_generator_again
from hiddenspace.runs.run import write_again
from hiddenspace.runs.settings import RunSettings


def report(run: str) -> None:
    """Write a run's report anew, from its saved models and its source.

    Example: hiddenspace report runs/digits-autoencoder

    Parameters
    ----------
    run : str
        A run folder.
    """
    settings, _ = RunSettings.read(Path(run))
    if settings.command == "adapt":
        again = write_adapter_again
    else:
        again = write_generator_again if settings.model in ADVERSARIAL else write_again
    again(Path(run), Console())
