"""Which sections a report has, and what each shows."""

from typing import Any

import numpy as np

from hiddenspace.pictures.theme import BASELINE
from hiddenspace.report import charts
from hiddenspace.report.adapted_sections import adapted_contents, adapted_sections
from hiddenspace.report.cards import item_cards, worst_cards
from hiddenspace.report.galleries import image_blocks
from hiddenspace.report.space_sections import space_sections
from hiddenspace.report.summary import RunSummary

_BROKEN = 50
MEANINGS = {
    "frechet": "How far new items are from those that were learned from: the generator of the lowest was kept.",
    "discriminator.tell": "The discriminator's loss. Losses of players who learn against each other need not fall; "
    "look whether they stay where they are.",
    "discriminator.slopes": "The penalty on the slopes of the discriminator.",
    "discriminator.right": "How often the discriminator knows the real one of a pair: 0.5 when it cannot tell, near 1 "
    "when it has won and teaches nothing any more.",
    "discriminator.guess": "How far off the discriminator is when it guesses what real items are.",
    "generator.fool": "The generator's loss.",
    "generator.guess": "How far off the discriminator is when it guesses what new items shall be.",
    "precision": "The share of new items that lie among real ones.",
    "recall": "The share of real items that lie among new ones.",
    "coverage": "The share of real items with a new one near.",
    "overfitting": "How far held-out items are judged like generated ones: 0 not at all, 1 quite the same.",
    "augmentation": "How strongly images were augmented, against learning them by heart.",
    "diversity": "How far two new items are apart, 1 being the distance of two real ones.",
}
"""Of what is recorded while a generator learns."""
OF_DOMAINS = {
    "domain": "The discriminator's loss, which it minimises and the features maximise.",
    "right": "How often the discriminator knows the domain of an item: 0.5 when it cannot tell.",
    "discriminator.right": "How often the discriminator knows the domain of an item: 0.5 when it cannot tell.",
    "classification": "The cross-entropy of the source's labels.",
    "classifier.classification": "The cross-entropy of the source's labels.",
    "classifier.fool": "How far the features of the source are from passing for those of the target.",
    "encoder.fool": "How far the features of the target are from passing for those of the source.",
    "coral": "How far the covariances of the features of the two domains are apart.",
    "consistency": "How far confident answers on the target change when its items are distorted.",
    "entropy": "How unsure the answers on the target are.",
    "marginal": "Minus the entropy of the mean answer: low when not all items are answered alike.",
    "pseudo": "The cross-entropy of the labels that the centroids of the classes give.",
    "source": "The accuracy on held-out items of the source.",
    "information": "What the answers tell of items of the target, in nats: sure answers that are not all alike.",
    "density": "The soft neighbourhood density of the answers on the target.",
}
"""Of what is recorded while labels are carried over to another domain."""


def sections(run: RunSummary) -> dict[str, Any]:
    """Draw all that there is data for; the template leaves out what is empty here."""
    shown = {
        "blocks": image_blocks(run),
        "beside": item_cards(run),
        "worst": worst_cards(run),
        "column_bars": charts.column_bars(run),
        "scatters": charts.scatters(run),
        "learning": charts.learning(run),
        "code_size": charts.code_size(run),
        "needed": needed(run),
        "by_codes": any(row.mse is None for row in run.models) and any(row.probe is not None for row in run.models),
        "filters": charts.filters(run),
        "broken": list(run.broken)[:_BROKEN],
        "meanings": MEANINGS | (OF_DOMAINS if run.adapted is not None else {}),
    }
    shown |= space_sections(run)
    shown["adapted"] = adapted_sections(run)
    return {**shown, "contents": contents(run, shown)}


def contents(run: RunSummary, shown: dict[str, Any]) -> list[tuple[str, str]]:
    """List (anchor, words) of the sections that are there, in their order."""
    drawn = {("samples", "Samples"): shown["samples"], ("growth", "Growing up"): shown["growth"]}
    there = {
        ("result", "Result"): run.models or run.verdict,
        **(drawn if run.sampled else {}),  # of a generator they come first
        **adapted_contents(shown["adapted"]),
        ("beside", "Before and after"): shown["blocks"] or shown["beside"],
        ("worst", "The worst"): shown["worst"],
        ("columns", "Columns"): shown["column_bars"] or shown["scatters"],
        ("learning", "Learning"): shown["learning"],
        ("size", "Code size"): shown["code_size"],
        ("code", "The code"): shown["filters"],
        ("map", "Map"): shown["map"],
        ("neighbours", "Neighbours"): shown["neighbours"],
        ("morphs", "Morphs"): shown["morphs"],
        **drawn,
        ("labels", "Few labels"): shown["few_labels"],
        ("data", "Data"): run.data or run.notes or run.broken,
        ("next", "What next"): run.next_steps,
        ("settings", "Settings"): run.settings,
    }
    return [entry for entry, content in there.items() if content]


def needed(run: RunSummary) -> list[tuple[str, int, int | None]]:
    """Tell for each model (name, its code size, the code size at which PCA explains as much; None: never)."""
    if run.pca_curve is None or not len(run.pca_curve):
        return []
    best_so_far = np.maximum.accumulate(np.asarray(run.pca_curve, float))
    found = []
    for row in run.models:
        if row.name != BASELINE and row.explained_variance is not None:
            at = int(np.searchsorted(best_so_far, row.explained_variance)) + 1
            found.append((row.name, row.code_size, at if at <= len(best_so_far) else None))
    return found
