"""How a command starts a run, or goes on with one, and says what came of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from hiddenspace import checks
from hiddenspace.errors import UsageError
from hiddenspace.runs.folder import new_folder
from hiddenspace.runs.settings import RunSettings
from hiddenspace.training.trainer import Trainer

LARGEST_SEED = 2**32 - 1

Make = Callable[[dict[str, Any]], RunSettings]
Check = Callable[[RunSettings, Trainer], Any]
Execute = Callable[..., dict[str, Any]]


def start(
    command: str, given: dict[str, Any], places: Sequence[str], make: Make, check: Check, execute: Execute
) -> None:
    """Starts a run or goes on with one, and prints what came of it.

    Parameters
    ----------
    command : str
        Its name.
    given : dict
        All arguments by name.
    places : sequence of str
        Those that say where the data are.
    make : callable
        Given -> settings of a new run.
    check : callable
        Settings, trainer -> nothing; refuses wrong values before anything is read or written.
    execute : callable
        Settings, folder, console, resume=, progress= -> results.

    Raises
    ------
    UsageError
        If the arguments make no sense together.
    KeyboardInterrupt
        After Ctrl-C, with the command that goes on.
    """
    quiet, as_json = given["quiet"], given["json"]
    console = Console(quiet=quiet or as_json)
    if given["resume"]:
        folder = Path(given["resume"])
        settings, before = _resumed(command, given, places)
        if before["status"] == "done":
            console.print(f"{folder} is already done.", highlight=False)
            results = {name: value for name, value in before.items() if name not in ("format", "status")}
            return _print_json({"folder": str(folder), **results}) if as_json else None
    else:
        settings = make(given)
        trainer = Trainer(**settings.trainer)
        trainer.launch()
        check(settings, trainer)
        folder = new_folder(given["out"], settings.name, settings.model)
    try:
        results = execute(settings, folder, console, resume=bool(given["resume"]), progress=not (quiet or as_json))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted; go on with: {settings.goes_on(folder)}") from None
    if as_json:
        _print_json({"folder": str(folder), **results})
    return None


def checked_seed(given: dict[str, Any]) -> int:
    """The seed.

    Raises
    ------
    UsageError
        If it is none.
    """
    checks.number("seed", given["seed"], least=0, below=LARGEST_SEED + 1)
    return int(given["seed"])


def from_anywhere(source: str) -> str:
    """A path by which a run finds it when it goes on from another folder; names stay."""
    return os.path.abspath(source) if os.path.exists(source) else source


def _resumed(command: str, given: dict[str, Any], places: Sequence[str]) -> tuple[RunSettings, dict[str, Any]]:
    for place in places:
        if given[place]:
            raise UsageError(f"--resume goes on with the data of its run; leave {place.upper()} out.")
    folder = Path(given["resume"])
    settings, before = RunSettings.read(folder)
    if settings.command != command:
        raise UsageError(f"{folder} is a run of {settings.command}; go on with: {settings.goes_on(folder)}")
    return settings, before


def _print_json(results: dict[str, Any]) -> None:
    print(json.dumps(results))
