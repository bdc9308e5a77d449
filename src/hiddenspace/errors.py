"""Every error that a user can cause: one sentence that says what is wrong, and the mend."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class HiddenspaceError(Exception):
    """The base of all errors below; the command line prints its one sentence and exits with 1."""


class DataError(HiddenspaceError, ValueError):
    """The data cannot be read or used as they are."""


class UsageError(HiddenspaceError, ValueError):
    """An argument has a value that makes no sense; the command line exits with 2."""


class ModelError(HiddenspaceError, ValueError):
    """A saved model cannot be loaded, or does not fit what is asked of it."""


class TrainingError(HiddenspaceError, RuntimeError):
    """Training cannot go on: a loss is not finite, or a run folder is broken or in use."""


class DivergedError(TrainingError):
    """A loss or a weight stopped being finite."""


class MissingExtraError(HiddenspaceError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""


@contextmanager
def writing(path: Path, mend: str, kind: type[HiddenspaceError] = TrainingError) -> Iterator[None]:
    """Says in one sentence, with the mend, if the operating system refuses to write to `path`."""
    try:
        yield
    except OSError as error:
        raise kind(f"cannot write {path} ({error.strerror or error}); {mend}.") from error
