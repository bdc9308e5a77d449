"""`hiddenspace fit SOURCE`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cyclopts import App

from hiddenspace import checks
from hiddenspace.cli.run_flags import (
    TRAINER_FLAGS,
    Flags,
    data_flags,
    estimator_flags,
    flag,
    place,
    run_command,
    shared_flags,
    trainer_flags,
)
from hiddenspace.errors import UsageError
from hiddenspace.names import ADVERSARIAL, MODELS, find_by_word

HELP = """Learn from unlabelled data: looks at it, holds some out, fits PCA and a model, and leaves a run folder
with the saved model, metrics.csv and report.html.

Example: hiddenspace fit digits --model denoising --code 16 --corruption "GaussianNoise(0.3)" --out runs/digits

Which options there are depends on the model: ask with --model NAME --help."""
PCA_FLAGS = ("accelerator",)
"""All that matters of a trainer where nothing is trained."""
DATA_FLAGS = ("size", "labels", "channels")


def command(given: Sequence[str]) -> App:
    """The command for these arguments: which options there are depends on the model and the configuration file."""
    return run_command(fit, given, ("model", "autoencoder"), _flags, HELP)


def fit(given: dict[str, Any]) -> None:
    """Starts a run or goes on with one, and prints what came of it."""
    from hiddenspace.cli.starting import start
    from hiddenspace.runs.generating import execute_generator
    from hiddenspace.runs.run import execute, make_model

    def check(settings: Any, trainer: Any) -> None:
        make_model(settings, trainer).check_params()

    def run(settings: Any, *args: Any, **how: Any) -> dict[str, Any]:
        chosen = execute_generator if settings.model in ADVERSARIAL else execute
        return chosen(settings, *args, **how)

    start("fit", given, ("source",), _settings, check, run)


def _settings(given: dict[str, Any]) -> Any:
    from hiddenspace.cli.starting import checked_seed, from_anywhere
    from hiddenspace.runs.settings import RunSettings

    if not given["source"]:
        raise UsageError("fit needs a SOURCE, such as: hiddenspace fit digits")
    seed = checked_seed(given)
    checks.number("held_out", given["held_out"], least=0, above=0, below=1)
    model = given["model"]
    params = {flag.name: given[flag.name] for flag in estimator_flags(find_by_word(model))}
    if "features" in params:
        params["features"] = from_anywhere(params["features"])
    return RunSettings(
        source=from_anywhere(str(given["source"])),
        model=model,
        seed=seed,
        params=params,
        trainer={flag.name: given[flag.name] for flag in _trainer_flags(model)},
        data={name: given[name] for name in DATA_FLAGS},
        held_out=given["held_out"],
    )


def _flags(model: str) -> Flags:
    words = ", ".join(MODELS | ADVERSARIAL)
    return [
        place("source", "Where the data are: a path, a sample or a name on the Hub."),
        flag("model", str, model, f"One of {words}."),
        *shared_flags(),
        flag("held_out", float, 0.1, "The part no model sees, where the source does not come split."),
        *data_flags(DATA_FLAGS),
        *estimator_flags(find_by_word(model)),
        *_trainer_flags(model),
    ]


def _trainer_flags(model: str) -> Flags:
    return trainer_flags(PCA_FLAGS if model == "pca" else TRAINER_FLAGS)
