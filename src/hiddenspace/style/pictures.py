"""Pictures for style transfer: from files and arrays to tensors, the sizes they are looked at in, and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_sample_image
from torch import Tensor

from hiddenspace.data.image_decode import decode
from hiddenspace.data.image_header import Unreadable, read_header
from hiddenspace.data.image_plan import Plan
from hiddenspace.data.image_source import ImageSource, quiet_pillow
from hiddenspace.errors import DataError
from hiddenspace.nets.style_net import size_of

Size = tuple[int, int]
"""Height and width."""
SAMPLES = ("china.jpg", "flower.jpg")
"""Photographs that come with scikit-learn, for a first try; a file of that name comes before them."""
LEAST = 16
"""The shorter side of the smallest picture that has anything to look at."""
QUALITY = 95
"""Of files that lose something, of 100."""


def read_picture(source: Any, what: str, size: Callable[[Size], Size], channels: int = 3) -> Tensor:
    """A picture from a path, an array, a tensor or Pillow: (1, c, h, w) float32 in [0, 1], transparent parts on white.

    Parameters
    ----------
    source
        A path, or 'china.jpg' or 'flower.jpg' for the photographs of scikit-learn; an array (h, w), (h, w, 1),
        (h, w, 3) or (h, w, 4), or a tensor (c, h, w), of bytes, of 16 bits, of booleans or of floats in [0, 1]; or a
        picture of Pillow.
    what
        What errors call it.
    size
        Its own height and width -> those that it is read in.
    channels
        1 or 3.

    Raises
    ------
    DataError
        If it is no picture, or has less than 16 pixels on a side, by itself or in the size in which it is read.
    """
    image = _source(source, what)
    try:
        with quiet_pillow():
            header = read_header(image)
            height, width = size((header.height, header.width))
            if min(height, width, header.height, header.width) < LEAST:
                raise DataError(
                    f"{what} has {header.width}x{header.height} pixels and would be looked at with {width}x{height}; "
                    f"give a picture of at least {LEAST} a side."
                )
            plan = Plan(height, width, channels, "uint8")
            if objection := plan.objection(header):
                raise DataError(f"{what} has {objection.split(',')[0]}; give a picture in grey or colours.")
            pixels = decode(image, header, plan)
    except Unreadable as error:
        raise DataError(f"{what} cannot be read ({error}); give a picture, or the path of one.") from error
    return torch.tensor(pixels).permute(2, 0, 1)[None].float().contiguous() / 255


def as_bytes(picture: Tensor) -> NDArray[np.uint8]:
    """(1, 3, h, w) in [0, 1] -> (h, w, 3)."""
    pixels = (picture[0].clamp(0, 1) * 255).round().byte()
    return np.ascontiguousarray(pixels.permute(1, 2, 0).cpu().numpy())


def write_picture(pixels: NDArray[np.uint8], path: Path) -> None:
    """Bytes (h, w, 3) as a file of the kind that its name ends with, which is there whole or not at all.

    Raises
    ------
    OSError
        If the operating system refuses to write.
    """
    draft = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        Image.fromarray(pixels).save(draft, quality=QUALITY)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def resized(picture: Tensor, size: Size) -> Tensor:
    """(1, c, h, w) -> (1, c, *size), bicubic and smoothed where it gets smaller."""
    if size_of(picture) == size:
        return picture
    made = F.interpolate(picture, size=size, mode="bicubic", antialias=True, align_corners=False)
    return made.clamp(0, 1)


def with_longer_side(size: Size, side: int | None) -> Size:
    """The same proportions, with this longer side; without one, the size itself."""
    return size if side is None else _scaled(size, side / max(size))


def with_area(size: Size, area: float) -> Size:
    """The same proportions, with so many pixels; never more than it has."""
    return _scaled(size, min(1.0, math.sqrt(area / (size[0] * size[1]))))


def coarse_to_fine(size: Size, least: int) -> list[Size]:
    """Sizes that grow by the square root of 2 up to this one; the first has a longer side of `least` or a bit more."""
    count = max(0, math.floor(2 * math.log2(max(max(size) / least, 1)) + 1e-9))
    return [_scaled(size, 2 ** (-k / 2)) for k in range(count, -1, -1) if k == 0 or _is_large(size, 2 ** (-k / 2))]


def _is_large(size: Size, factor: float) -> bool:
    return min(_scaled(size, factor)) >= LEAST


def _scaled(size: Size, factor: float) -> Size:
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _source(source: Any, what: str) -> ImageSource:
    if isinstance(source, str | PathLike):
        path = Path(source).expanduser()
        if not path.is_file() and str(source) in SAMPLES:
            return ImageSource(what, Image.fromarray(load_sample_image(str(source))))
        if not path.is_file():
            raise DataError(f"{what} {str(path)!r} is no file; give the path of a picture.")
        return ImageSource(str(path), path)
    if isinstance(source, Image.Image):
        return ImageSource(what, source)
    return ImageSource(what, Image.fromarray(_pixels(source, what)))


def _pixels(source: Any, what: str) -> NDArray[np.uint8]:
    """Bytes (h, w), (h, w, 3) or (h, w, 4) of an array or tensor."""
    pixels = source.detach().cpu().numpy() if isinstance(source, Tensor) else np.asarray(source)
    if pixels.ndim == 3 and pixels.shape[0] in (1, 3, 4) and pixels.shape[2] not in (1, 3, 4):
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if 0 in pixels.shape or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))):
        raise DataError(f"{what} has the shape {pixels.shape}; give one picture, (h, w), (h, w, 3) or (h, w, 4).")
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        return (pixels / 257).round().astype(np.uint8)
    if pixels.dtype.kind not in "fb":
        raise DataError(f"{what} has values of type {pixels.dtype}; give bytes, or floats in [0, 1].")
    values = pixels.astype(np.float32)
    if not (values.min() >= 0 and values.max() <= 1):  # which NaN is not either
        raise DataError(f"{what} has values outside of [0, 1]; divide floats by their highest, or give bytes.")
    return (values * 255).round().astype(np.uint8)
