"""The page of a painted picture: what it was painted from, the picture, what is left of the loss, and a verdict."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from hiddenspace.pictures.painting import kinds_of, layer_of, term_curves, terms_of
from hiddenspace.pictures.theme import DARK, LIGHT, Theme
from hiddenspace.report.inline import Picture, drawn, picture
from hiddenspace.report.writing import new_environment, write_page
from hiddenspace.style.judging import StyleJudgement

_SOURCE = 640
"""Pixels of the longer side of what it was painted from, at most."""


@dataclass(frozen=True)
class PaintedPicture:
    """What there is to say of it.

    Parameters
    ----------
    name : str
        What it is called.
    made : ndarray (h, w, 3) of bytes
    content : ndarray (h, w, 3) of bytes, optional
    styles : sequence of (name, ndarray (h, w, 3) of bytes)
    terms, weights, history, features
        As `StyleTransfer` has them.
    judged : StyleJudgement, optional
    settings : dict of group -> dict of name -> value
    """

    name: str
    made: NDArray[np.uint8]
    styles: Sequence[tuple[str, NDArray[np.uint8]]]
    terms: Mapping[str, float]
    weights: Mapping[str, float]
    history: Sequence[Mapping[str, float]]
    features: str
    content: NDArray[np.uint8] | None = None
    judged: StyleJudgement | None = None
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def write_painting(painted: PaintedPicture, path: str | os.PathLike[str]) -> Path:
    """Write it as one HTML file that needs nothing else.

    Raises
    ------
    HiddenspaceError
        If the file cannot be written.
    """
    page = new_environment().get_template("painting.html")
    kinds = kinds_of(painted.terms)
    content = [] if painted.content is None else [("content", painted.name, painted.content)]
    styles = [("style", name, pixels) for name, pixels in painted.styles]
    text = page.render(
        run=painted,
        light=LIGHT,
        dark=DARK,
        sources=[(kind, name, _source(pixels, name)) for kind, name, pixels in (*content, *styles)],
        made=picture(Image.fromarray(painted.made), "the painted picture", photographic=True),
        curves=[(kind, _curves(painted, kind)) for kind in kinds if painted.history],
        rows=[(kind, [_row(painted, term) for term in terms_of(kind, painted.terms)]) for kind in kinds],
        loss=sum(painted.terms.values()),
    )
    return write_page(text, path)


def _source(pixels: NDArray[np.uint8], name: str) -> Picture:
    image = Image.fromarray(pixels)
    image.thumbnail((_SOURCE, _SOURCE), Image.Resampling.LANCZOS)
    return picture(image, name, photographic=True)


def _curves(painted: PaintedPicture, kind: str) -> Picture:
    return drawn(partial(_draw, painted, kind), f"{kind}: what is left over the steps", ())


def _draw(painted: PaintedPicture, kind: str, theme: Theme) -> Figure:
    return term_curves(painted.history, painted.weights, kind, theme=theme)


def _row(painted: PaintedPicture, term: str) -> tuple[str, float, float, float]:
    """Layer, distance, weight, and their product."""
    value, weight = painted.terms[term], painted.weights[term]
    return layer_of(term), value / weight, weight, value
