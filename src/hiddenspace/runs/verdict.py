"""Who won, in words, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hiddenspace.runs.measuring import Measured

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
    seen = f"on {held_out:,} {what} that neither had seen"
    if len(models) == 1:
        only = models[0]
        return (
            f"{only.name} explains {only.explained_variance:.1%} of the variance {seen.replace('neither', 'it never')}."
        )
    best = winner(models)
    if best is None:
        return f"It is a draw: the errors are within {CLOSE:.0%} of each other {seen}; take PCA, it is simpler."
    other = max(models, key=lambda model: model.mse)
    ratio = best.mse / other.mse if other.mse > 0 else 1.0
    return (
        f"{best.name} wins: with a code of {best.code} its error is {ratio:.2f} of {other.name}'s {seen} "
        f"(explained variance {best.explained_variance:.3f} against {other.explained_variance:.3f})."
    )


def next_steps(models: Sequence[Measured], folder: Path, source: str, items: int, kind: str) -> list[str]:
    """What a person may want to run now."""
    best = winner(models)
    steps = []
    if len(models) > 1 and (best is None or best.name == "PCA"):
        why = f"{items:,} items are few for a deep network" if items < FEW else "more epochs or width may help"
        steps.append(f"PCA is not beaten here ({why}); to keep PCA: `hiddenspace fit {source} --model pca`")
    extension = "table.csv" if kind == "table" else "pictures/" if kind == "images" else "rebuilt.npy"
    return [
        *steps,
        f"Codes of any such data, for a classifier or a map: `hiddenspace transform {folder} {source} --out codes.npy`",
        f"Look at reconstructions: `hiddenspace reconstruct {folder} {source} --out {extension}`",
        f'In Python: `model = hs.load("{folder}")`',
    ]
