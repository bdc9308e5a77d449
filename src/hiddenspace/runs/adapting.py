"""From two sources to a run folder: look, learn without and with the unlabelled one, measure, name it, report."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from rich.console import Console

from hiddenspace.adaptation.domain_adapter import DomainAdapter
from hiddenspace.adaptation.health import AdaptationWarning
from hiddenspace.errors import writing
from hiddenspace.estimator import load
from hiddenspace.runs.adapted import Told, conclude
from hiddenspace.runs.adapted_summary import summary
from hiddenspace.runs.adapters import adapter_title, is_baseline, make_adapter, make_baseline, seconds_of
from hiddenspace.runs.answering import answers
from hiddenspace.runs.domains import Domains, look_at_both
from hiddenspace.runs.folder import MEND
from hiddenspace.runs.narrator import Narrator
from hiddenspace.runs.opening import begun, ended
from hiddenspace.runs.run import report
from hiddenspace.runs.settings import RunSettings
from hiddenspace.training.trainer import Trainer

BASELINE, METHOD, PREDICTIONS = "baseline", "model", "predictions.csv"


def execute_adapter(
    settings: RunSettings, folder: Path, console: Console, *, resume: bool = False, progress: bool = True
) -> dict[str, Any]:
    """Runs to the end, or goes on with what was interrupted; returns the results that run.json keeps.

    Raises
    ------
    HiddenspaceError
        Whatever goes wrong with the data, the folder or the training.
    """
    with begun(settings, folder, console, resume=resume) as narrator:
        domains = look_at_both(settings, narrator)
        models = _fitted(settings, domains, folder, narrator, progress)
        narrator.say("Measuring ...")
        told = {name: Told.of(model, domains) for name, model in models.items()}
        _write_predictions(models, told, domains, folder, narrator)
        results = conclude(settings, folder, domains, models, told, narrator)
        narrator.say("Report ...")
        report(folder, summary(settings, domains, models, told, results), narrator)
        settings.write(folder, status="done", **results)
        return results


def write_adapter_again(folder: Path, console: Console) -> None:
    """Writes the report of a finished run anew, from its saved models, figures and sources.

    Raises
    ------
    TrainingError
        If the run is not finished.
    """
    with ended(folder, console) as (settings, before, narrator):
        domains = look_at_both(settings, narrator)
        places = [METHOD] if is_baseline(settings) else [BASELINE, METHOD]
        names = [row["name"] for row in before["adapted"]]
        models = {name: load(folder / place) for name, place in zip(names, places, strict=True)}
        told = {name: Told.of(model, domains) for name, model in models.items()}
        narrator.say("Report ...")
        report(folder, summary(settings, domains, models, told, before), narrator)


def _fitted(
    settings: RunSettings, domains: Domains, folder: Path, narrator: Narrator, progress: bool
) -> dict[str, DomainAdapter]:
    """The baseline and the method by their titles, trained or gone on with, and saved."""
    wanted = {METHOD: make_adapter} if is_baseline(settings) else {BASELINE: make_baseline, METHOD: make_adapter}
    models: dict[str, DomainAdapter] = {}
    for place, make in wanted.items():
        if place == BASELINE and (folder / place / "config.json").exists():
            saved: DomainAdapter = load(folder / place)
            models[adapter_title(saved)] = saved
            continue
        own = folder if place == METHOD else folder / place
        trainer = Trainer(folder=own, resume=True, progress=None if progress else False, **settings.trainer)
        model = make(settings, trainer)
        models[adapter_title(model)] = _trained(model, domains, narrator)
        model.save_pretrained(folder / place)
    return models


def _trained(model: DomainAdapter, domains: Domains, narrator: Narrator) -> DomainAdapter:
    title = adapter_title(model)
    narrator.say(f"{title} ...")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AdaptationWarning)  # the run tells of troubles itself
        model.fit(domains.source, X_target=domains.target)
    kept = (
        "" if model.checkpoint == "last" else f"; epoch {model.best_epoch_} was best by {model.checkpoint}, and is kept"
    )
    narrator.say(f"{title} trained in {seconds_of(model):.1f} s, {len(model.history_)} epochs{kept}.")
    return model


def _write_predictions(
    models: dict[str, DomainAdapter], told: dict[str, Told], domains: Domains, folder: Path, narrator: Narrator
) -> None:
    """What the last model says of the unlabelled items."""
    title, model = list(models.items())[-1]
    with writing(folder / PREDICTIONS, MEND):
        answers(model, domains.target, told[title].chances).to_csv(folder / PREDICTIONS, index=False)
    narrator.say(f"Predictions: {folder / PREDICTIONS}, {len(domains.target):,} items named by {title}.")
