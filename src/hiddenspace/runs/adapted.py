"""What came of an adaptation: figures of both models, whether it helped, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table
from scipy.stats import binomtest

from hiddenspace.adaptation.domain_adapter import DomainAdapter
from hiddenspace.adaptation.signs import likely_gain
from hiddenspace.report.summary import AdaptedRow
from hiddenspace.runs.adapters import seconds_of
from hiddenspace.runs.domains import Domains, Evaluation
from hiddenspace.runs.narrator import Narrator
from hiddenspace.runs.settings import RunSettings
from hiddenspace.runs.verdict import CLOSE, typed

CHANCE = 0.05
"""Below such a probability a difference is no chance."""
UNTRUE = ("collapsed predictions", "negative transfer")
"""Troubles after which sure answers say nothing good."""
SEEN = ("held-out", "learned")
"""The source items that are judged on: where none are held out, those that were learned from."""
LEGEND = (
    "source: the share of {seen} source items named rightly{judged}; information and density of the answers for the "
    "target: higher is better; distance: 0 where features do not tell the domain, 2 where they always do."
)
RESTYLED = "Source images were given light and colours of target ones in training (restyling)."


@dataclass(frozen=True, eq=False)
class Told:
    """What a model says: of the target (n, classes) probabilities, and class numbers of the items to judge by."""

    chances: np.ndarray
    judged: np.ndarray | None

    @classmethod
    def of(cls, model: DomainAdapter, domains: Domains) -> Told:
        """By the fitted model."""
        evaluation = domains.evaluation
        judged = None if evaluation is None else model.predict_proba(evaluation.items).argmax(axis=1)
        return cls(model.predict_proba(domains.target), judged)

    @property
    def named(self) -> np.ndarray:
        """The class number of each target item."""
        most: np.ndarray = self.chances.argmax(axis=1)
        return most

    def right(self, evaluation: Evaluation) -> np.ndarray:
        """Which of the items to judge by are named rightly."""
        told: np.ndarray = np.asarray(self.judged) == evaluation.numbers
        return told


def conclude(
    settings: RunSettings,
    folder: Path,
    domains: Domains,
    models: Mapping[str, DomainAdapter],
    told: Mapping[str, Told],
    narrator: Narrator,
) -> dict[str, Any]:
    """The table at the end, what is to be wary of, whether it helped, and what to do next."""
    rows = [_row(name, model, told[name], domains) for name, model in models.items()]
    last = list(models.values())[-1]
    narrator.say(_table(rows))
    judged = ", target: of those judged by" if domains.evaluation is not None else ""
    narrator.say(LEGEND.format(seen=SEEN[not settings.held_out], judged=judged))
    if last.data_["restyled"]:
        narrator.say(RESTYLED)
    for trouble in last.health_.troubles:
        narrator.say(f"Take care, {trouble}")
    sentence = verdict(
        rows, told, domains, [trouble.name for trouble in last.health_.troubles], SEEN[not settings.held_out]
    )
    steps = next_steps(settings, folder)
    narrator.say(sentence)
    for step in steps:
        narrator.say("  " + step.replace("`", ""))
    evaluation = domains.evaluation
    return {
        "adapted": [asdict(row) for row in rows],
        "judged_against": None if evaluation is None else evaluation.against,
        "health": last.health_.config(),
        "verdict": sentence,
        "next_steps": steps,
        "items": {
            "labelled": len(domains.source),
            "unlabelled": len(domains.target),
            "judged_by": 0 if evaluation is None else len(evaluation.items),
        },
        "broken": [asdict(b) for b in (*domains.source.broken, *domains.target.broken)],
        "predictions": str(folder / "predictions.csv"),
        "report": str(folder / "report.html"),
    }


def verdict(rows: list[AdaptedRow], told: Mapping[str, Told], domains: Domains, troubles: list[str], seen: str) -> str:
    """One sentence: whether adaptation helped, by labels where there are any, else by what the answers say."""
    if len(rows) == 1:
        return _of_one(rows[0], domains, seen)
    return _by_labels(rows, told, domains) if domains.evaluation is not None else _by_signs(rows, troubles)


def _of_one(row: AdaptedRow, domains: Domains, seen: str) -> str:
    if domains.evaluation is None:
        return (
            f"Nothing was adapted: {row.name} names {row.source_accuracy:.1%} of {seen} source items rightly, and "
            "how many of the target only labels can say."
        )
    return f"Nothing was adapted: {row.name} names {row.target_accuracy:.1%} of {domains.evaluation.against} rightly."


def _by_labels(rows: list[AdaptedRow], told: Mapping[str, Told], domains: Domains) -> str:
    """With a sign test on the items of which only one of the two is right."""
    before, after = rows[-2:]
    assert domains.evaluation is not None
    right, was_right = (told[row.name].right(domains.evaluation) for row in (after, before))
    won, lost = int((right & ~was_right).sum()), int((~right & was_right).sum())
    chance = binomtest(won, won + lost).pvalue if won + lost else 1.0
    figures = (
        f"{after.target_accuracy:.1%} of {domains.evaluation.against} are named rightly, and "
        f"{before.target_accuracy:.1%} without adaptation"
    )
    if won <= lost:
        return f"{after.name}: no gain{' but harm' if chance <= CHANCE else ''}, {figures}."
    if chance > CHANCE:
        return f"{after.name}: no gain that could not be chance, {figures} (p = {chance:.2g})."
    return f"{after.name} helped: {figures}."


def _by_signs(rows: list[AdaptedRow], troubles: list[str]) -> str:
    before, after = rows[-2:]
    helped = likely_gain([_signs(before)], [_signs(after)], CLOSE)
    figures = [f"information {after.information:#.3g} after {before.information:#.3g}"]
    if after.density is not None and before.density is not None:
        figures.append(f"density {after.density:#.3g} after {before.density:#.3g}")
    of_which = f" ({', '.join(figures)})"
    if helped and (wary := [name for name in troubles if name in UNTRUE]):
        return (
            f"Whether {after.name} helped cannot be said: its answers on the target are surer{of_which}, but there is "
            f"{' and '.join(wary)}; only labels of some target items can tell, given with --evaluate."
        )
    if helped:
        return (
            f"{after.name} is likely to have helped: its answers on the target are surer, and lie in denser clusters"
            f"{of_which}. Only labels of some target items can prove it, given with --evaluate."
        )
    if helped is False:
        return (
            f"{after.name} is unlikely to have helped: its answers on the target are hardly surer, and lie in hardly "
            f"denser clusters{of_which}; {before.name} may name it as well or better."
        )
    return (
        f"The signs disagree on whether {after.name} helped{of_which}, source accuracy {after.source_accuracy:.1%} "
        f"after {before.source_accuracy:.1%}; label some target items and give them with --evaluate."
    )


def _signs(row: AdaptedRow) -> dict[str, float]:
    figures = {"source": row.source_accuracy, "information": row.information, "density": row.density}
    return {name: value for name, value in figures.items() if value is not None}


def next_steps(settings: RunSettings, folder: Path) -> list[str]:
    """What a person may want to run now, as it can be pasted into a shell where the run was started."""
    assert settings.target is not None
    source, target = (shlex.quote(typed(place)) for place in (settings.source, settings.target))
    run, labels = shlex.quote(str(folder)), settings.data.get("labels")
    size = settings.params.get("size")
    same = (f" --labels {shlex.quote(labels)}" if labels else "") + (f" --size {size}" if size else "")
    same += "" if settings.data.get("channels", "auto") == "auto" else f" --channels {settings.data['channels']}"
    same += f" --evaluate {shlex.quote(typed(settings.evaluate))}" if settings.evaluate else ""
    other = "shot" if settings.model != "shot" else "cdan"
    steps = [
        f"Names for other such items: `hiddenspace predict {run} {target} --out labels.csv`",
        f"Features of such items, for another classifier: `hiddenspace transform {run} {target} --out codes.npy`",
        f"Another method: `hiddenspace adapt {source} {target}{same} --method {other}`",
    ]
    if settings.evaluate is None:
        steps.append("Whether it helped: label some target items, and start it again with `--evaluate SOURCE`")
    return [*steps, f'In Python: `model = hs.load("{folder}")`, `model.predict(items)`, `model.health_`']


def _row(name: str, model: DomainAdapter, told: Told, domains: Domains) -> AdaptedRow:
    figures = model.health_.figures
    judged = None if domains.evaluation is None else float(told.right(domains.evaluation).mean())
    return AdaptedRow(
        name,
        figures["source"],
        figures.get("information"),
        figures.get("density"),
        figures.get("distance"),
        judged,
        seconds_of(model),
    )


def _table(rows: list[AdaptedRow]) -> Table:
    """Narrow enough for a terminal of 80 columns; `LEGEND` says what the headings mean."""
    judged = any(row.target_accuracy is not None for row in rows)
    table = Table("model")
    for name in ["source", *["target"] * judged, "information", "density", "distance", "seconds"]:
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        accuracies = [f"{row.source_accuracy:.1%}", *([f"{row.target_accuracy:.1%}"] if judged else [])]
        figures = ["-" if f is None else f"{f:#.3g}" for f in (row.information, row.density, row.distance)]
        table.add_row(row.name, *accuracies, *figures, f"{row.seconds:.1f}")
    return table
