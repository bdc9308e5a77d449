"""Whether an adaptation is likely to have helped, where no label of the target can say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hiddenspace.adaptation.health import LOST

SIGNS = ("information", "density")
"""Criteria of the target's answers; of each, higher is better."""


def likely_gain(
    before: Sequence[Mapping[str, float]], after: Sequence[Mapping[str, float]], margin: float = 0.0
) -> bool | None:
    """What the criteria say of nets that were adapted, held against those of the source alone, seed by seed.

    Parameters
    ----------
    before, after : sequence of dict
        By seed the figures `source`, `information` and `density`, see `health_`; there may be no density.
    margin : float
        By how much a sign must be better, relatively: with a single seed a little says nothing.

    Returns
    -------
    bool or None
        True where every sign is better with every seed, and the source is named about as well as before; False where
        none is; None where they disagree.
    """
    kinds = [kind for kind in SIGNS if kind in after[0]]
    better = [all(a[kind] > (1 + margin) * b[kind] for b, a in zip(before, after, strict=True)) for kind in kinds]
    kept = np.mean([a["source"] for a in after]) > np.mean([b["source"] for b in before]) - LOST
    if all(better) and kept:
        return True
    return None if any(better) else False
