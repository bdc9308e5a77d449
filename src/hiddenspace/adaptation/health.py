"""What goes wrong when labels are carried over to another domain, by name, and what to try."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hiddenspace.metrics.domains import proxy_a_distance
from hiddenspace.models.health import Health, Trouble
from hiddenspace.training.events import Row

BLIND, SEEING = 0.55, 0.98
"""A discriminator that is right less often than the first, or more often than the second, throughout the training."""
RARE = 0.2
"""A class that is predicted at less than this part of its share among the source's labels is hardly found."""
OVERFULL = 0.5
"""Of all target items in one class, where no class has so much of the source: the answers have collapsed."""
LOST = 0.03
"""Accuracy on held-out source items that adaptation may cost."""
UNSURE = 0.85
"""Of what the answers told of the target at their best, at least."""
LEAST_DISTANCE = 4
"""Items of either domain, with fewer of which no distance is measured."""


class AdaptationWarning(UserWarning):
    """Something is wrong with an adaptation; `health_` has all of it."""


def examined(
    rows: Sequence[Row],
    epoch: int,
    criteria: dict[str, float],
    features: tuple[np.ndarray, np.ndarray],
    named: tuple[np.ndarray, np.ndarray],
    classes: np.ndarray,
) -> Health:
    """What the rows of all epochs, and source and target at the end, say.

    Parameters
    ----------
    rows : sequence of dict
        Of all epochs.
    epoch : int
        The one that was kept, from 1.
    criteria : dict
        `information` and `density` of the target's answers by the weights that were kept.
    features : pair of arrays (n, d), (m, d)
        Of source and target.
    named : pair of arrays (k,), (m,)
        The shares of the classes among the source's labels, and the class that each target item was put in.
    classes : array (k,)
        Their names.
    """
    figures = {"source": float(rows[epoch - 1]["monitor/source"]), **criteria}
    if min(map(len, features)) >= LEAST_DISTANCE:
        figures["distance"] = proxy_a_distance(*features)
    right = [float(row[name]) for row in rows for name in row if name.startswith("train/") and name.endswith("right")]
    if right:
        figures["right"] = float(np.mean(right[-max(1, len(right) // 5) :]))
    shares, answers = named
    predicted = np.bincount(answers, minlength=len(shares)) / len(answers)
    found = [
        _idle(right),
        _collapsed(shares, predicted, classes),
        _missing(shares, predicted, classes),
        _negative(rows, epoch, figures),
    ]
    return Health(figures, [trouble for trouble in found if trouble is not None])


def _idle(right: Sequence[float]) -> Trouble | None:
    if right and max(right) < BLIND:
        return Trouble(
            "blind discriminator",
            f"the discriminator was never right about more than {max(right):.0%} of the features: it was fooled from "
            "the first epoch on, or the domains do not differ",
            "where the labels are no better than those of SourceOnly, give it a wider network or a lower weight=",
        )
    if right and min(right) > SEEING:
        return Trouble(
            "domains kept apart",
            f"the discriminator was right about at least {min(right):.0%} of the features throughout",
            "try a larger weight, a lower learning_rate, more epochs, or a method that changes the target's encoder "
            "alone (SHOT)",
        )
    return None


def _collapsed(shares: np.ndarray, predicted: np.ndarray, classes: np.ndarray) -> Trouble | None:
    most = int(predicted.argmax())
    if predicted[most] < max(OVERFULL, 1.5 * float(shares.max())):
        return None
    return Trouble(
        "collapsed predictions",
        f"{predicted[most]:.0%} of the target is called {classes[most]}, which {shares[most]:.0%} of the source is",
        "do not trust these labels; try a smaller weight, fewer epochs, or SourceOnly",
    )


def _missing(shares: np.ndarray, predicted: np.ndarray, classes: np.ndarray) -> Trouble | None:
    rare = np.flatnonzero(predicted < RARE * shares)
    if not len(rare):
        return None
    names = ", ".join(str(label) for label in classes[rare][:10]) + ", ..." * (len(rare) > 10)
    return Trouble(
        "classes hardly found",
        f"the target is hardly ever called {names}",
        "where it has no such items, leave these classes out of the source: domains that share only some classes are "
        "aligned wrongly; where it has them, the labels are wrong",
    )


def _negative(rows: Sequence[Row], epoch: int, figures: dict[str, float]) -> Trouble | None:
    """Signs that adaptation did harm: the source is named worse than before, or the target less surely."""
    seen = []
    best = max(float(row["monitor/source"]) for row in rows)
    if figures["source"] < best - LOST:
        seen.append(f"{figures['source']:.1%} of held-out source items are named rightly, after {best:.1%} before")
    told = [float(row["monitor/information"]) for row in rows if "monitor/information" in row]
    if told and figures["information"] < UNSURE * max(told):
        seen.append(f"the answers tell {figures['information']:.2g} nats of a target item, after {max(told):.2g}")
    if not seen:
        return None
    return Trouble(
        "negative transfer",
        " and ".join(seen),
        "the labels may be worse than without adaptation: compare_adaptation with SourceOnly, and try a smaller weight "
        "or another checkpoint",
    )
