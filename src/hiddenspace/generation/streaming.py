"""New items by the million: written as they are made."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from PIL import Image

from hiddenspace.data.format import Format
from hiddenspace.errors import HiddenspaceError, UsageError, writing

IN_FILES = (1, 3, 4)
"""Channels that image files have."""
MEND = "give another file name, or make room there"


def write_items(parts: Iterator[np.ndarray], n: int, format_: Format, path: Path) -> None:
    """Items in model space, batch by batch, as a .npy file, or images as a folder with a PNG for each.

    Images are written as bytes, (n, h, w) or (n, h, w, c), rows as float32 in the units of the data. Memory holds one
    batch.

    Raises
    ------
    UsageError
        If these items cannot be written so.
    HiddenspaceError
        If the operating system refuses.
    """
    check_streamed(format_, path)
    with writing(path, MEND, HiddenspaceError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix:
            draft = path.with_name(f".{path.name}.part")  # whole, or not there
            try:
                _write_array(parts, n, format_, draft)
                os.replace(draft, path)
            finally:
                with suppress(OSError):  # it is gone where all went well, and else what failed first is told
                    draft.unlink()
        else:
            write_pictures((picture for part in parts for picture in _bytes(part)), path)


def check_streamed(format_: Format, path: Path) -> None:
    """Before anything is made, whether items of this kind can be written so."""
    if (
        format_.kind == "table"
        or path.suffix.lower() not in ("", ".npy")
        or (format_.kind == "vectors" and not path.suffix)
    ):
        kinds = {"images": ".npy, or a folder", "vectors": ".npy", "table": "sample() and DataFrame.to_parquet"}
        raise UsageError(f"{format_.kind} cannot be streamed to {path}; use {kinds[format_.kind]}.")
    if not path.suffix and format_.shape[0] not in IN_FILES:
        raise UsageError(f"no image file holds {format_.shape[0]} channels; end {path} with .npy.")


def _write_array(parts: Iterator[np.ndarray], n: int, format_: Format, path: Path) -> None:
    file, start = None, 0
    for part in parts:
        items = _bytes(part) if format_.kind == "images" else np.asarray(format_.to_data(part), np.float32)
        if file is None:
            file = open_memmap(path, "w+", items.dtype, (n, *items.shape[1:]))
        file[start : start + len(items)] = items
        start += len(items)
    if file is not None:
        file.flush()


def write_pictures(pictures: Iterable[np.ndarray], folder: Path) -> None:
    """Bytes (h, w) or (h, w, c) each as a PNG, numbered."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{number:07d}.png")


def _bytes(x: np.ndarray) -> np.ndarray:
    """(n, c, h, w) in [0, 1] -> (n, h, w) or (n, h, w, c) uint8."""
    pixels = np.round(255 * np.clip(x, 0, 1)).astype(np.uint8).transpose(0, 2, 3, 1)
    return pixels[..., 0] if pixels.shape[3] == 1 else np.ascontiguousarray(pixels)
