"""What the hidden space holds, as a page shows it: map, neighbours, morphs, samples, and what few labels reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hiddenspace.pictures.atlas import NAMES, atlas
from hiddenspace.pictures.bundle import bundle
from hiddenspace.pictures.mosaic import tile
from hiddenspace.pictures.theme import Theme
from hiddenspace.report.cells import plain_text
from hiddenspace.report.hues import model_names
from hiddenspace.report.inline import Picture, drawn, picture
from hiddenspace.report.scores import label_counts, scores_by_probe
from hiddenspace.report.summary import Items, RunSummary
from hiddenspace.report.thumbnails import enlargement, thumbnails
from hiddenspace.space.maps import Map

_SIDE = 64  # CSS pixels of a picture in a strip
_COLUMNS = 16  # of a table


@dataclass(frozen=True)
class Shown:
    """Some items in a row: one picture of them all, or a table with a column for each."""

    caption: str
    picture: Picture | None = None
    lead: Picture | None = None  # the first of them, set apart
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


def space_sections(run: RunSummary) -> dict[str, Any]:
    """Draw what there is; nothing where the run has no space."""
    space = run.space
    if space is None:
        nothing: dict[str, Any] = {"map": None, "map_method": "", "neighbours": [], "morphs": [], "samples": None}
        return nothing | {"growth": [], "few_labels": None}
    models = model_names(run)
    named = list(zip(space.neighbours, space.neighbour_ids, strict=True))
    growth = {} if run.sampled is None else run.sampled.growth
    samples = [] if space.samples is None else [space.samples]
    strips = [*space.neighbours, *space.morphs.values(), *growth.values(), *samples]
    room = partial(_Room, models, sum(len(items) for items in strips if isinstance(items, np.ndarray)))
    return {
        "map": _map(space.map, models),
        "map_method": "" if space.map is None else NAMES[space.map.method],
        "neighbours": [_beside(items, ids, room()) for items, ids in named],
        "morphs": [shown(items, caption, room()) for caption, items in space.morphs.items()],
        "samples": None if space.samples is None else shown(space.samples, "samples", room(across=10)),
        "growth": [shown(items, caption, room()) for caption, items in growth.items()],
        "few_labels": None if space.few_labels is None else _few_labels(space.few_labels),
    }


@dataclass(frozen=True)
class _Room:
    """Where items are shown: the page's models, how many pictures share what a section may weigh, a row's length."""

    models: tuple[str, ...]
    pictures: int
    across: int | None = None


def shown(items: Items, caption: str, room: _Room, names: Sequence[str] = ()) -> Shown:
    """Show items side by side: pictures in a strip, vectors as lines over each other, rows of a table as columns."""
    if isinstance(items, Mapping):
        return table_beside(items, caption, names)
    if items.ndim == 2:
        return Shown(caption, drawn(partial(_draw_bundle, items), caption, room.models))
    return Shown(caption, _strip(items, caption, room))


def _beside(items: Items, ids: Sequence[str], room: _Room) -> Shown:
    caption = f"{ids[0]}: {', '.join(ids[1:])}"
    if isinstance(items, Mapping) or items.ndim == 2:
        return shown(items, caption, room, ids)
    return Shown(caption, _strip(items[1:], caption, room), lead=_strip(items[:1], ids[0], room))


def _strip(images: np.ndarray, alt: str, room: _Room) -> Picture:
    pixels = thumbnails(images, room.pictures / len(images))
    scale = enlargement(pixels, _SIDE)
    return picture(tile(pixels, columns=room.across or len(pixels), scale=scale, gap=4), alt, crisp=scale > 1)


def _few_labels(table: pd.DataFrame) -> dict[str, Any]:
    said = table.attrs
    return {
        "probes": scores_by_probe(table),
        "counts": label_counts(table),
        "metric": said["metric"],
        "draws": said["seeds"],
        "verdict": said["verdict"],
        "notes": said["notes"],
    }


def _map(found: Map | None, models: tuple[str, ...]) -> Picture | None:
    return (
        None
        if found is None
        else drawn(
            lambda theme: atlas(found, colour=found.colour(), theme=theme),
            "map of the codes",
            models,
            photographic=found.thumbnails is not None,
        )
    )


def table_beside(items: Mapping[str, Sequence[Any]], caption: str, names: Sequence[str]) -> Shown:
    """Show rows of a table beside each other, each column of it as a line; `names` stand above them."""
    columns = list(items)[:_COLUMNS]
    rows = [[name, *map(plain_text, items[name])] for name in columns]
    many = len(rows[0]) - 1
    return Shown(caption, header=["column", *(names or map(str, range(1, many + 1)))], rows=rows)


def _draw_bundle(items: np.ndarray, theme: Theme) -> Figure:
    return bundle(items, theme=theme)
