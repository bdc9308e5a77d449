"""A run folder: where it is, and that only one process writes to it."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from hiddenspace.errors import DataError, TrainingError, UsageError

MEND = "mend that and go on with --resume"
"""Where a file of a run cannot be written."""


def new_folder(out: str | None, source: str, model: str) -> Path:
    """The folder of a new run, made: `out`, or a free name below runs/.

    Raises
    ------
    TrainingError
        If it cannot be made, or already holds something.
    """
    folder = Path(out) if out is not None else _free_name(source, model)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = [entry.name for entry in folder.iterdir() if entry.name != ".lock"]
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise TrainingError(
            f"cannot write to {folder} ({error.strerror or error}); give another folder with --out."
        ) from error
    if held:
        raise TrainingError(
            f"{folder} already holds a run or other files; go on with --resume {shlex.quote(str(folder))}, or give "
            "another --out."
        )
    return folder


def _free_name(source: str, model: str) -> Path:
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(source).name or "data").strip("-.") or "data"
    base = Path("runs") / f"{stem}-{model}"
    number, folder = 1, base
    while folder.exists():
        number += 1
        folder = base.with_name(f"{base.name}-{number}")
    return folder


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else writes to the folder inside the `with`; a process that dies lets go of it.

    Raises
    ------
    TrainingError
        If another process is at it.
    """
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise TrainingError(f"{folder} is in use by another process; wait for it, or give another --out.") from None
    except OSError as error:
        raise TrainingError(f"cannot write to {folder} ({error.strerror or error}); give another folder.") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def nothing_left_behind(folder: Path) -> Iterator[None]:
    """Removes a new run folder where the command or its data turn out wrong: the corrected command may use it.

    What was learned before that stays: `--resume` goes on from there.
    """
    try:
        yield
    except (UsageError, DataError):
        if any((folder / name).exists() for name in ("model", "checkpoints", "baseline")):
            raise
        for entry in list(folder.iterdir()):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        with suppress(OSError):  # it may be the working directory
            folder.rmdir()
        raise
