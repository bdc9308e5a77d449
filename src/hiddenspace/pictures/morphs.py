"""A sum of images: + + - = and what comes out."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from PIL import Image

from hiddenspace.errors import UsageError
from hiddenspace.pictures.channels import as_pixels
from hiddenspace.pictures.mosaic import tile
from hiddenspace.pictures.theme import LIGHT, Theme

_DPI = 100
_SIGN = 26
"""Pixels that a sign takes."""


def equation(
    plus: ArrayLike,
    minus: ArrayLike,
    result: ArrayLike,
    *,
    scale: int | None = None,
    theme: Theme = LIGHT,
    paper: str = "none",
) -> Figure:
    """Draw a + b - c = d with images of one size, at exact pixel multiples.

    Parameters
    ----------
    plus, minus : (n, h, w) or (n, h, w, c)
        What is added, at least one, and what is taken away.
    result : (h, w) or (h, w, c)
        What comes out.
    scale : int, optional
        As in `tile`.
    theme : Theme
        Colours.
    paper : str
        The ground's colour, transparent by default.

    Raises
    ------
    UsageError
        If nothing is added, or the images are of different sizes.

    """
    added, taken = np.asarray(plus), np.asarray(minus)
    images = [*added, *taken, np.asarray(result)]
    if not len(added) or len({image.shape for image in images}) > 1:
        raise UsageError("a sum needs at least one image to add, and all images of one size.")
    terms = [tile(image[None], scale=scale) for image in as_pixels(np.stack(images))]
    signs = [*["", *["+"] * (len(added) - 1)], *["−"] * len(taken), "="]
    (width, height), gaps = terms[0].size, _SIGN * (len(terms) - 1)
    figure = Figure(figsize=((width * len(terms) + gaps) / _DPI, height / _DPI), dpi=_DPI, facecolor=paper)
    for left, sign, term in _placed(terms, signs):
        _draw(figure, left, sign, term, theme)
    return figure


def _placed(terms: list[Image.Image], signs: list[str]) -> Iterator[tuple[int, str, Image.Image]]:
    for i, (term, sign) in enumerate(zip(terms, signs, strict=True)):
        yield i * (term.width + _SIGN), sign, term


def _draw(figure: Figure, left: int, sign: str, term: Image.Image, theme: Theme) -> None:
    whole = figure.get_figwidth() * _DPI
    axes = figure.add_axes((left / whole, 0, term.width / whole, 1), facecolor="none", label=str(left))
    axes.imshow(np.asarray(term.convert("RGBA")), interpolation="nearest", aspect="auto")
    axes.set_axis_off()
    middle = (left - _SIGN / 2) / whole
    figure.text(middle, 0.5, sign, ha="center", va="center_baseline", fontsize=15, color=theme.ink)
