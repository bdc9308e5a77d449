"""From a source to a run folder with a generator: look, hold out, fit, draw, measure, report."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from hiddenspace.autoencoders.pca import PCA
from hiddenspace.data.dataset import Dataset
from hiddenspace.errors import DataError, HiddenspaceError, writing
from hiddenspace.estimator import load
from hiddenspace.generation.generative import Generative
from hiddenspace.metrics.measured import DENSITY_K, Measured
from hiddenspace.metrics.reading import was_resized
from hiddenspace.metrics.summary import measure
from hiddenspace.pictures.animation import animate
from hiddenspace.pictures.mosaic import tile
from hiddenspace.report.summary import RunSummary, Sampled, SpaceSummary
from hiddenspace.runs.narrator import Narrator
from hiddenspace.runs.opening import begun
from hiddenspace.runs.run import Split, fit_model, look, model_title, reopened, report
from hiddenspace.runs.settings import RunSettings
from hiddenspace.runs.showing import displayed
from hiddenspace.runs.space import store_space
from hiddenspace.runs.summary import of_the_data, settings_shown
from hiddenspace.runs.verdict import typed
from hiddenspace.space.densities import fit_density

SHOWN = 64
BASELINE_CODE = 32
STAGES, GROWING, GROWTH = 6, 12, "growing.npz"
"""Snapshots in the report, items of each, and where they are kept; all of them are in the film."""
LEAST = DENSITY_K + 1
"""Items that figures can be of."""
HELD_OUT = "the items held out, which no model saw"
LEARNED_FROM = "the very items it learned from, as too few were held out"
BASELINE, REAL = "PCA codes from one Gaussian", "other real items"


def execute_generator(
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
        if len(split.training) < LEAST:
            raise DataError(
                f"{len(split.training)} items are left to learn from, and a generator cannot be measured by fewer than "
                f"{LEAST}; give more items."
            )
        model: Any = fit_model(settings, split, folder, narrator, progress)
        narrator.say(f"Epochs were judged by the Frechet distance over {model.judged_by_}.")
        for trouble in model.health_.troubles:
            narrator.say(f"Health: {trouble}")
        model.save_pretrained(folder / "model")
        pictures_of_run(model, folder)
        if model.inversion_steps:
            store_space(folder, model, split.source, narrator)
        results = conclude(settings, folder, split, model, narrator)
        narrator.say("Report ...")
        report(folder, summary(settings, split, model, results, grown(folder)), narrator)
        settings.write(folder, status="done", **results)
        return results


def write_generator_again(folder: Path, console: Console) -> None:
    """Writes the report of a finished run anew, from its saved model, pictures and figures.

    Raises
    ------
    TrainingError
        If the run is not finished.
    """
    with reopened(folder, console) as (settings, before, narrator, split):
        model: Any = load(folder / "model")
        if model.inversion_steps:
            store_space(folder, model, split.source, narrator, anew=False)
        narrator.say("Report ...")
        report(folder, summary(settings, split, model, before, grown(folder)), narrator)


def pictures_of_run(model: Generative, folder: Path) -> None:
    """samples.png; growing.npz, what the report shows of the snapshots; training.gif where there is more than one."""
    if model.format_.kind != "images":
        return
    with writing(folder, "make room there", HiddenspaceError):
        tile(pixels(model)).save(folder / "samples.png")
        np.savez_compressed(folder / GROWTH, **growing(model))
    grids = [np.asarray(tile(shot, gap=0, scale=1).convert("RGB")) for shot in model.snapshots_]
    if len(grids) > 1:
        animate(np.stack(grids), folder / "training.gif", seconds=max(2.0, 0.3 * len(grids)))


def growing(model: Generative) -> dict[str, Any]:
    """Some items (n, h, w, c) of a few snapshots, by the words for when they were taken."""
    shots = model.snapshots_
    stages: Any = np.unique(np.linspace(0, len(shots) - 1, STAGES).round().astype(int)) if len(shots) else []
    return {f"epoch {model.snapshot_epochs_[stage]}": shots[stage][:GROWING] for stage in stages}


def pixels(model: Generative, count: int = SHOWN) -> np.ndarray:
    """New images (n, h, w, c) in [0, 1]."""
    made: np.ndarray = np.clip(displayed(np.concatenate(list(model.draws(count)))), 0, 1)
    return made


def conclude(
    settings: RunSettings, folder: Path, split: Split, model: Generative, narrator: Narrator
) -> dict[str, Any]:
    """Measures the generator, a baseline and other real items against the items held out, and says what it means.

    Where too few are held out, against those that were learned from, which is then said wherever the figures are.
    """
    narrator.say("Measuring ...")
    title, few = model_title(settings), len(split.held_out) < LEAST
    real, against = (split.training, LEARNED_FROM) if few else (split.held_out, HELD_OUT)
    sets: dict[str, Any] = {title: model, BASELINE: baseline(split.training, len(real))}
    if not few and len(split.training) >= len(real):
        sets[REAL] = some_of(split.training, len(real))
    features = None if model.features == "auto" else model.features
    found = {name: measure(items, real, features) for name, items in sets.items()}
    table = Table("", *(name for name, *_ in found[title].rows()[:6]))
    for name, figures in found.items():
        table.add_row(name, *(value for _, value, *_ in figures.rows()[:6]))
    narrator.say(table)
    narrator.say(found[title].basis())
    sentence = verdict(title, found, against)
    narrator.say(sentence)
    return {
        "generated": {name: figures.as_dict() for name, figures in found.items()},
        "measured_against": against,
        "health": model.health_.config(),
        "verdict": sentence,
        "next_steps": next_steps(settings, folder, model, split.source),
        "items": {"learned_from": len(split.training), "held_out": len(split.held_out)},
        "broken": [asdict(b) for b in split.training.broken],
        "report": str(folder / "report.html"),
    }


def baseline(training: Dataset, count: int) -> Any:
    """So many items by one Gaussian over the codes of PCA: whatever learns for minutes must beat it."""
    most = min(BASELINE_CODE, len(training), int(np.prod(training.items.shape[1:])))
    pca = PCA(most).fit(training)
    return pca.inverse_transform(fit_density(pca.transform(training), "gaussian").sample(count, seed=0))


def some_of(items: Dataset, count: int) -> Dataset:
    """So many of them, drawn at random."""
    return items.take(np.sort(np.random.default_rng(0).permutation(len(items))[:count]))


def verdict(title: str, found: dict[str, Measured], against: str) -> str:
    """One sentence: how far the generator is from the data, between the baseline and real items."""
    ours, plain = found[title], found[BASELINE]
    real = f", and {found[REAL].frechet:.3g} of other real items" if REAL in found else ""
    word = "beats" if ours.frechet < plain.frechet else "does not beat"
    return (
        f"{title} {word} a Gaussian over PCA's codes: {ours.frechet:.3g} against {plain.frechet:.3g}{real} "
        f"({ours.name}); it covers {ours.coverage:.0%} of {against}."
    )


def next_steps(settings: RunSettings, folder: Path, model: Generative, source: Dataset) -> list[str]:
    """What a person may want to run now."""
    side = settings.data.get("size") or (model.format_.shape[1] if was_resized(source) else None)
    sized = f" --size {side}" if side else ""
    named = " --labels VALUE,VALUE" if settings.model == "conditional-gan" else ""
    ending = "png" if model.format_.kind == "images" else "csv"
    steps = [
        f"More items: `hiddenspace sample {folder} -n 64 --seed 1{named} --out grid.{ending}`",
        f"Every figure against other data: `hiddenspace measure {folder} {typed(settings.source)}{sized}`",
    ]
    if model.inversion_steps:
        steps.append(f"From one item to another: `hiddenspace morph {folder} ITEM ITEM`")
    return [*steps, f'In Python: `gan = hs.load("{folder}")`, `gan.sample(64)`, `gan.invert(items)`']


def grown(folder: Path) -> dict[str, np.ndarray]:
    """What `growing` gave when the run ended: a saved model has no snapshots. Empty of rows."""
    if not (folder / GROWTH).exists():
        return {}
    with np.load(folder / GROWTH) as kept:
        return dict(kept)


def summary(
    settings: RunSettings, split: Split, model: Generative, results: dict[str, Any], growth: dict[str, np.ndarray]
) -> RunSummary:
    """Everything that the page shows, as plain data."""
    title = model_title(settings)
    rows = [(name, {key: figures[key] for key in SHOWN_FIGURES}) for name, figures in results["generated"].items()]
    return RunSummary(
        title=f"{title} on {split.training.name}",
        **of_the_data(split),
        verdict=[results["verdict"], *(str(trouble) for trouble in model.health_.troubles)],
        next_steps=results["next_steps"],
        sampled=Sampled(
            rows,
            results["generated"][title]["name"],
            results["measured_against"],
            growth,
        ),
        history=model.history_,
        best_epoch=model.best_epoch_,
        space=SpaceSummary(samples=_shown(model), sampler=""),
        settings=settings_shown(settings, model),
    )


SHOWN_FIGURES = ("frechet", "kernel", "precision", "recall", "density", "coverage")


def _shown(model: Generative) -> Any:
    if model.format_.kind == "images":
        return pixels(model, 50)
    made: Any = model.sample(12)
    return made.to_dict("list") if model.format_.kind == "table" else made
