"""`hiddenspace reconstruct RUN SOURCE`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from rich.console import Console

from hiddenspace.cli.files import write_values, writing
from hiddenspace.estimator import load


def reconstruct(run: str, source: str, *, out: str = "reconstructed", limit: int = 100) -> None:
    """Encode data and decode it again, as files to look at.

    Example: hiddenspace reconstruct runs/digits-autoencoder digits --out pictures/

    Parameters
    ----------
    run : str
        A run folder, or a folder or Hub name of a saved model.
    source : str
        Data of the kind and shape that the model was trained on.
    out : str
        For images a folder (one PNG each, and overview.png with originals above reconstructions) or a .npy file; for
        tables a .csv or .parquet file; for vectors a .npy or .csv file.
    limit : int
        Images are written for this many items at most; arrays and tables for all.
    """
    model = load(run)
    dataset = model.read(source)
    path = Path(out)
    if model.format_.kind == "images" and not path.suffix:
        with writing(path):
            written = _write_pictures(model, dataset, path, limit)
    else:
        rebuilt = model.reconstruct(dataset)
        written = len(rebuilt)
        write_values("these reconstructions", rebuilt, path, _endings(rebuilt))
    Console(stderr=True).print(f"{written:,} reconstructions: {out}", highlight=False)


def _write_pictures(model: Any, dataset: Any, folder: Path, limit: int) -> int:
    from hiddenspace.pictures import rows
    from hiddenspace.pictures.channels import as_pixels
    from hiddenspace.runs.measuring import pictures_of

    some = dataset.take(np.arange(min(limit, len(dataset))))
    originals, rebuilt = pictures_of(model, some)
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(as_pixels(rebuilt)):
        name = "" if some.ids is None else f"-{Path(some.ids[number]).stem}"
        Image.fromarray(picture.squeeze()).save(folder / f"{number:05d}{name}.png")
    shown = min(12, len(some))
    figure = rows({"original": originals[:shown], "reconstruction": rebuilt[:shown]})
    figure.savefig(folder / "overview.png", dpi=150)
    return len(some)


def _endings(values: np.ndarray | pd.DataFrame) -> tuple[str, ...]:
    if isinstance(values, pd.DataFrame):
        return (".csv", ".parquet")
    return (".npy", ".csv") if values.ndim == 2 else (".npy",)
