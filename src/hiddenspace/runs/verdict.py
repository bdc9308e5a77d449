"""Who won, in words, and what to do next."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from hiddenspace.runs.measuring import Measured
from hiddenspace.runs.settings import RunSettings

CLOSE = 0.02
"""Errors that differ by less than this, relatively, are called even."""
FEW = 1000


def winner(models: Sequence[Measured]) -> Measured | None:
    """The model with the smallest error, unless the second is as good.

    The error is that of the reconstruction, or that of the linear probe where a model has no decoder; without labels
    for one nobody wins.
    """
    errors = {model.name: error for model in models if (error := _error(model)) is not None}
    if len(errors) < len(models):
        return None
    ranked = sorted(models, key=lambda model: errors[model.name])
    if len(ranked) > 1 and errors[ranked[0].name] >= (1 - CLOSE) * errors[ranked[1].name]:
        return None
    return ranked[0]


def _error(model: Measured) -> float | None:
    return model.mse if model.mse is not None else None if model.probe is None else 1 - model.probe


def verdict(models: Sequence[Measured], held_out: int, what: str) -> str:
    """One sentence: by how much, on how many items."""
    judged = f"on {held_out:,} {what}"
    if len(models) == 1:
        only = models[0]
        return f"{only.name} explains {only.explained_variance:.1%} of the variance {judged} that it had never seen."
    best, seen = winner(models), f"{judged} that neither had seen"
    if any(model.mse is None for model in models):
        return _verdict_by_probe(models, best, seen)
    if best is None:
        return f"It is a draw: the errors are within {CLOSE:.0%} of each other {seen}; take PCA, it is simpler."
    other = max(models, key=lambda model: model.mse or 0.0)
    ratio = (best.mse or 0.0) / other.mse if other.mse else 1.0
    return (
        f"{best.name} wins: with a code of {best.code} its error is {ratio:.2f} of {other.name}'s {seen} "
        f"(explained variance {best.explained_variance:.3f} against {other.explained_variance:.3f})."
    )


def _verdict_by_probe(models: Sequence[Measured], best: Measured | None, seen: str) -> str:
    last = models[-1].name
    if any(model.probe is None for model in models):
        return (
            f"Codes of the {last.lower()} cannot be decoded and the items have no classes for labels, so nothing says "
            "here whether they are better than PCA's; try them in what you want them for."
        )
    figures = " against ".join(
        f"{model.probe:.1%} on the code of {model.name} ({model.code} numbers)" for model in models[::-1]
    )
    how = f"a linear classifier of codes is right {seen}: {figures}"
    if best is None:
        return f"It is a draw, by how often {how}; take PCA, it is simpler."
    return f"{best.name} wins, by how often {how}."


def next_steps(models: Sequence[Measured], folder: Path, settings: RunSettings, items: int, kind: str) -> list[str]:
    """What a person may want to run now, as it can be pasted into a shell where the run was started."""
    source, run = shlex.quote(typed(settings.source)), shlex.quote(str(folder))
    best = winner(models)
    steps = []
    if len(models) > 1 and all(_error(m) is not None for m in models) and (best is None or best.name == "PCA"):
        why = f"{items:,} items are few for a deep network" if items < FEW else "more epochs or width may help"
        read = "".join(f" --{n} {shlex.quote(str(v))}" for n, v in settings.data.items() if v not in (None, "auto"))
        same = f"--code {models[0].code} --seed {settings.seed}{read}"
        steps.append(f"PCA is not beaten here ({why}); to keep PCA: `hiddenspace fit {source} --model pca {same}`")
    extension = "table.csv" if kind == "table" else "pictures/" if kind == "images" else "rebuilt.npy"
    rebuilt = f"Look at reconstructions: `hiddenspace reconstruct {run} {source} --out {extension}`"
    many = "png" if kind == "images" else "csv"
    new = f"Things that never were: `hiddenspace sample {run} --out samples.{many}`"
    return [
        *steps,
        f"A map to zoom and search in: `hiddenspace map {run} --out map.html`",
        f"What is like a file or an item of yours: `hiddenspace similar {run} ITEM`",
        *([new] if models[-1].mse is not None else []),
        f"Codes of any such data, for a classifier: `hiddenspace transform {run} {source} --out codes.npy`",
        *([rebuilt] if models[-1].mse is not None else []),
        f'In Python: `space = hs.HiddenSpace.open("{folder}")`, `model = hs.load("{folder}")`',
    ]


def typed(source: str) -> str:
    """A path as short as it can be written from here."""
    return min(source, os.path.relpath(source), key=len) if os.path.isabs(source) else source
