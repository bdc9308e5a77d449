"""What a comparison says, in sentences: who wins, by how much, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from hiddenspace.space.representations import BASELINES, BOTH, RAW

CHOSEN = "The best of several was chosen on the test items, which favours the side that has more of them."
Scores = Mapping[tuple[str, str], np.ndarray]
"""(representation, probe) -> scores, one for each seed."""


def verdict(rows: pd.DataFrame, metric: str, repeated: str = "seed") -> list[str]:
    """Sentences about the best learned code against the best of raw values, PCA and a random encoder.

    A difference counts where it has the same sign for every seed: representations share the split and the labels of a
    seed, so they are compared seed by seed.

    Parameters
    ----------
    rows : DataFrame
        `representation`, `probe`, `labels`, `seed` and `score`; one row for each combination.
    metric : {"accuracy", "R2"}
    repeated : str
        What differs from one seed to the next, in a word: all of it, or only the draw of labels.
    """
    said = []
    for count, some in rows.sort_values("seed", kind="stable").groupby("labels"):
        start = f"With {count:,} labels"
        keys = dict.fromkeys(zip(some["representation"], some["probe"], strict=True))
        scores = {
            (name, probe): some[(some["representation"] == name) & (some["probe"] == probe)]["score"].to_numpy()
            for name, probe in keys
        }
        said += [_winner(start, scores, metric, repeated), *_beside_raw(start, scores, metric, repeated)]
    if rows["seed"].nunique() == 1:
        said.append(
            f"This was one {repeated}, so none of these differences can be told from chance; use more {repeated}s."
        )
    return [*said, CHOSEN]


def _winner(start: str, scores: Scores, metric: str, repeated: str) -> str:
    ours, theirs = _best(scores, lambda key: not _is_baseline(key)), _best(scores, _is_baseline)
    assert theirs is not None  # raw values are always there
    if ours is None:
        return f"{start} {_called(theirs)} is best, with {_shown(scores[theirs], metric)}."
    gains = scores[ours] - scores[theirs]
    if not _one_sign(gains):
        return (
            f"{start} there is no clear winner: {_called(ours)} has {_shown(scores[ours], metric)} and "
            f"{_called(theirs)} {_shown(scores[theirs], metric)}, and which of them is ahead hangs on the {repeated}."
        )
    first, second = (ours, theirs) if gains[0] > 0 else (theirs, ours)
    others = "of raw values, PCA and a random encoder none" if gains[0] > 0 else "no learned code"
    return (
        f"{start} {_called(first)} wins, with {_shown(scores[first], metric)}; {others} comes up to it: the best, "
        f"{_called(second)}, has {_shown(scores[second], metric)}, {_difference(gains, metric, repeated)} less."
    )


def _beside_raw(start: str, scores: Scores, metric: str, repeated: str) -> list[str]:
    """Whether XGBoost gains from a code beside the raw values."""
    best = _best(scores, lambda key: key[0].startswith(BOTH))
    if best is None:
        return []
    code, gains = best[0].removeprefix(BOTH), scores[best] - scores[RAW, "xgboost"]
    if not _one_sign(gains):
        return [f"{start} XGBoost neither gains nor loses for sure when it sees a code beside raw (the best: {code})."]
    way = "gains" if gains[0] > 0 else "loses"
    return [f"{start} XGBoost {way} {_difference(gains, metric, repeated)} when it sees the code of {code} beside raw."]


def _is_baseline(key: tuple[str, str]) -> bool:
    return key[0].removeprefix(BOTH) in BASELINES


def _best(scores: Scores, among: Callable[[tuple[str, str]], bool]) -> tuple[str, str] | None:
    """The key with the highest mean over seeds."""
    return max(filter(among, scores), key=lambda key: scores[key].mean(), default=None)


def _one_sign(gains: np.ndarray) -> bool:
    return bool((gains > 0).all() or (gains < 0).all())


def _called(key: tuple[str, str]) -> str:
    return f"{key[0]} ({key[1]})"


def _shown(scores: np.ndarray, metric: str) -> str:
    return f"{100 * scores.mean():.1f} %" if metric == "accuracy" else f"R2 {scores.mean():.3f}"


def _difference(gains: np.ndarray, metric: str, repeated: str) -> str:
    scale, digits, unit = (100, 1, " points") if metric == "accuracy" else (1, 3, "")
    sizes = scale * np.abs(gains)
    mean, low, high = (f"{value:.{digits}f}" for value in (sizes.mean(), sizes.min(), sizes.max()))
    return f"{mean}{unit}" if len(gains) == 1 else f"{mean}{unit} ({low} to {high} over {len(gains)} {repeated}s)"
