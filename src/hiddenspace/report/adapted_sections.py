"""Labels carried over to another domain, as a page shows it: figures, maps, class shares, mix-ups, criteria."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiddenspace.pictures.confusions import confusion
from hiddenspace.pictures.criteria import criteria_curves
from hiddenspace.pictures.domains import domain_map
from hiddenspace.pictures.mosaic import tile
from hiddenspace.pictures.shares import class_shares
from hiddenspace.pictures.theme import LIGHT
from hiddenspace.report.inline import Picture, drawn, picture
from hiddenspace.report.space_sections import Shown, table_beside
from hiddenspace.report.summary import Adapted, AdaptedRow, RunSummary
from hiddenspace.report.thumbnails import enlargement, thumbnails

_POINTS = 3000  # on a map; more would only cover each other
_SMALL = 2.8  # inches of a map that shows domains alone
_ITEMS = 24
_ROWS = 8  # of a table
_SIDE = 72  # CSS pixels of an item


@dataclass(frozen=True)
class AdaptedShown:
    """What there is to show; what is empty is left out."""

    rows: Sequence[tuple[AdaptedRow, str]]  # with the class of style that has its colour
    judged: bool  # some row knows how many target items are told right
    called: Sequence[tuple[str, Picture]]  # target items, and the words for them
    table: Shown | None  # likewise, rows of a table
    maps: Sequence[tuple[str, Picture]]
    domains: Sequence[tuple[str, Picture]]
    shares: Picture | None
    confusion: Picture | None
    criteria: Picture | None


def adapted_sections(run: RunSummary) -> AdaptedShown | None:
    """Draw what there is; None where the run has not to do with two domains."""
    made = run.adapted
    if made is None:
        return None
    models = tuple(row.name for row in made.models[1:])  # the first has the baseline's colour
    placed = [] if made.is_target is None else list(made.places)
    return AdaptedShown(
        rows=[(row, _hue(i)) for i, row in enumerate(made.models)],
        judged=any(row.target_accuracy is not None for row in made.models),
        called=_called(made),
        table=_called_rows(made),
        maps=[(name, _map(made, name, models)) for name in placed if name in made.labels],
        domains=[(name, _domains(made, name, models)) for name in placed],
        shares=_shares(made, models),
        confusion=_confusion(made, models),
        criteria=_criteria(made, run.best_epoch, models),
    )


def adapted_contents(shown: AdaptedShown | None) -> dict[tuple[str, str], Any]:
    """Name the sections (anchor, words), each with what makes it worth showing."""
    if shown is None:
        return {}
    return {
        ("adapted", "Source to target"): True,
        ("called", "Target items"): shown.called or shown.table,
        ("domains", "Both domains"): shown.domains,
        ("shares", "Class shares"): shown.shares,
        ("confusion", "Mix-ups"): shown.confusion,
        ("criteria", "Choosing"): shown.criteria,
    }


def _hue(position: int) -> str:
    return f"series{(position - 1) % len(LIGHT.series)}" if position else "baseline"


def _called(made: Adapted) -> list[tuple[str, Picture]]:
    items, words = made.target_items, made.target_words[:_ITEMS]
    if not isinstance(items, np.ndarray) or items.ndim < 3 or not words:
        return []
    pixels = thumbnails(items[: len(words)], 1)
    scale = enlargement(pixels, _SIDE)
    images = [tile(image[None], columns=1, scale=scale) for image in pixels]
    return [
        (said, picture(image, f"a target item, called {said}", crisp=scale > 1))
        for said, image in zip(words, images, strict=True)
    ]


def _called_rows(made: Adapted) -> Shown | None:
    items, words = made.target_items, made.target_words[:_ROWS]
    if not isinstance(items, Mapping) or not items or not words:
        return None
    return table_beside({name: values[: len(words)] for name, values in items.items()}, "target items", words)


def _map(made: Adapted, name: str, models: tuple[str, ...]) -> Picture:
    where, target, labels = _thinned(made.places[name], made.is_target, made.labels[name])
    alt = f"features of both domains by {name}, coloured by class"
    return drawn(lambda theme: domain_map(where, target, labels, made.classes, theme=theme), alt, models)


def _domains(made: Adapted, name: str, models: tuple[str, ...]) -> Picture:
    where, target = _thinned(made.places[name], made.is_target)
    alt = f"features of both domains by {name}, coloured by domain"
    return drawn(lambda theme: domain_map(where, target, side=_SMALL, theme=theme), alt, models)


def _thinned(*arrays: NDArray[Any] | None) -> list[NDArray[Any]]:
    """At most so many items, spread over all of them."""
    given = [np.asarray(array) for array in arrays]
    kept = np.unique(np.linspace(0, len(given[0]) - 1, min(_POINTS, len(given[0]))).astype(int))
    return [array[kept] for array in given]


def _shares(made: Adapted, models: tuple[str, ...]) -> Picture | None:
    if not made.shares:
        return None
    before = made.models[0].name if made.models else None
    alt = f"shares of the classes: {', '.join(made.shares)}"
    return drawn(lambda theme: class_shares(made.shares, made.classes, before=before, theme=theme), alt, models)


def _confusion(made: Adapted, models: tuple[str, ...]) -> Picture | None:
    counts = made.confusion
    if counts is None:
        return None
    alt = "true against predicted classes of target items"
    return drawn(lambda theme: confusion(counts, made.classes, theme=theme), alt, models)


def _criteria(made: Adapted, kept: int | None, models: tuple[str, ...]) -> Picture | None:
    if not any(np.isfinite(np.asarray(values, float)).any() for values in made.validation.values()):
        return None
    alt = f"over epochs: {', '.join(made.validation)}"
    return drawn(lambda theme: criteria_curves(made.validation, made.chosen, kept=kept, theme=theme), alt, models)
