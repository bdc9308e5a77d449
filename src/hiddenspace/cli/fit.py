"""`hiddenspace fit SOURCE`."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from cyclopts import Parameter
from rich.console import Console

from hiddenspace.cli.flags import command_of, flags_of, with_config
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import UsageError
from hiddenspace.names import MODELS, find_by_word
from hiddenspace.training.trainer import Trainer

HELP = """Learn from unlabelled data: looks at it, holds some out, fits PCA and a model, and leaves a run folder
with the saved model, metrics.csv and report.html.

Example: hiddenspace fit digits --model denoising --code 16 --corruption "GaussianNoise(0.3)" --out runs/digits

The options after --held-out are those of the model: ask with --model NAME --help."""
NOT_FLAGS = ("random_state", "trainer", "warm_start", "encoder", "decoder")
TRAINER_FLAGS = ("accelerator", "precision", "compile", "clip", "ema", "checkpoint_seconds")
DATA_FLAGS = ("size", "labels", "channels")


def command(given: Sequence[str]) -> Callable[..., Any]:
    """The command for these arguments: which options there are depends on the model and the configuration file."""
    config = _config(_value_of(given, "--config"))
    model = _value_of(given, "--model") or str(config.get("model", "autoencoder"))
    parameters = [*_own_flags(model), *_data_flags(), *_model_flags(model), *_trainer_flags()]
    return command_of(fit, with_config(parameters, config, str(_value_of(given, "--config"))), HELP)


def fit(given: dict[str, Any]) -> None:
    """Starts a run or goes on with one, and prints what came of it."""
    from hiddenspace.runs.folder import new_folder
    from hiddenspace.runs.run import execute, make_model
    from hiddenspace.runs.settings import RunSettings

    quiet, as_json = given["quiet"], given["json"]
    console = Console(quiet=quiet or as_json)
    if given["resume"]:
        if given["source"]:
            raise UsageError("--resume goes on with the source of its run; leave SOURCE out.")
        folder = Path(given["resume"])
        settings, before = RunSettings.read(folder)
        if before["status"] == "done":
            console.print(f"{folder} is already done.", highlight=False)
            return _print_json(before) if as_json else None
    else:
        if not given["source"]:
            raise UsageError("fit needs a SOURCE, such as: hiddenspace fit digits")
        settings = _settings(given)
        make_model(settings, Trainer(**settings.trainer))  # wrong values are said before anything is read or written
        folder = new_folder(given["out"], settings.source, settings.model)
    try:
        results = execute(settings, folder, console, resume=bool(given["resume"]), progress=not (quiet or as_json))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted; go on with: hiddenspace fit --resume {folder}") from None
    if as_json:
        _print_json({"folder": str(folder), **results})


def _settings(given: dict[str, Any]) -> Any:
    from hiddenspace.runs.settings import RunSettings

    model = given["model"]
    return RunSettings(
        source=str(given["source"]),
        model=model,
        seed=given["seed"],
        params={flag.name: given[flag.name] for flag in _model_flags(model)},
        trainer={name: given[name] for name in TRAINER_FLAGS},
        data={name: given[name] for name in DATA_FLAGS},
        held_out=given["held_out"],
    )


def _print_json(results: dict[str, Any]) -> None:
    print(json.dumps(results))


def _own_flags(model: str) -> list[inspect.Parameter]:
    def flag(name: str, annotation: Any, default: Any, text: str) -> inspect.Parameter:
        kind = inspect.Parameter.KEYWORD_ONLY
        return inspect.Parameter(name, kind, default=default, annotation=Annotated[annotation, Parameter(help=text)])

    source = Annotated[str | None, Parameter(help="Where the data are: a path, a sample or a name on the Hub.")]
    return [
        inspect.Parameter("source", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=source),
        flag("model", str, model, f"One of {', '.join(MODELS)}."),
        flag("out", str | None, None, "The run folder; by default a new one below runs/."),
        flag("seed", int, 0, "Of everything random."),
        flag("resume", str | None, None, "Go on with this run folder after an interruption."),
        flag("config", str | None, None, "A YAML file with any of these options, which flags overrule."),
        flag("quiet", bool, False, "Print nothing but errors."),
        flag("json", bool, False, "Print the results as JSON and nothing else."),
        flag("held_out", float, 0.1, "The part no model sees, where the source does not come split."),
    ]


def _data_flags() -> list[inspect.Parameter]:
    every = {p.name: p for p in flags_of(load_dataset)}
    return [every[name] for name in DATA_FLAGS]


def _model_flags(model: str) -> list[inspect.Parameter]:
    return list(flags_of(find_by_word(model), leave_out=NOT_FLAGS))


def _trainer_flags() -> list[inspect.Parameter]:
    return [p for p in flags_of(Trainer) if p.name in TRAINER_FLAGS]


def _value_of(given: Sequence[str], flag: str) -> str | None:
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
        content = yaml.safe_load(Path(path).read_text())
    except OSError as error:
        raise UsageError(f"the configuration {path} cannot be read ({error.strerror}); check the path.") from error
    except yaml.YAMLError as error:
        raise UsageError(f"the configuration {path} is no YAML ({' '.join(str(error).split())}).") from error
    if content is not None and not isinstance(content, dict):
        raise UsageError(f"the configuration {path} must hold lines such as 'code: 16'.")
    return content or {}
