"""Images and their reconstructions, in rows beneath each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiddenspace.pictures.mosaic import tile
from hiddenspace.report.inline import Picture, picture
from hiddenspace.report.summary import Items, RunSummary
from hiddenspace.report.thumbnails import enlargement, thumbnails

ORIGINAL = "original"
_SHOWN = 16
_TARGET = 96  # CSS pixels
_SMALL_SIDE = 32  # images up to this side stay readable eight abreast on a phone


@dataclass(frozen=True)
class Block:
    """Some items: a strip of pictures for the originals and for each model."""

    strips: Sequence[tuple[str, Picture]]
    half: bool  # two such blocks fit beside each other


def image_blocks(run: RunSummary) -> list[Block]:
    """Cut the first images into blocks of eight (of four where images are large), each with a strip per model."""
    originals = run.originals
    if run.kind != "images" or not isinstance(originals, np.ndarray) or not len(originals):
        return []
    sets = {ORIGINAL: originals, **arrays(run.reconstructions)}
    pixels = {name: thumbnails(images[:_SHOWN], len(sets)) for name, images in sets.items()}
    across = 8 if max(originals.shape[1:3]) <= _SMALL_SIDE else 4
    return [_block(pixels, start, across) for start in range(0, len(pixels[ORIGINAL]), across)]


def _block(pixels: Mapping[str, NDArray[np.uint8]], start: int, across: int) -> Block:
    strips = [(name, _strip(name, images[start : start + across], start)) for name, images in pixels.items()]
    return Block(strips, half=across == 4)


def _strip(name: str, pixels: NDArray[np.uint8], start: int) -> Picture:
    scale = enlargement(pixels, _TARGET)
    image = tile(pixels, columns=len(pixels), scale=scale, gap=4)
    return picture(image, f"{name}: items {start + 1} to {start + len(pixels)}", crisp=scale > 1)


def arrays(items: Mapping[str, Items]) -> dict[str, NDArray[Any]]:
    """Keep those models whose items are arrays."""
    return {name: array for name, array in items.items() if isinstance(array, np.ndarray)}
