"""Many small images as one picture in which every input pixel is a square of whole pixels."""

from __future__ import annotations

from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from hiddenspace.pictures.channels import as_pixels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 100


def tile(images: ArrayLike, *, columns: int | None = None, scale: int | None = None, gap: int = 2) -> Image.Image:
    """Lay images out in a grid, row by row, with transparent gaps.

    Parameters
    ----------
    images : (n, h, w) or (n, h, w, c)
        What `as_pixels` takes.
    columns : int, optional
        Images per row; about as many as there are rows by default.
    scale : int, optional
        How many pixels wide each input pixel becomes (nearest neighbour, so values stay exact);
        by default as many as keep an image within 64 pixels, at least 1.
    gap : int
        Transparent pixels between neighbours; there is no outer border.

    Returns
    -------
    PIL.Image.Image
        Mode LA for grey images, RGBA for colour.

    Raises
    ------
    UsageError
        As `as_pixels`.

    """
    pixels = as_pixels(images)
    scale = scale or max(1, 64 // max(pixels.shape[1:3]))
    pixels = pixels.repeat(scale, axis=1).repeat(scale, axis=2)
    return Image.fromarray(_lay_out(pixels, columns or ceil(sqrt(len(pixels))), gap))


def grid(images: ArrayLike, *, columns: int | None = None, scale: int | None = None, gap: int = 2) -> Figure:
    """Show what `tile` makes as a matplotlib figure of exactly its size in pixels.

    Parameters and errors are those of `tile`.
    """
    from matplotlib.figure import Figure

    picture = tile(images, columns=columns, scale=scale, gap=gap)
    figure = Figure(figsize=(picture.width / _DPI, picture.height / _DPI), dpi=_DPI, facecolor="none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(np.asarray(picture.convert("RGBA")), interpolation="nearest", aspect="auto")
    axes.set_axis_off()
    return figure


def _lay_out(pixels: NDArray[np.uint8], columns: int, gap: int) -> NDArray[np.uint8]:
    """Put (n, h, w[, 3]) on a transparent canvas (H, W, channels + alpha)."""
    n, h, w = pixels.shape[:3]
    pixels = pixels.reshape(n, h, w, -1)
    columns = min(columns, n)
    lines = ceil(n / columns)
    size = (lines * (h + gap) - gap, columns * (w + gap) - gap, pixels.shape[-1] + 1)
    canvas = np.zeros(size, np.uint8)
    for i, image in enumerate(pixels):
        top, left = i // columns * (h + gap), i % columns * (w + gap)
        canvas[top : top + h, left : left + w, :-1] = image
        canvas[top : top + h, left : left + w, -1] = 255
    return canvas
