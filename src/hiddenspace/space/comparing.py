"""Did it help? Representations learned without labels, judged by probes that see a few."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from hiddenspace import checks
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError, UsageError
from hiddenspace.models.encoding import Encoding
from hiddenspace.space.labelling import Target, Task, read_target, stratified_draw
from hiddenspace.space.probing import PROBES, booster, probe_score
from hiddenspace.space.representations import (
    BASELINES,
    BOTH,
    TITLES,
    Encode,
    chosen_models,
    default_epochs,
    learned,
)
from hiddenspace.space.verdicts import verdict
from hiddenspace.space.watching import watched

MOST_TESTED = 10_000
MOST_DRAWN = 0.7
"""Of the labels there are: draws of more would be much alike."""
Row = dict[str, Any]


def compare(
    source: Any,
    *,
    labels: ArrayLike | str | None = None,
    task: Task = "auto",
    label_counts: int | Sequence[int] = (100, 600, 1000, 3000),
    seeds: int = 3,
    code: int | None = None,
    models: str | Encoding | Sequence[str] | Mapping[str, Any] | None = None,
    probes: str | Sequence[str] = PROBES,
    test_fraction: float = 0.2,
    items: int = 20_000,
    epochs: int | None = None,
    random_state: int = 0,
) -> pd.DataFrame:
    """Judges representations by how well probes tell labels from them, at several numbers of labels.

    For each seed: items are split into a training and a test part (where the source is not split already); each
    representation is learned from training items without labels; labels are drawn from the training part, each class
    in proportion, the same for all representations; probes learn from these and are scored on the test part.

    Parameters
    ----------
    source : anything `load_dataset` takes
        Images, rows or a table.
    labels : str or array-like of shape (n,), optional
        The column or array that holds labels, or the labels; by default those of the source. Missing labels: no probe
        sees those items, but representations are learned from them too.
    task : {"auto", "classes", "numbers"}
        What the labels are. By default text, truth values and at most 50 different whole numbers are classes; other
        numbers are measured, and probes then are regressions. At most 1,000 classes.
    label_counts : int or sequence of int
        How many labels the probes get. Where there are fewer, all there are.
    seeds : int
        How often everything is done anew, each time with another split, draw of labels and initial weights.
    code : int, optional
        Numbers in the code; by default that of each model.
    models : str, estimator, sequence of str, or dict of name -> str or estimator, optional
        Words as for `hiddenspace fit --model`, and 'random' for an untrained encoder; the raw values are always there.
        By default random, pca, autoencoder, sparse, redundant, denoising, masked and contrastive.
    probes : str, or sequence of {"linear", "knn", "xgboost"}
        See `probe_score`. XGBoost also gets the raw values and a code beside each other ("raw + ..."). Where it is not
        installed (extra `boost`), scikit-learn's HistGradientBoosting takes its place.
    test_fraction : float
        The part that is held out, where the source has no test part. At most 10,000 test items are used.
    items : int
        Representations are learned from at most so many training items, drawn at random.
    epochs : int, optional
        Passes over the data for models named by a word; by default images are seen 200,000 times in all, and for rows
        each model has its own default.
    random_state : int
        The first seed.

    Returns
    -------
    DataFrame
        A row for each representation, probe and number of labels: `representation`, `features` (how many), `probe`,
        `labels`, `accuracy` (or `R2`; the mean over seeds), `lowest`, `highest`, and `seconds` to learn the
        representation and the probe. In `attrs`: `metric`, `seeds` (how many), `verdict` (a list of sentences) and
        `notes` (likewise).

    Raises
    ------
    DataError
        If there is nothing to tell apart in the labels, they are like an id, or there are fewer than classes.
    UsageError
        If an argument makes no sense, there is no such column, or there are no labels.
    """
    counts = list(label_counts) if isinstance(label_counts, Sequence | np.ndarray) else [label_counts]
    probes = [probes] if isinstance(probes, str) else list(probes)
    _check(counts, seeds, probes, test_fraction, items, random_state)
    chosen = chosen_models(models)
    data, target = _read(source, labels, task)
    notes = [*target.notes()]
    rows: list[Row] = []
    with watched(seeds * len(chosen)) as step:
        for seed in range(random_state, random_state + seeds):
            parts = _parts(data, target, test_fraction, items, counts, seed)
            _note(notes, parts, chosen, probes, epochs)
            training = replace(data.take(parts.learned_from), labels=None)
            learning = {name: partial(learned, model, training, seed, code, epochs) for name, model in chosen.items()}
            which = f"seed {seed - random_state + 1} of {seeds}"
            rows += _judged([parts], learning, probes, partial(_begun, step, which))
    return _table(rows, target, seeds, "seed", notes)


def compare_fitted(
    training: Dataset,
    held_out: Dataset,
    models: Mapping[str, Encoding],
    *,
    label_counts: Sequence[int],
    draws: int = 3,
    random_state: int = 0,
) -> pd.DataFrame:
    """The same for models that are fitted already, beside raw values and a random encoder with a code of equal size.

    The models and the split are the same each time; only the labels that are drawn differ. Probes are the linear one
    and nearest neighbours.

    Parameters
    ----------
    training, held_out : Dataset
        With labels; models have seen the items of the first, and probes are judged on the others.
    models : mapping of name -> fitted model
        The last one gives the size of the random code.
    label_counts : sequence of int
        As for `compare`, but those below the number of classes are left out, and those above seven in ten of the
        labels there are: draws of so many are much alike. If none remains, seven in ten are drawn.
    draws : int
        How often labels are drawn.
    random_state : int
        Of the first draw.

    Returns
    -------
    DataFrame
        As from `compare`; `seeds` in its `attrs` is the number of draws, and the `seconds` are without learning.

    Raises
    ------
    DataError, UsageError
        As `compare`.
    """
    data = replace(training, test=held_out)
    target = _target(data, "auto")
    most = max(target.classes, int(MOST_DRAWN * target.known[: len(training)].sum()), 1)
    counts = [count for count in label_counts if target.classes <= count <= most] or [most]
    code = list(models.values())[-1].code_size_
    untrained = ("raw", "random")
    baselines = {TITLES[word]: partial(learned, word, training, random_state, code, None) for word in untrained}
    known = {name: partial(attrgetter("transform"), model) for name, model in models.items()}
    seeds = range(random_state, random_state + draws)
    parts = [_parts(data, target, 0.0, len(data), counts, seed) for seed in seeds]
    rows = [*_judged(parts, {**baselines, **known}, ("linear", "knn"), lambda name: None)]
    return _table(rows, target, draws, "draw", [*target.notes()])


def _begun(step: Callable[[str], None], which: str, name: str) -> None:
    step(f"{which}: {name}")


@dataclass(frozen=True, eq=False)
class Parts:
    """What one seed works on: the items, and positions among them."""

    data: Dataset
    target: Target
    learned_from: np.ndarray
    drawn: dict[int, np.ndarray]  # number of labels -> positions
    tested: np.ndarray
    seed: int
    notes: tuple[str, ...]


def _read(source: Any, labels: Any, task: Task) -> tuple[Dataset, Target]:
    """The items, with their test part if they came split, and their labels."""
    data = load_dataset(source, labels=labels)
    return data, _target(data, task)


def _target(data: Dataset, task: Task) -> Target:
    """The labels of both parts, the test part's last."""
    known = [data.labels] if data.test is None else [data.labels, data.test.labels]
    given = [part for part in known if part is not None]
    if len(given) < len(known):
        raise UsageError(f"{data.name} has no labels to judge by; name their column with labels=, or give them.")
    if any(part.dtype.kind not in "biu" for part in given):  # which NumPy would not join with text
        given = [part.astype(str) for part in given]
    return read_target(np.concatenate(given), task)


