"""The flags of commands that start a run: which there are, and what a configuration file says of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from cyclopts import App, Parameter
from cyclopts.config import Dict

from hiddenspace.cli.flags import command_of, flags_of
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import UsageError
from hiddenspace.training.trainer import Trainer

NOT_FLAGS = ("random_state", "trainer", "warm_start", "encoder", "decoder", "discriminator")
TRAINER_FLAGS = ("accelerator", "precision", "compile", "clip", "ema", "checkpoint_seconds")
RESUME_FLAGS = ("--resume", "--quiet", "--no-quiet", "--json", "--no-json", "--help")

Flags = list[inspect.Parameter]


def run_command(
    function: Callable[[dict[str, Any]], None],
    given: Sequence[str],
    chooser: tuple[str, str],
    flags: Callable[[str], Flags],
    help_text: str,
) -> App:
    """The command of this function for these arguments.

    Parameters
    ----------
    function : callable
        Takes all arguments by name.
    given : sequence of str
        What was typed after the name of the command.
    chooser : pair of str
        The flag whose word decides which others there are, without dashes, and that word by default.
    flags : callable
        What there is for a word.
    help_text : str

    Raises
    ------
    UsageError
        If a run that is gone on with is told anything else, or the configuration file cannot be read.
    """
    _check_resume(given)
    path = value_of(given, "--config")
    config = _config(path)
    flag, usual = chooser
    word = value_of(given, f"--{flag}") or str(config.get(flag, usual))
    app = App(name=function.__name__, config=Dict(data=config, source=str(path), use_commands_as_keys=False))
    app.default(command_of(function, flags(word), help_text))
    return app


def place(name: str, text: str) -> inspect.Parameter:
    """Where data are, by its position; None where a run is gone on with."""
    annotation = Annotated[str | None, Parameter(help=text)]
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=annotation)


def flag(name: str, annotation: Any, default: Any, text: str) -> inspect.Parameter:
    """A flag that is made of no signature."""
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=Annotated[annotation, Parameter(help=text)])


def shared_flags() -> Flags:
    """Those of every command that starts a run."""
    return [
        flag("out", str | None, None, "The run folder; by default a new one below runs/."),
        flag("seed", int, 0, "Of everything random."),
        flag("resume", str | None, None, "Go on with this run folder after an interruption."),
        flag("config", str | None, None, "A YAML file with any of these options, which flags overrule."),
        flag("quiet", bool, False, "Print nothing but errors."),
        flag("json", bool, False, "Print the results as JSON and nothing else."),
    ]


def data_flags(names: Sequence[str]) -> Flags:
    """Those of `load_dataset`."""
    every = {p.name: p for p in flags_of(load_dataset)}
    return [every[name] for name in names]


def estimator_flags(made_from: Any) -> Flags:
    """Hyperparameters of an estimator that can be written."""
    return list(flags_of(made_from, leave_out=NOT_FLAGS))


def trainer_flags(names: Sequence[str] = TRAINER_FLAGS) -> Flags:
    """Those of the Trainer."""
    return [p for p in flags_of(Trainer) if p.name in names]


def _check_resume(given: Sequence[str]) -> None:
    flags = [text.partition("=")[0] for text in given if text.startswith("--")]
    others = [flag for flag in flags if flag not in RESUME_FLAGS]
    if "--resume" in flags and others:
        raise UsageError(f"--resume goes on with what its run was started with; leave {others[0]} out.")


def value_of(given: Sequence[str], flag: str) -> str | None:
    """What follows a flag, or stands behind its =; None where it was not given, or nothing follows."""
    for place, text in enumerate(given):
        if text.startswith(flag + "="):
            return text.partition("=")[2]
        if text == flag and place + 1 < len(given):
            return given[place + 1]
    return None


def _config(path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the configuration {path} cannot be read ({error.strerror}); check the path.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"the configuration {path} is no YAML ({' '.join(str(error).split())}).") from error
    if content is not None and not isinstance(content, dict):
        raise UsageError(f"the configuration {path} must hold lines such as 'code: 16'.")
    return content or {}
