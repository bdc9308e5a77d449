"""Images small enough that a page of them stays light."""

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hiddenspace.pictures.channels import as_pixels

_LARGEST = 160  # pixels of the longer side
_BUDGET = 2_500_000  # bytes of pixels in one section, before compression


def thumbnails(images: NDArray[Any], copies: float) -> NDArray[np.uint8]:
    """Turn images into bytes and shrink large ones, so that `copies` such sets fit into a section's budget."""
    pixels = as_pixels(images)
    n, h, w = pixels.shape[:3]
    side = int(min(_LARGEST, sqrt(_BUDGET / (3 * n * copies))))
    if max(h, w) <= side:
        return pixels
    ratio = side / max(h, w)
    size = (max(1, round(w * ratio)), max(1, round(h * ratio)))
    return np.stack([np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS)) for image in pixels])


def enlargement(pixels: NDArray[Any], target: int) -> int:
    """Say by which whole factor images (n, h, w, ...) grow to come near the target; the page does the rest."""
    side = int(max(pixels.shape[1:3]))
    return target // side if 2 * side <= target else 1 + (side < target)
