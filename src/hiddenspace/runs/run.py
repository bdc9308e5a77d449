"""From a source to a run folder: look, hold out, fit PCA and the model, measure, report."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from hiddenspace.autoencoders.pca import PCA
from hiddenspace.autoencoders.recipe import default_code
from hiddenspace.data.dataset import Dataset, split_positions
from hiddenspace.data.format import fit_format
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError, UsageError
from hiddenspace.estimator import load
from hiddenspace.models.coder import Coder
from hiddenspace.models.encoding import Encoding
from hiddenspace.models.trained import Trained
from hiddenspace.names import find_by_word
from hiddenspace.report.summary import RunSummary
from hiddenspace.runs.judging import judge
from hiddenspace.runs.measuring import Measured, columns_of, figures_of, measure
from hiddenspace.runs.narrator import Narrator
from hiddenspace.runs.opening import begun, ended
from hiddenspace.runs.settings import RunSettings
from hiddenspace.runs.space import store_space
from hiddenspace.runs.summary import summary
from hiddenspace.runs.verdict import next_steps, verdict, winner
from hiddenspace.training.trainer import Trainer

MOST_HELD_OUT = 10_000
WITHOUT_DECODER = (
    "Codes of the {name} cannot be decoded, so there are no reconstructions to compare with PCA's. Where the items "
    "have classes for labels, codes are judged by them: no model has seen a label."
)
CURVE = 128
"""Components of the PCA that the curve over code sizes is drawn from."""


@dataclass(frozen=True, eq=False)
class Split:
    """What models learn from, and what they are judged by.

    `counted` says that the ids of the items held out are their positions in the source, from 0, and no file names.
    `source` is all that the source holds, but for the test part of one that came split.
    """

    training: Dataset
    held_out: Dataset
    counted: bool
    source: Dataset


def execute(
    settings: RunSettings, folder: Path, console: Console, *, resume: bool = False, progress: bool = True
) -> dict[str, Any]:
    """Runs to the end, or goes on with what was interrupted; returns the results that run.json keeps.

    Raises
    ------
    HiddenspaceError
        Whatever goes wrong with the data, the folder or the training.
    """
    with begun(settings, folder, console, resume=resume) as narrator:
        split = look(settings, narrator)
        wide = fit_pca(settings, split, folder, narrator)
        models: dict[str, Encoding] = {"PCA": baseline(wide, code_size(settings, wide.format_.shape))}
        seconds = {"PCA": wide.data_["seconds"]}
        if settings.model != "pca":
            title = model_title(settings)
            models[title] = trained = fit_model(settings, split, folder, narrator, progress)
            seconds[title] = trained.history_[-1]["seconds"]
        kept = list(models.values())[-1]
        narrator.say("Measuring ...")
        if isinstance(kept, Coder):
            measured = [measure(name, model, split.held_out, seconds[name]) for name, model in models.items()]
            kept.data_ |= {"scores": {m.name: m.explained_variance for m in measured}}
        else:
            narrator.say(WITHOUT_DECODER.format(name=model_title(settings).lower()))
            measured = [
                judge(name, model, split.training, split.held_out, seconds[name]) for name, model in models.items()
            ]
            kept.data_ |= {"probe": {m.name: m.probe for m in measured if m.probe is not None}}
        kept.save_pretrained(folder / "model")
        space = store_space(folder, kept, split.source, narrator)
        results = conclude(settings, folder, split, measured, narrator)
        narrator.say("Report ...")
        report(folder, summary(settings, split, wide, models, measured, results, space), narrator)
        settings.write(folder, status="done", **results)
        return results


def write_again(folder: Path, console: Console) -> None:
    """Writes the report of a finished run anew, from its saved models and figures.

    Raises
    ------
    TrainingError
        If the run is not finished.
    """
    with reopened(folder, console) as (settings, before, narrator, split):
        wide, kept = load(folder / "pca"), load(folder / "model")
        models = {"PCA": baseline(wide, kept.code_size_), model_title(settings): kept}
        measured = [Measured(**entry) for entry in before["models"]]
        space = store_space(folder, kept, split.source, narrator, anew=False)
        narrator.say("Report ...")
        report(folder, summary(settings, split, wide, models, measured, before, space), narrator)


@contextmanager
def reopened(folder: Path, console: Console) -> Iterator[tuple[RunSettings, dict[str, Any], Narrator, Split]]:
    """A run that came to its end, locked: its settings and results, its log, and its source as it was split.

    Raises
    ------
    TrainingError
        If it did not.
    """
    with ended(folder, console) as (settings, results, narrator):
        yield settings, results, narrator, look(settings, narrator)


def look(settings: RunSettings, narrator: Narrator) -> Split:
    """Reads the source, says what was seen, and puts some of it aside before anything is learned."""
    dataset = load_dataset(settings.source, **settings.data)
    narrator.say(dataset.describe())
    if len(dataset) < 4:
        raise DataError(f"{dataset.name} holds {len(dataset)} items; at least 4 are needed to learn and to judge.")
    if dataset.test is not None:
        training, source, judges = dataset, dataset.test, np.arange(len(dataset.test))
        narrator.say(f"Models are judged on the test part of {dataset.name}: {len(judges):,} items.")
    else:
        fraction = max(settings.held_out, 2 / len(dataset))  # of a single item there is no variance to explain
        kept, judges = split_positions(len(dataset), fraction, settings.seed)
        training, source = dataset.take(kept), dataset
        narrator.say(f"{len(judges):,} items are held out to judge the models by; {len(kept):,} are learned from.")
    if len(judges) > MOST_HELD_OUT:
        judges = np.sort(np.random.default_rng(settings.seed).choice(judges, MOST_HELD_OUT, replace=False))
        narrator.say(f"Of the items held out {MOST_HELD_OUT:,} chosen at random are used.")
    held_out = source.take(judges)
    if held_out.ids is not None:
        return Split(training, held_out, counted=False, source=dataset)
    what = "image" if dataset.kind == "images" else "row"
    named = replace(held_out, ids=tuple(f"{what} {i}" for i in judges))
    return Split(training, named, counted=True, source=dataset)


def code_size(settings: RunSettings, shape: tuple[int, ...]) -> int:
    """Numbers in the code: as asked for, or by default for items of this shape."""
    asked = settings.params.get("code")
    usual = getattr(find_by_word(settings.model), "default_code", default_code)
    return int(asked if asked is not None else usual(shape))


def baseline(wide: PCA, code: int) -> Coder:
    """PCA with a code of this size, or with all components where there are fewer."""
    return wide.truncated(min(code, wide.code_size_))


def fit_pca(settings: RunSettings, split: Split, folder: Path, narrator: Narrator) -> PCA:
    """PCA with as many components as the curve needs; read from the folder where it was fitted before."""
    if (folder / "pca" / "config.json").exists():
        saved: PCA = load(folder / "pca")
        return saved
    narrator.say("PCA ...")
    started = time.perf_counter()
    scaling = settings.params.get("scaling", "auto")
    shape = fit_format(split.training, scaling).shape
    code, most = code_size(settings, shape), min(len(split.training), math.prod(shape))
    if settings.model == "pca" and code > most:
        raise UsageError(
            f"--code {code} is too large for {len(split.training):,} items of {math.prod(shape)} features."
        )
    trainer = Trainer(accelerator=settings.trainer.get("accelerator", "auto"))
    pca = PCA(min(most, max(code, CURVE)), scaling=scaling, random_state=settings.seed, trainer=trainer)
    pca.fit(split.training)
    pca.data_["seconds"] = time.perf_counter() - started
    pca.save_pretrained(folder / "pca")
    return pca


def fit_model(settings: RunSettings, split: Split, folder: Path, narrator: Narrator, progress: bool) -> Trained:
    """Trains the model that was asked for, or goes on with it."""
    trainer = Trainer(folder=folder, resume=True, progress=None if progress else False, **settings.trainer)
    model: Trained = make_model(settings, trainer)
    narrator.say(f"{model_title(settings)} ...")
    model.fit(split.training)
    row = model.history_[-1]
    ended = f"after {int(row['epoch'])} epochs; epoch {model.best_epoch_} was best and is kept"
    narrator.say(f"{model_title(settings)} trained in {row['seconds']:.1f} s, {ended}.")
    return model


def make_model(settings: RunSettings, trainer: Trainer) -> Any:
    """The estimator, unfitted.

    Raises
    ------
    UsageError
        If there is no such model.
    """
    return settings.estimator(find_by_word(settings.model), trainer)


def model_title(settings: RunSettings) -> str:
    """What the model is called in tables: SparseAutoencoder becomes Sparse autoencoder."""
    name: str = find_by_word(settings.model).__name__
    if name.isupper():
        return name
    if name.endswith("GAN"):
        return name.removesuffix("GAN") + " GAN"
    return re.sub("(Auto)?[Ee]ncoder", lambda part: " " + part[0].lower(), name).strip().capitalize()


def conclude(
    settings: RunSettings, folder: Path, split: Split, measured: list[Measured], narrator: Narrator
) -> dict[str, Any]:
    """The table at the end, who won, and what to do next."""
    best = winner(measured)
    table = Table("model", "code", *columns_of(measured), "seconds", "parameters")
    for column in table.columns[1:]:
        column.justify = "right"
    for m in measured:
        figures = (str(m.code), *figures_of(m), f"{m.seconds:.1f}", f"{m.parameters:,}")
        table.add_row(m.name + (" *" if m is best and len(measured) > 1 else ""), *figures)
    narrator.say(table)
    what = {"images": "images", "vectors": "rows", "table": "rows"}[split.training.kind]
    sentence = verdict(measured, len(split.held_out), what)
    steps = next_steps(measured, folder, settings, len(split.training), split.training.kind)
    narrator.say(sentence)
    for step in steps:
        narrator.say("  " + step.replace("`", ""))
    return {
        "models": [asdict(m) for m in measured],
        "winner": best.name if best is not None else None,
        "verdict": sentence,
        "next_steps": steps,
        "items": {"learned_from": len(split.training), "held_out": len(split.held_out)},
        "broken": [asdict(b) for b in split.training.broken],
        "report": str(folder / "report.html"),
    }


def report(folder: Path, content: RunSummary, narrator: Narrator) -> None:
    """Writes report.html."""
    from hiddenspace.report import write_report

    write_report(content, folder / "report.html")
    narrator.say(f"Report: {folder / 'report.html'}")
