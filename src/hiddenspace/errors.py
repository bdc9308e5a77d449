"""Every error that a user can cause: one sentence that says what is wrong, and the mend."""


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


class MissingExtraError(HiddenspaceError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""
