"""Items one by one, each as a card: a picture or a small table of the original and its reconstructions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hiddenspace.pictures.lines import profile_lines
from hiddenspace.pictures.mosaic import tile
from hiddenspace.pictures.theme import Theme
from hiddenspace.report.cells import Cell, Spread, card_rows, spread_of
from hiddenspace.report.galleries import ORIGINAL, arrays
from hiddenspace.report.hues import model_names
from hiddenspace.report.inline import Picture, drawn, picture
from hiddenspace.report.summary import Items, RunSummary, Worst
from hiddenspace.report.thumbnails import enlargement, thumbnails

_SHOWN = {"vectors": 4, "table": 2}
_WORST = {"images": 9, "vectors": 4, "table": 2}
_TARGET, _GAP = 96, 4  # CSS pixels; three cards of original, PCA and one more then fit beside each other


@dataclass(frozen=True)
class Card:
    """One item."""

    name: str
    error: float | None = None
    picture: Picture | None = None
    rows: Sequence[tuple[str, Sequence[Cell]]] = ()
    width: int = 400  # CSS pixels that it wants
    more: int = 0  # columns left out


def item_cards(run: RunSummary) -> list[Card]:
    """Show the first vectors or table rows; images have their gallery."""
    if run.originals is None or run.kind == "images":
        return []
    many = min(_SHOWN[run.kind], _length(run.originals))
    names = list(run.ids[:many]) or [f"item {i + 1}" for i in range(many)]
    return [_card(run, run.originals, run.reconstructions, i, name, None) for i, name in enumerate(names)]


def worst_cards(run: RunSummary) -> list[Card]:
    """Show the items with the largest error."""
    worst = run.worst
    if worst is None:
        return []
    shown = min(_WORST[run.kind], _length(worst.originals), len(worst.ids))
    if run.kind == "images":
        return _image_cards(worst, shown)
    named = list(enumerate(zip(worst.ids, worst.errors, strict=True)))[:shown]
    return [_card(run, worst.originals, worst.reconstructions, i, name, error) for i, (name, error) in named]


def _image_cards(worst: Worst, shown: int) -> list[Card]:
    if not shown:
        return []
    sets = {ORIGINAL: np.asarray(worst.originals), **arrays(worst.reconstructions)}
    pixels = np.stack([thumbnails(images[:shown], len(sets)) for images in sets.values()], axis=1)
    scale = enlargement(pixels[0], _TARGET)
    made = []
    for name, error, item in zip(worst.ids, worst.errors, pixels, strict=False):
        image = tile(item, columns=len(sets), scale=scale, gap=_GAP)
        strip = picture(image, f"{name}: {', '.join(sets)}", crisp=scale > 1)
        made.append(Card(name, error, strip, width=min(strip.width, len(sets) * (_TARGET + _GAP) - _GAP)))
    return made


def _card(
    run: RunSummary, originals: Items, rebuilt: Mapping[str, Items], i: int, name: str, error: float | None
) -> Card:
    if isinstance(originals, np.ndarray):
        made = {model: array[i] for model, array in arrays(rebuilt).items()}
        draw = partial(_draw_profile, originals[i], made)
        return Card(name, error, drawn(draw, f"{name}: the original and {', '.join(made)}", model_names(run)))
    tables = [originals, *(table for table in rebuilt.values() if not isinstance(table, np.ndarray))]
    rows, more = card_rows(tables, i, _spread(run))
    return Card(name, error, rows=rows, more=more)


def _spread(run: RunSummary) -> Spread:
    """Measure it over all rows that are given, the worst among them: a few alone may all hold the same value."""
    given = [run.originals, None if run.worst is None else run.worst.originals]
    tables = [table for table in given if table is not None and not isinstance(table, np.ndarray)]
    return spread_of({name: [value for table in tables for value in table[name]] for name in tables[0]})


def _draw_profile(original: NDArray[Any], made: Mapping[str, NDArray[Any]], theme: Theme) -> Figure:
    return profile_lines(original, made, theme=theme)


def _length(items: Items) -> int:
    return len(items) if isinstance(items, np.ndarray) else min((len(column) for column in items.values()), default=0)
