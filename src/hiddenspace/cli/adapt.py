"""`hiddenspace adapt LABELLED UNLABELLED`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cyclopts import App

from hiddenspace.cli.run_flags import (
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
from hiddenspace.names import ADAPTERS

HELP = """Carry labels over from data that have them to data of another kind that have none: learns from the
labelled items alone, then with the unlabelled ones too, says whether that is likely to have helped, and leaves a run
folder with the saved model, predictions.csv, metrics.csv and report.html. Labels that UNLABELLED brings are never used.

Example: hiddenspace adapt font-digits house-numbers --size 32 --method cdan --out runs/numbers

Which options there are depends on the method: ask with --method NAME --help."""
DATA_FLAGS = ("channels",)


def command(given: Sequence[str]) -> App:
    """The command for these arguments: which options there are depends on the method and the configuration file."""
    return run_command(adapt, given, ("method", "cdan"), _flags, HELP)


def adapt(given: dict[str, Any]) -> None:
    """Starts a run or goes on with one, and prints what came of it."""
    from hiddenspace.cli.starting import start
    from hiddenspace.runs.adapters import make_adapter
    from hiddenspace.runs.adapting import execute_adapter

    def check(settings: Any, trainer: Any) -> None:
        make_adapter(settings, trainer).check_params()

    start("adapt", given, ("labelled", "unlabelled"), _settings, check, execute_adapter)


def _settings(given: dict[str, Any]) -> Any:
    from hiddenspace.cli.starting import checked_seed, from_anywhere
    from hiddenspace.runs.adapters import adapter_class
    from hiddenspace.runs.settings import RunSettings

    if not given["labelled"] or not given["unlabelled"]:
        raise UsageError(
            "adapt needs a LABELLED and an UNLABELLED source, such as: hiddenspace adapt font-digits house-numbers "
            "--size 32"
        )
    evaluate = given["evaluate"]
    params = {flag.name: given[flag.name] for flag in estimator_flags(adapter_class(given["method"]))}
    return RunSettings(
        source=from_anywhere(str(given["labelled"])),
        model=given["method"],
        seed=checked_seed(given),
        params=params,
        trainer={flag.name: given[flag.name] for flag in trainer_flags()},
        data={"labels": given["labels"], **{name: given[name] for name in DATA_FLAGS}},
        held_out=params["validation_fraction"],
        target=from_anywhere(str(given["unlabelled"])),
        evaluate=None if evaluate is None else from_anywhere(evaluate),
    )


def _flags(method: str) -> Flags:
    from hiddenspace.runs.adapters import adapter_class

    column = (
        "The column of a table, or the array of a .npz, that holds the labels of LABELLED; by default what it says."
    )
    judges = "Labelled items of the target domain, to say whether it helped: no training sees the labels."
    return [
        place("labelled", "Where the data with labels are: a path, a sample or a name on the Hub."),
        place("unlabelled", "Where the data without labels are, likewise."),
        flag("method", str, method, f"One of {', '.join(ADAPTERS)}; source learns from LABELLED alone."),
        flag("labels", str | None, None, column),
        flag("evaluate", str | None, None, judges),
        *shared_flags(),
        *data_flags(DATA_FLAGS),
        *estimator_flags(adapter_class(method)),
        *trainer_flags(),
    ]
