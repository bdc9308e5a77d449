"""A map of many things as one HTML file that needs no network."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.colors import to_hex

from hiddenspace.pictures.atlas import title
from hiddenspace.pictures.colouring import HUES, RAMP, Classes, understood
from hiddenspace.pictures.sprites import sprites
from hiddenspace.pictures.theme import DARK, LIGHT

if TYPE_CHECKING:
    from hiddenspace.space.maps import Map

METADATA_BUDGET = 3_500_000
"""Bytes of metadata in a page; the columns that are too much are left out, and the page says so."""
_LONGEST = 200  # characters of a value


def atlas_page(map_: Map, colour: str | None = None) -> str:
    """Make the page: zoom, pan, look, colour by any column, search, select with a lasso, save the selection as CSV.

    Nothing is fetched from anywhere, and a Content-Security-Policy allows nothing but the page's own script and style,
    by their hashes; what metadata say is shown as text only. Thumbnails are one sheet, the smaller the more there are,
    and the page stays below 15 MB. The part of the address after # can hold a view: colour, zoom, x, y, size, search,
    show (the number of an item) and lasso, such as #zoom=4&x=0.3&y=0.5.

    Parameters
    ----------
    map_ : Map
        What to show.
    colour : str, optional
        The column of metadata that gives the colours at first.

    Returns
    -------
    str
        The file's content.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("hiddenspace.pictures"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    folder = files("hiddenspace.pictures") / "templates"
    script = (folder / "atlas.js").read_text("utf-8")
    style = environment.from_string((folder / "atlas.css").read_text("utf-8")).render(light=LIGHT, dark=DARK)
    content = page_data(map_, colour)
    return environment.get_template("atlas.html").render(
        title=title(map_),
        notes=_notes(map_, content),
        script=Markup(script),
        style=Markup(style),
        script_hash=_hash(script),
        style_hash=_hash(style),
        # a < in an embedded script could end it
        data=Markup(
            json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
        ),
    )


def page_data(map_: Map, colour: str | None) -> dict[str, Any]:
    """What the page's script reads."""
    columns, left_out = _columns(map_.metadata, colour)
    return {
        "points": _points(map_.coordinates),
        "ids": [_plain(id_) for id_ in map_.ids],
        "columns": columns,
        "leftOut": left_out,
        "colour": colour,
        "sprites": None if map_.thumbnails is None else _sprites(map_.thumbnails),
        "hues": HUES,
        "ramp": [to_hex(colormaps[RAMP](i / 31)) for i in range(32)],
    }


def _points(coordinates: np.ndarray) -> list[list[float]]:
    """Within the unit square, y downwards as on a screen, with the map's proportions and its middle in the middle."""
    low, high = coordinates.min(axis=0).astype(float), coordinates.max(axis=0).astype(float)
    unit = (coordinates - (low + high) / 2) / (float((high - low).max()) or 1.0)
    return [[round(0.5 + float(x), 5), round(0.5 - float(y), 5)] for x, y in unit]


def _columns(metadata: pd.DataFrame, colour: str | None) -> tuple[list[dict[str, Any]], int]:
    """The columns that fit into the budget, the one that gives the colours before all others."""
    names = sorted(metadata.columns, key=lambda name: name != colour)
    kept: dict[str, dict[str, Any]] = {}
    room = METADATA_BUDGET
    for name in names:
        column = _column(name, metadata[name])
        room -= len(json.dumps(column, ensure_ascii=False).encode())
        if room < 0:
            break
        kept[name] = column
    return [kept[name] for name in metadata.columns if name in kept], len(names) - len(kept)


def _column(name: str, values: pd.Series[Any]) -> dict[str, Any]:
    known = understood(values)
    if isinstance(known, Classes):
        levels = [level if len(level) <= _LONGEST else f"{level[: _LONGEST - 1]}…" for level in known.levels]
        return {"name": str(name), "levels": levels, "named": known.named, "values": known.codes.tolist()}
    shown = [None if np.isnan(value) else float(f"{value:.10g}") for value in known.values]
    return {"name": str(name), "low": known.low, "high": known.high, "dates": known.dates, "values": shown}


def _sprites(thumbnails: list[bytes]) -> dict[str, Any]:
    sheet = sprites(thumbnails)
    cells = np.full(len(thumbnails), -1)
    cells[sheet.shown] = np.arange(len(sheet.shown))
    return {
        "uri": sheet.uri,
        "side": sheet.side,
        "columns": sheet.columns,
        "cells": cells.tolist(),
        "sizes": sheet.sizes.tolist(),
    }


def _notes(map_: Map, content: dict[str, Any]) -> list[str]:
    notes = []
    if content["sprites"] is not None:
        shown = len(content["sprites"]["sizes"])
        if shown < len(map_):
            notes.append(f"Pictures of {shown:,} of the items, drawn at random, so that the page stays small.")
    if content["leftOut"]:
        notes.append(f"{content['leftOut']:,} columns are left out, so that the page stays small.")
    return notes


def _plain(value: Any) -> int | str:
    return int(value) if isinstance(value, int | np.integer) else str(value)


def _hash(text: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()
