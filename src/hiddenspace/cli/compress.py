"""`hiddenspace compress RUN SOURCE`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console

from hiddenspace.cli.files import check_ending
from hiddenspace.cli.spaces import stored
from hiddenspace.data.dataset import Dataset
from hiddenspace.runs.reading import model_and_data
from hiddenspace.space.hidden_space import HiddenSpace
from hiddenspace.space.waiting import waiting

LOOKED_AT = 500
"""Images whose size as PNG files is measured, at most."""


def compress(run: str, source: str, *, out: str = "compressed.hs", loss: float = 0.3) -> None:
    """Write data as a small file of codes, which decompress reads with the same model.

    Example: hiddenspace compress runs/digits-autoencoder digits --out digits.hs

    Parameters
    ----------
    run : str
        A run folder, or a folder or Hub name of a saved model.
    source : str
        Data of the kind and shape that the model was trained on.
    out : str
        The file, ending in .hs.
    loss : float
        How much more error than that of unquantised codes is allowed, in decibel; less gives a larger file.
    """
    path = Path(out)
    check_ending("codes", path, (".hs",))
    screen = Console(stderr=True)
    model, dataset = model_and_data(run, source)
    with waiting("encoding, and finding the coarsest step ..."):
        space = HiddenSpace.open(run, model) if stored(run) else HiddenSpace(model, dataset)
        made = space.compress(dataset, path, loss=loss)
    peers = ", ".join(f"{size:,.1f} {what}" for what, size in _peers(dataset).items())
    screen.print(
        f"{made.items:,} items, {made.bytes:,} bytes: {made.bytes_per_item:,.1f} for each (against {peers}), "
        f"{made.lost:.2f} dB lost: {out}",
        highlight=False,
        soft_wrap=True,
    )


def _peers(dataset: Dataset) -> dict[str, float]:
    """Bytes of an item without the model."""
    items: Any = dataset.items
    if dataset.kind == "table":
        return {"as CSV": len(items.to_csv(index=False).encode()) / len(items)}
    raw = float(np.prod(items.shape[1:]) * np.dtype(items.dtype).itemsize)
    return {"raw": raw} if dataset.kind == "vectors" else {"raw": raw, "as PNG": _png_bytes(dataset)}


def _png_bytes(dataset: Dataset) -> float:
    """Of an image as a file of its own, with eight bits for each value."""
    from hiddenspace.pictures.channels import as_pixels

    chosen = np.sort(np.random.default_rng(0).permutation(len(dataset))[:LOOKED_AT])
    sizes = []
    for picture in as_pixels(_unit(np.asarray(dataset.take(chosen).items[:]))):
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "PNG", optimize=True)
        sizes.append(buffer.tell())
    return float(np.mean(sizes))


def _unit(images: np.ndarray) -> np.ndarray:
    """Bytes as they are, all else over its largest value."""
    return images if images.dtype == np.uint8 else images.astype(np.float32) / (float(np.max(images)) or 1.0)
