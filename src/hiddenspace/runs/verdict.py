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
    """The model with the smallest error, unless the second is as good."""
    ranked = sorted(models, key=lambda model: model.mse)
    if len(ranked) > 1 and ranked[0].mse > (1 - CLOSE) * ranked[1].mse:
        return None
    return ranked[0]


def verdict(models: Sequence[Measured], held_out: int, what: str) -> str:
    """One sentence: by how much, on how many items."""
    judged = f"on {held_out:,} {what}"
    if len(models) == 1:
        only = models[0]
        return f"{only.name} explains {only.explained_variance:.1%} of the variance {judged} that it had never seen."
    best, seen = winner(models), f"{judged} that neither had seen"
    if best is None:
        return f"It is a draw: the errors are within {CLOSE:.0%} of each other {seen}; take PCA, it is simpler."
    other = max(models, key=lambda model: model.mse)
    ratio = best.mse / other.mse if other.mse > 0 else 1.0
    return (
        f"{best.name} wins: with a code of {best.code} its error is {ratio:.2f} of {other.name}'s {seen} "
        f"(explained variance {best.explained_variance:.3f} against {other.explained_variance:.3f})."
    )


def next_steps(models: Sequence[Measured], folder: Path, settings: RunSettings, items: int, kind: str) -> list[str]:
    """What a person may want to run now, as it can be pasted into a shell where the run was started."""
    source, run = shlex.quote(_typed(settings.source)), shlex.quote(str(folder))
    best = winner(models)
    steps = []
    if len(models) > 1 and (best is None or best.name == "PCA"):
        why = f"{items:,} items are few for a deep network" if items < FEW else "more epochs or width may help"
        read = "".join(f" --{n} {shlex.quote(str(v))}" for n, v in settings.data.items() if v not in (None, "auto"))
        same = f"--code {models[0].code} --seed {settings.seed}{read}"
        steps.append(f"PCA is not beaten here ({why}); to keep PCA: `hiddenspace fit {source} --model pca {same}`")
    extension = "table.csv" if kind == "table" else "pictures/" if kind == "images" else "rebuilt.npy"
    return [
        *steps,
        f"Codes of any such data, for a classifier or a map: `hiddenspace transform {run} {source} --out codes.npy`",
        f"Look at reconstructions: `hiddenspace reconstruct {run} {source} --out {extension}`",
        f'In Python: `model = hs.load("{folder}")`',
    ]


def _typed(source: str) -> str:
    """A path as short as it can be written from here."""
    return min(source, os.path.relpath(source), key=len) if os.path.isabs(source) else source
