"""`hiddenspace fit SOURCE`."""

from __future__ import annotations

import inspect
import json
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from cyclopts import App, Parameter
from cyclopts.config import Dict
from rich.console import Console

from hiddenspace import checks
from hiddenspace.cli.flags import command_of, flags_of
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import UsageError
from hiddenspace.names import ADVERSARIAL, MODELS, find_by_word
from hiddenspace.training.trainer import Trainer

HELP = """Learn from unlabelled data: looks at it, holds some out, fits PCA and a model, and leaves a run folder
with the saved model, metrics.csv and report.html.

Example: hiddenspace fit digits --model denoising --code 16 --corruption "GaussianNoise(0.3)" --out runs/digits

Which options there are depends on the model: ask with --model NAME --help."""
NOT_FLAGS = ("random_state", "trainer", "warm_start", "encoder", "decoder")
TRAINER_FLAGS = ("accelerator", "precision", "compile", "clip", "ema", "checkpoint_seconds")
PCA_FLAGS = ("accelerator",)
"""All that matters of them where nothing is trained."""
DATA_FLAGS = ("size", "labels", "channels")
RESUME_FLAGS = ("--resume", "--quiet", "--no-quiet", "--json", "--no-json", "--help")
LARGEST_SEED = 2**32 - 1


def command(given: Sequence[str]) -> App:
    """The command for these arguments: which options there are depends on the model and the configuration file."""
    _check_resume(given)
    path = _value_of(given, "--config")
    config = _config(path)
    model = _value_of(given, "--model") or str(config.get("model", "autoencoder"))
    app = App(name="fit", config=Dict(data=config, source=str(path), use_commands_as_keys=False))
    parameters = [*_own_flags(model), *_data_flags(), *_model_flags(model), *_trainer_flags(model)]
    app.default(command_of(fit, parameters, HELP))
    return app


def _check_resume(given: Sequence[str]) -> None:
    flags = [text.partition("=")[0] for text in given if text.startswith("--")]
    others = [flag for flag in flags if flag not in RESUME_FLAGS]
    if "--resume" in flags and others:
        raise UsageError(f"--resume goes on with what its run was started with; leave {others[0]} out.")


def fit(given: dict[str, Any]) -> None:
    """Starts a run or goes on with one, and prints what came of it."""
    from hiddenspace.runs.folder import new_folder
    from hiddenspace.runs.generating import execute_generator
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
            results = {name: value for name, value in before.items() if name not in ("format", "status")}
            return _print_json({"folder": str(folder), **results}) if as_json else None
    else:
        if not given["source"]:
            raise UsageError("fit needs a SOURCE, such as: hiddenspace fit digits")
        settings = _settings(given)
        trainer = Trainer(**settings.trainer)  # wrong values are said before anything is read or written
        trainer.launch()
        make_model(settings, trainer).check_params()
        folder = new_folder(given["out"], settings.source, settings.model)
    try:
        run = execute_generator if settings.model in ADVERSARIAL else execute
        results = run(settings, folder, console, resume=bool(given["resume"]), progress=not (quiet or as_json))
    except KeyboardInterrupt:
        resume = f"hiddenspace fit --resume {shlex.quote(str(folder))}"
        raise KeyboardInterrupt(f"interrupted; go on with: {resume}") from None
    if as_json:
        _print_json({"folder": str(folder), **results})


def _settings(given: dict[str, Any]) -> Any:
    from hiddenspace.runs.settings import RunSettings

    checks.number("seed", given["seed"], least=0, below=LARGEST_SEED + 1)
    checks.number("held_out", given["held_out"], least=0, above=0, below=1)
    model = given["model"]
    params = {flag.name: given[flag.name] for flag in _model_flags(model)}
    if "features" in params:
        params["features"] = _from_anywhere(params["features"])
    return RunSettings(
        source=_from_anywhere(str(given["source"])),
        model=model,
        seed=given["seed"],
        params=params,
        trainer={flag.name: given[flag.name] for flag in _trainer_flags(model)},
        data={name: given[name] for name in DATA_FLAGS},
        held_out=given["held_out"],
    )


def _from_anywhere(source: str) -> str:
    """A path by which a run finds it when it goes on from another folder; names stay."""
    return os.path.abspath(source) if os.path.exists(source) else source


def _print_json(results: dict[str, Any]) -> None:
    print(json.dumps(results))


def _own_flags(model: str) -> list[inspect.Parameter]:
    def flag(name: str, annotation: Any, default: Any, text: str) -> inspect.Parameter:
        kind = inspect.Parameter.KEYWORD_ONLY
        return inspect.Parameter(name, kind, default=default, annotation=Annotated[annotation, Parameter(help=text)])

    source = Annotated[str | None, Parameter(help="Where the data are: a path, a sample or a name on the Hub.")]
    return [
        inspect.Parameter("source", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=source),
        flag("model", str, model, f"One of {', '.join(MODELS | ADVERSARIAL)}."),
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


def _trainer_flags(model: str) -> list[inspect.Parameter]:
    return [p for p in flags_of(Trainer) if p.name in (PCA_FLAGS if model == "pca" else TRAINER_FLAGS)]


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
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the configuration {path} cannot be read ({error.strerror}); check the path.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"the configuration {path} is no YAML ({' '.join(str(error).split())}).") from error
    if content is not None and not isinstance(content, dict):
        raise UsageError(f"the configuration {path} must hold lines such as 'code: 16'.")
    return content or {}
