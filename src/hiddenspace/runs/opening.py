"""A run folder in use: begun or gone on with, or opened once more after its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console

from hiddenspace.runs.folder import locked, nothing_left_behind
from hiddenspace.runs.narrator import Narrator
from hiddenspace.runs.settings import RunSettings


@contextmanager
def begun(settings: RunSettings, folder: Path, console: Console, *, resume: bool) -> Iterator[Narrator]:
    """A run that begins or goes on, locked: its log. A new one whose data turn out wrong leaves nothing behind.

    Raises
    ------
    TrainingError
        If another process is at it, or the folder cannot be written to.
    """
    with nullcontext() if resume else nothing_left_behind(folder), locked(folder):
        narrator = Narrator(console, folder / "log.txt")
        if not resume:
            settings.write(folder, status="running")
        yield narrator


@contextmanager
def ended(folder: Path, console: Console) -> Iterator[tuple[RunSettings, dict[str, Any], Narrator]]:
    """A run that came to its end, locked: its settings and results, and its log.

    Raises
    ------
    TrainingError
        If it did not, or as `begun` does.
    """
    settings, results = RunSettings.read_finished(folder)
    with locked(folder):
        yield settings, results, Narrator(console, folder / "log.txt")
