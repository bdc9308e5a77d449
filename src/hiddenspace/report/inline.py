"""Pictures as text inside the page."""

import warnings
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO

from matplotlib.figure import Figure
from PIL import Image

from hiddenspace.pictures.theme import DARK, LIGHT, Theme

_DOTS = 192  # two for each CSS pixel
_CSS_DOTS = 96
_QUALITY = 90  # of WebP, of 100


@dataclass(frozen=True)
class Picture:
    """A picture that the template can place: one source for light paper, perhaps another for dark."""

    light: str  # data URI
    width: int  # in CSS pixels
    height: int
    alt: str
    dark: str | None = None
    crisp: bool = False  # small pixels stay squares


def picture(image: Image.Image, alt: str, *, crisp: bool = False, photographic: bool = False) -> Picture:
    """Put an image in at its own size; a photographic one as `drawn` does it."""
    buffer, form = BytesIO(), "webp" if photographic else "png"
    image.save(buffer, form, quality=_QUALITY)
    return Picture(_uri(buffer, form), image.width, image.height, alt, crisp=crisp)


def drawn(draw: Callable[[Theme], Figure], alt: str, models: tuple[str, ...], *, photographic: bool = False) -> Picture:
    """Draw a chart once in light and once in dark ink, both on no ground, with the page's colours.

    One that is full of photographs becomes a WebP file, with losses that nobody sees and a third as heavy.
    """
    themes = (replace(theme, models=models) for theme in (LIGHT, DARK))
    (light, width, height), (dark, _, _) = (_render(draw(theme), "webp" if photographic else "png") for theme in themes)
    return Picture(light, width, height, alt, dark=dark)


def _render(figure: Figure, form: str) -> tuple[str, int, int]:
    buffer = BytesIO()
    with warnings.catch_warnings():
        # A name in a script that no font here has is drawn as boxes; the tables beside the charts show it right.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        settings = {} if form == "png" else {"pil_kwargs": {"quality": _QUALITY}}
        figure.savefig(buffer, format=form, dpi=_DOTS, transparent=True, **settings)
    width, height = figure.get_size_inches()
    return _uri(buffer, form), round(width * _CSS_DOTS), round(height * _CSS_DOTS)


def _uri(buffer: BytesIO, form: str = "png") -> str:
    return f"data:image/{form};base64," + b64encode(buffer.getvalue()).decode()