def _parts(data: Dataset, target: Target, fraction: float, items: int, label_counts: Sequence[int], seed: int) -> Parts:
    rng = np.random.default_rng(seed)
    known = np.flatnonzero(target.known)
    if data.test is None:
        held_out = stratified_draw(target, known, _at_least_one_each(target, round(fraction * len(known))), seed)
    else:
        held_out = known[known >= len(data)]
    training = np.setdiff1d(np.arange(len(data)), held_out)
    labelled = np.intersect1d(training, known)
    if not len(held_out) or not len(labelled):
        raise DataError(f"{data.name} has no labels in its training or its test part; give labels for both.")
    counts, notes = _possible(label_counts, target, labelled)
    tested = np.sort(rng.permutation(held_out)[:MOST_TESTED])
    if len(tested) < len(held_out):
        notes.append(f"Of {len(held_out):,} test items, {MOST_TESTED:,} drawn at random were used.")
    learned_from = np.sort(rng.permutation(training)[:items])
    if len(learned_from) < len(training):
        notes.append(
            f"Representations were learned from {items:,} of {len(training):,} training items; items= takes more."
        )
    drawn = {count: stratified_draw(target, labelled, count, seed) for count in counts}
    return Parts(data, target, learned_from, drawn, tested, seed, tuple(notes))


def _at_least_one_each(target: Target, count: int) -> int:
    return max(1, target.classes, count)


