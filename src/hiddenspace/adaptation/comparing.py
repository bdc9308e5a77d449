"""Did it help? Methods of adaptation side by side, with a net of the source alone below and one of the target above."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from sklearn.base import clone
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from hiddenspace import checks
from hiddenspace.adaptation.domain_adapter import DomainAdapter
from hiddenspace.adaptation.health import AdaptationWarning
from hiddenspace.adaptation.signs import likely_gain
from hiddenspace.adaptation.source_only import SourceOnly
from hiddenspace.adaptation.watching import CRITERIA
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError, UsageError
from hiddenspace.models.targets import stratified
from hiddenspace.names import ADAPTERS, find
from hiddenspace.nets.modes import in_evaluation
from hiddenspace.training.events import Observer, Row
from hiddenspace.training.game import Game
from hiddenspace.training.trainer import Trainer

Scoring = Literal["accuracy", "balanced_accuracy"]
SCORES = {"accuracy": accuracy_score, "balanced_accuracy": balanced_accuracy_score}
SOURCE, CEILING = "source", "target-trained"
PEEKED = "best epoch by target labels"
"""Not a result: nobody without target labels could choose that epoch."""
EVALUATION = "evaluation/score"


class TargetJudge(Observer):
    """Scores each epoch on labelled target items, of which the training learns nothing."""

    def __init__(self, model: DomainAdapter, items: Dataset, labels: np.ndarray, scoring: Scoring) -> None:
        self.model, self.items, self.labels, self.scoring = model, items, labels, scoring
        self._game: Game | None = None
        self._read: Dataset | None = None

    def started(self, game: Game, first_round: int, rounds: int) -> None:
        self._game = game

    def figures(self, row: Row) -> dict[str, float]:
        game: Any = self._game
        if self._read is None:
            self._read = self.model.read(self.items)
        device = next(game.parameters()).device
        with in_evaluation(game), torch.inference_mode():
            named = [game.head(game.encoder(x.to(device)).float()).argmax(1) for x in self.model._batches(self._read)]
        labels = self.model.classes_[torch.cat(named).cpu().numpy()]
        return {EVALUATION: float(SCORES[self.scoring](self.labels, labels))}


@dataclass(frozen=True)
class _Fitted:
    """One training: the criteria of the epoch that was kept, seconds, and scores where there are labels for them."""

    criteria: dict[str, float]
    seconds: float
    scores: dict[str, float]


def compare_adaptation(
    X_source: Any,
    y_source: Any,
    X_target: Any,
    *,
    methods: Sequence[str | DomainAdapter] | Mapping[str, DomainAdapter] = ("source", "dann", "cdan", "shot"),
    seeds: int = 3,
    evaluate: tuple[Any, Any] | None = None,
    target_training: tuple[Any, Any] | None = None,
    scoring: Scoring = "accuracy",
    random_state: int = 0,
    **params: Any,
) -> pd.DataFrame:
    """Trains several methods with several seeds, and says how they fare on the target domain.

    Parameters
    ----------
    X_source, y_source, X_target
        As in `DANN.fit`.
    methods : sequence of str or estimators, or dict of name -> estimator
        'source', 'adversarial', 'dann', 'adda', 'cdan', 'coral' and 'shot' are the estimators with their defaults.
        'source' is added where it is missing: it is what the others are held against.
    seeds : int
        How often everything is trained, with the seeds random_state, random_state + 1, ...
    evaluate : pair (X, y), optional
        Labelled target items that take no part in any training, for the scores. Without them there are none, and the
        methods are held against each other by what needs no labels.
    target_training : pair (X, y), optional
        Labelled target items that a net of the row 'target-trained' learns from, and no other. By default it is trained
        on one half of `evaluate` and scored on the other, and the other way round.
    scoring : 'accuracy' or 'balanced_accuracy'
        The mean over items, or over classes.
    random_state : int
        The first seed.
    **params
        For all methods that are named by a word and have such a parameter: epochs=, encoder=, size=, trainer=, ...

    Returns
    -------
    DataFrame
        A row for each method: its score by the weights of the last epoch (the mean over seeds, under the name of the
        scoring), `lowest` and `highest`; the scores of the epochs that need no target label to be chosen, `by source`,
        `by information` and `by density`; and `best epoch by target labels`, which is what one would have got by
        choosing with the labels of `evaluate`, and no result. Then the criteria themselves (`source`, `information`,
        `density`, see `validation_`) and `seconds` a training. In `attrs`: `metric`, `seeds`, and `verdict`, a list of
        sentences.

    Raises
    ------
    UsageError
        If an argument makes no sense.
    DataError
        As in `DANN.fit`.
    """
    checks.whole("seeds", seeds)
    checks.seed("random_state", random_state)
    if scoring not in SCORES:
        raise UsageError(f"scoring={scoring!r} is unknown; use {' or '.join(map(repr, SCORES))}.")
    chosen = _chosen(methods, params)
    test = None if evaluate is None else _labelled(evaluate, "evaluate")
    found: dict[str, list[_Fitted]] = {name: [] for name in chosen}
    ceiling: list[_Fitted] = []
    for seed in range(random_state, random_state + seeds):
        for name, model in chosen.items():
            found[name].append(_fitted(model, seed, X_source, y_source, X_target, test, scoring))
        if test is not None:
            ceiling.append(_ceiling(chosen[SOURCE], seed, test, target_training, scoring))
    table = {name: _row(fits, scoring) for name, fits in found.items()}
    if ceiling:
        table[CEILING] = _row(ceiling, scoring)
    frame = pd.DataFrame.from_dict(table, orient="index").rename_axis("method").reset_index()
    frame.attrs |= {"metric": scoring, "seeds": seeds, "verdict": verdict(found, scoring)}
    return frame


def _chosen(methods: Any, params: Mapping[str, Any]) -> dict[str, DomainAdapter]:
    named = methods.items() if isinstance(methods, Mapping) else [(_name(one), one) for one in methods]
    chosen = {name: _model(one, params) for name, one in named}
    return chosen if SOURCE in chosen else {SOURCE: _model(SOURCE, params), **chosen}


def _name(one: Any) -> str:
    return one if isinstance(one, str) else type(one).__name__


def _model(one: Any, params: Mapping[str, Any]) -> DomainAdapter:
    if isinstance(one, DomainAdapter):
        model: DomainAdapter = clone(one)
        return model
    if one not in ADAPTERS:
        raise UsageError(f"there is no method {one!r}; use {', '.join(ADAPTERS)}, or an estimator.")
    made = find(ADAPTERS[one])
    known = made._get_param_names()
    return made(**{name: value for name, value in params.items() if name in known})  # type: ignore[no-any-return]


def _labelled(pair: Any, name: str) -> tuple[Dataset, np.ndarray]:
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise UsageError(f"{name} is no pair; give it as (X, y), items and their labels.")
    items = load_dataset(pair[0])
    labels = np.asarray(items.labels if pair[1] is None else pair[1])
    if labels.ndim != 1 or len(labels) != len(items):
        raise DataError(f"{name} has {len(items):,} items but labels of shape {labels.shape}; give one for each item.")
    return replace(items, labels=None, test=None), labels


def _fitted(
    model: DomainAdapter,
    seed: int,
    X: Any,
    y: Any,
    X_target: Any,
    test: tuple[Dataset, np.ndarray] | None,
    scoring: Any,
) -> _Fitted:
    model = clone(model).set_params(random_state=seed)
    trainer = model.trainer or Trainer()
    if test is not None:
        trainer = replace(trainer, observers=[*trainer.observers, TargetJudge(model, *test, scoring)])
    model.set_params(trainer=trainer)
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AdaptationWarning)  # the table shows it
        model.fit(X, y, X_target=X_target)
    seconds = time.perf_counter() - started
    criteria = {name: model.health_.figures[name] for name in CRITERIA if name in model.health_.figures}
    scores = {} if test is None else scores_of(model, test, scoring)
    return _Fitted(criteria, seconds, scores)


def scores_of(model: DomainAdapter, test: tuple[Dataset, np.ndarray], scoring: Any) -> dict[str, float]:
    """By the weights that were kept, and of the epochs that each criterion, and the labels themselves, would choose."""
    items, labels = test
    by_epoch = [row[EVALUATION] for row in model.history_]
    chosen = {f"by {name}": by_epoch[int(np.argmax(values))] for name, values in model.validation_.items()}
    return {scoring: float(SCORES[scoring](labels, model.predict(items))), **chosen, PEEKED: max(by_epoch)}


def _ceiling(
    model: Any, seed: int, test: tuple[Dataset, np.ndarray], training: tuple[Any, Any] | None, scoring: Any
) -> _Fitted:
    """What a net of target labels reaches, trained apart from what it is scored on."""
    items, labels = test
    net: SourceOnly = clone(model).set_params(random_state=seed)
    if hasattr(net, "statistics"):
        net.set_params(statistics="source")
    started = time.perf_counter()
    if training is not None:
        net.fit(*_labelled(training, "target_training"))
        score = float(SCORES[scoring](labels, net.predict(items)))
    else:
        halves = stratified(labels, 0.5, seed)
        named = np.empty_like(labels)
        for mine, other in (halves, halves[::-1]):
            named[other] = net.fit(items.take(mine), labels[mine]).predict(items.take(other))
        score = float(SCORES[scoring](labels, named))
    return _Fitted({}, time.perf_counter() - started, {scoring: score})


def _row(fits: Sequence[_Fitted], scoring: str) -> dict[str, float]:
    row: dict[str, float] = {}
    for name in fits[0].scores:
        values = [fit.scores[name] for fit in fits]
        row[name] = float(np.mean(values))
        if name == scoring:
            row |= {"lowest": min(values), "highest": max(values)}
    row |= {name: float(np.mean([fit.criteria[name] for fit in fits])) for name in fits[0].criteria}
    return {**row, "seconds": float(np.mean([fit.seconds for fit in fits]))}


def verdict(found: Mapping[str, Sequence[_Fitted]], scoring: str) -> list[str]:
    """Whether adaptation helped: by scores where there are any, else by what the answers themselves say."""
    others = {name: fits for name, fits in found.items() if name != SOURCE}
    return [_byscores_of(name, fits, found[SOURCE], scoring) for name, fits in others.items()]


def _byscores_of(name: str, fits: Sequence[_Fitted], plain: Sequence[_Fitted], scoring: str) -> str:
    if not fits[0].scores:
        return _by_criteria(name, fits, plain)
    mine, before = ([fit.scores[scoring] for fit in many] for many in (fits, plain))
    gain = float(np.mean(mine) - np.mean(before))
    against = f"{np.mean(mine):.1%} against {np.mean(before):.1%} of the source's net"
    if gain <= 0:
        return f"{name}: no gain, {against}."
    sure = "" if min(mine) > max(before) else ", though not with every seed"
    return f"{name} helped: {against} ({scoring.replace('_', ' ')}){sure}."


def _by_criteria(name: str, fits: Sequence[_Fitted], plain: Sequence[_Fitted]) -> str:
    """Both criteria of the target's answers, seed by seed."""
    helped = likely_gain([fit.criteria for fit in plain], [fit.criteria for fit in fits])
    if helped:
        return f"{name} is likely to have helped: its answers on the target are surer and lie in denser clusters."
    if helped is False:
        return (
            f"{name} is unlikely to have helped: its answers on the target are no surer and lie in no denser clusters."
        )
    return f"{name}: the signs disagree on whether it helped; label some target items and give them as evaluate=."
