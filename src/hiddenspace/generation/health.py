"""What goes wrong between a generator and a discriminator, by name, and what to try."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hiddenspace.models.health import Health, Trouble
from hiddenspace.training.events import Row

SATURATED = 0.99
"""The share of pairs in which the real item gets the higher logit, over the last fifth of the training."""
COVERED, RECALLED, DIVERSE = 0.4, 0.1, 0.5
"""Of the real items' neighbourhoods, of the real items within those of generated ones, and of their diversity, at
least."""
COPIED = 0.05
"""Of the generated items at most, or what honest ones may have by chance; usually they have 0.01."""
FRECHET = "monitor/frechet"
JUDGED = ("frechet", "precision", "recall", "coverage", "diversity")
FEW = 200
"""Items, below which nothing but copies can be expected."""


class GenerationWarning(UserWarning):
    """Something is wrong with a generator; `health_` has all of it."""


def examined(
    rows: Sequence[Row],
    best_epoch: int,
    copied: tuple[float, float] | None,
    items: int,
    diverged: str | None = None,
    *,
    penalised: bool = True,
    judged_by: str = "",
) -> Health:
    """What the rows of all epochs say.

    `copied` is what `Judge.copied` gave, and `penalised` whether the discriminator takes a penalty on its slopes.
    """
    penalty = "a larger penalty=" if penalised else "a discriminator without batch normalisation (family='residual')"
    row = rows[best_epoch - 1]
    figures = {name: row[f"monitor/{name}"] for name in JUDGED if f"monitor/{name}" in row}
    figures["right"] = _right(rows)
    if copied is not None:
        figures["copied"] = copied[0]
    found = [
        _saturated(figures, penalty),
        _collapsed(figures, penalty),
        _memorised(copied, items),
        _diverged(diverged, best_epoch, penalty),
        _timing(rows, best_epoch, penalty),
    ]
    return Health(figures, [trouble for trouble in found if trouble is not None], judged_by)


def _right(rows: Sequence[Row]) -> float:
    last = rows[-max(1, len(rows) // 5) :]
    return float(np.mean([row.get("train/discriminator.right", np.nan) for row in last]))


def _saturated(figures: dict[str, float], penalty: str) -> Trouble | None:
    if not figures["right"] > SATURATED:
        return None
    return Trouble(
        "saturation",
        f"the discriminator knows the real one of {figures['right']:.1%} of pairs and teaches nothing any more",
        f"try {penalty}, fewer discriminator_steps, augmentation, or a narrower discriminator",
    )


def _collapsed(figures: dict[str, float], penalty: str) -> Trouble | None:
    seen = []
    if figures.get("coverage", 1.0) < COVERED:
        seen.append(f"only {figures['coverage']:.0%} of the items have a generated one near")
    if figures.get("recall", 1.0) < RECALLED:
        seen.append(f"only {figures['recall']:.0%} of them lie among generated ones")
    if figures["diversity"] < DIVERSE:
        seen.append(f"generated items differ from each other by {figures['diversity']:.0%} of what real ones do")
    if not seen:
        return None
    mend = f"try {penalty} with loss='relativistic', more epochs, a lower learning_rate, or a larger batch_size"
    return Trouble("mode collapse", " and ".join(seen), mend)


def _memorised(copied: tuple[float, float] | None, items: int) -> Trouble | None:
    if items < FEW:
        return Trouble(
            "few items",
            f"there are {items:,} items to learn from, and copies of them are all that can be expected",
            "give more, or use an autoencoder's space",
        )
    if copied is None or copied[0] <= max(COPIED, copied[1]):
        return None
    return Trouble(
        "memorisation",
        f"{copied[0]:.0%} of new items are nearer to one learned from than 99 of 100 held-out items are",
        "try augmentation, fewer epochs, a narrower discriminator, or more items",
    )


def _diverged(what: str | None, best_epoch: int, penalty: str) -> Trouble | None:
    if what is None:
        return None
    finding = f"{what.partition(';')[0]}, and training ended there; epoch {best_epoch} is kept"
    return Trouble("divergence", finding, f"lower the learning_rate, take {penalty}, or train in precision='32'")


def _timing(rows: Sequence[Row], best_epoch: int, penalty: str) -> Trouble | None:
    """Advice on when to stop."""
    epochs = len(rows)
    if epochs < 8:
        return None
    best, before = rows[best_epoch - 1][FRECHET], min(row[FRECHET] for row in rows[: epochs - epochs // 5])
    if best_epoch > epochs - max(1, epochs // 10) and best < 0.95 * before:
        return Trouble(
            "still improving",
            f"the last fifth of the epochs brought the Frechet distance from {before:.3g} to {best:.3g}",
            f"train longer, for example epochs={2 * epochs}",
        )
    if best_epoch < epochs // 2 and rows[-1][FRECHET] > 1.2 * best:
        return Trouble(
            "past its best",
            f"the Frechet distance was {best:.3g} after epoch {best_epoch} and {rows[-1][FRECHET]:.3g} at the end",
            f"stop near epochs={best_epoch}, lower the learning_rate, or take {penalty}",
        )
    return None
