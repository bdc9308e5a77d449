"""Items on a way through a hidden space as the file that a person wants: a strip, a film, or a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hiddenspace.cli.files import OUT, check_ending, write_values
from hiddenspace.errors import HiddenspaceError, UsageError, writing
from hiddenspace.pictures.animation import FILMS, animate
from hiddenspace.pictures.channels import as_pixels
from hiddenspace.space.hidden_space import HiddenSpace

ENDINGS = {"images": (".png", *FILMS, ".npy"), "vectors": (".csv", ".npy"), "table": (".csv", ".parquet")}
"""Of files, by the kind of data."""


def check_name(out: str | None, *, moves: bool = True) -> None:
    """Before a space is opened, whether items of any kind could be written so; a film only of what moves.

    Raises
    ------
    UsageError
        If not.
    """
    if out is None:
        return
    if not moves and Path(out).suffix.lower() in FILMS:
        raise UsageError("a sum of items does not move; end --out with .png or .npy.")
    check_ending("items", Path(out), list(dict.fromkeys(ending for kind in ENDINGS.values() for ending in kind)))


def path_for(space: HiddenSpace, out: str | None, name: str) -> Path:
    """Where the result goes, by default `name` with the first ending of its kind.

    Raises
    ------
    ModelError
        If the space has no decoder.
    UsageError
        If items of this kind cannot be written so.
    """
    space.check_decodes()
    path = Path(out or name + ENDINGS[space.kind][0])
    check_ending(f"{space.kind} on their way", path, ENDINGS[space.kind])
    return path


def write_way(space: HiddenSpace, items: Any, path: Path) -> None:
    """Items in their order: beside each other, one after another there and back, or row by row."""
    ending = path.suffix.lower()
    if ending in FILMS:
        animate(pixels_of(space, items), path)
    elif ending == ".png":
        from hiddenspace.pictures.mosaic import tile

        save(tile(pixels_of(space, items), columns=len(items)), path)
    else:
        write_values(items, path)


def pixels_of(space: HiddenSpace, items: np.ndarray) -> np.ndarray:
    """Images in the range of the data as bytes (n, h, w) or (n, h, w, 3)."""
    format_: Any = space.coding.format
    unit = (np.asarray(items, np.float32) - format_.range.low) / (format_.range.high - format_.range.low)
    return as_pixels(np.moveaxis(unit, 1, -1) if format_.layout == "chw" else unit)


def save(picture: Image.Image, path: Path) -> None:
    """As a PNG file."""
    with writing(path, OUT, HiddenspaceError):
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, "PNG")
