"""Pictures two by two: what is to be compared stands beside each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from hiddenspace.pictures.channels import as_pixels
from hiddenspace.pictures.mosaic import tile


def pairs(left: ArrayLike, right: ArrayLike, *, columns: int | None = None) -> Image.Image:
    """Lay out pairs in a grid, the two of a pair without a gap between them.

    Parameters
    ----------
    left, right : (n, h, w) or (n, h, w, c)
        What `as_pixels` takes, of the same shape.
    columns : int, optional
        Pairs per row; so many that the picture is about square by default.

    Returns
    -------
    PIL.Image.Image
        As `tile` has it.

    Raises
    ------
    UsageError
        As `as_pixels`.

    """
    first, second = as_pixels(left), as_pixels(right)
    height, width = first.shape[1:3]
    columns = columns or max(1, round(float(np.sqrt(len(first) * height / (2 * width)))))
    scale = max(1, 64 // max(height, width))
    return tile(np.concatenate([first, second], axis=2), columns=columns, scale=scale, gap=8)