def _possible(label_counts: Sequence[int], target: Target, labelled: np.ndarray) -> tuple[list[int], list[str]]:
    """The counts for which there are labels; larger ones become all there are."""
    present = len(np.unique(target.values[labelled])) if target.classes else 2
    if min(label_counts) < present:
        raise UsageError(f"{min(label_counts)} labels are too few for {present} classes; draw one of each at least.")
    counts = sorted({min(int(count), len(labelled)) for count in label_counts})
    if max(label_counts) <= len(labelled):
        return counts, []
    return counts, [f"The training part has {len(labelled):,} labels; in place of larger counts all of them were used."]


def _judged(
    draws: Sequence[Parts],
    learning: Mapping[str, Callable[[], Encode]],
    probes: Sequence[str],
    step: Callable[[str], None],
) -> Iterator[Row]:
    """All scores of some draws of labels from the same items: each representation is learned once, raw values first."""
    first = draws[0]
    needed = np.unique(np.concatenate([positions for parts in draws for positions in parts.drawn.values()]))
    raw: tuple[np.ndarray, np.ndarray] | None = None
    for name, learn in learning.items():
        step(name)
        begun = time.perf_counter()
        encode = learn()
        features = encode(first.data.take(needed)), encode(_tested(first))
        seconds = time.perf_counter() - begun
        for parts in draws:
            yield from _probed(parts, name, probes, needed, features, seconds)
        if raw is None:
            raw = features
        elif "xgboost" in probes:
            beside = tuple(np.hstack(pair) for pair in zip(raw, features, strict=True))
            for parts in draws:
                yield from _probed(parts, BOTH + name, ["xgboost"], needed, beside, seconds)


def _tested(parts: Parts) -> Dataset:
    """The test items, from the source's own test part where it has one: its positions go on from the last."""
    if parts.data.test is None:
        return parts.data.take(parts.tested)
    return parts.data.test.take(parts.tested - len(parts.data))


def _probed(
    parts: Parts, name: str, probes: Sequence[str], needed: np.ndarray, features: Sequence[np.ndarray], seconds: float
) -> Iterator[Row]:
    """Scores of one representation: features of the labelled items `needed`, and of the test items."""
    values = parts.target.values
    for count, positions in parts.drawn.items():
        few = features[0][np.searchsorted(needed, positions)]
        for probe in probes:
            begun = time.perf_counter()
            score = probe_score(
                probe,
                few,
                values[positions],
                features[1],
                values[parts.tested],
                classes=parts.target.classes > 0,
                seed=parts.seed,
            )
            took = seconds + time.perf_counter() - begun
            yield {
                "representation": name,
                "features": few.shape[1],
                "probe": probe,
                "labels": count,
                "seed": parts.seed,
                "score": score,
                "seconds": took,
            }


def _table(rows: Sequence[Row], target: Target, seeds: int, repeated: str, notes: Sequence[str]) -> pd.DataFrame:
    """Mean, lowest and highest over seeds, in the order in which things were judged, and what they say."""
    scores, metric = pd.DataFrame(rows), target.metric
    groups = scores.groupby(["representation", "features", "probe", "labels"], sort=False)
    table = groups["score"].agg(["mean", "min", "max"]).set_axis([metric, "lowest", "highest"], axis=1)
    table = table.assign(seconds=groups["seconds"].mean()).reset_index()
    said = verdict(scores, metric, repeated)
    table.attrs = {"metric": metric, "seeds": seeds, "verdict": said, "notes": [*notes]}
    return table


def _note(notes: list[str], parts: Parts, chosen: Mapping[str, Any], probes: Sequence[str], epochs: int | None) -> None:
    """What a reader should know, each sentence once."""
    said = [*parts.notes]
    passes = default_epochs(parts.data.kind, len(parts.learned_from))
    if epochs is None and passes is not None and set(chosen) - set(BASELINES):
        said.append(f"Models had {passes} epoch{'s' * (passes > 1)}, which is short; epochs= gives them more.")
    if "xgboost" in probes and booster() != "XGBoost":
        said.append("XGBoost is not installed (pip install 'hiddenspace[boost]'); HistGradientBoosting took its place.")
    notes += [sentence for sentence in said if sentence not in notes]


def _check(
    label_counts: Sequence[int],
    seeds: int,
    probes: Sequence[str],
    test_fraction: float,
    items: int,
    random_state: int,
) -> None:
    checks.whole("seeds", seeds)
    checks.whole("items", items)
    checks.number("test_fraction", test_fraction, least=0, above=0, below=1)
    if not label_counts:
        raise UsageError("label_counts is empty; give at least one number of labels, such as [100].")
    for count in label_counts:
        checks.whole("label_counts", count)
    checks.seed("random_state", random_state)
    if unknown := [probe for probe in probes if probe not in PROBES] or ([] if probes else ["nothing"]):
        raise UsageError(f"there is no probe {unknown[0]!r}; use {', '.join(PROBES)}.")
