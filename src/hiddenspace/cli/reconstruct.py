"""`hiddenspace reconstruct RUN SOURCE`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from rich.console import Console

from hiddenspace.errors import HiddenspaceError, UsageError
from hiddenspace.estimator import load


def command(given: Sequence[str]) -> Callable[..., Any]:
    """The command."""
    return reconstruct


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
    try:
        if model.format_.kind == "images" and not path.suffix:
            written = _write_pictures(model, dataset, path, limit)
        else:
            written = _write_array(model.reconstruct(dataset), path)
    except OSError as error:
        raise HiddenspaceError(f"cannot write {out} ({error.strerror or error}); give another --out.") from error
    Console(stderr=True).print(f"{written:,} reconstructions: {out}", highlight=False)


def _write_pictures(model: Any, dataset: Any, folder: Path, limit: int) -> int:
    from hiddenspace.pictures import rows
    from hiddenspace.pictures.channels import as_pixels
    from hiddenspace.runs.measuring import pictures_of

    some = dataset.take(np.arange(min(limit, len(dataset))))
    originals, rebuilt = pictures_of(model, some)
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(as_pixels(rebuilt)):
        stem = Path(some.ids[number]).stem if some.ids is not None else f"{number:05d}"
        Image.fromarray(picture.squeeze()).save(
            folder / f"{number:05d}-{stem}.png" if some.ids else folder / f"{stem}.png"
        )
    shown = min(12, len(some))
    figure = rows({"original": originals[:shown], "reconstruction": rebuilt[:shown]})
    figure.savefig(folder / "overview.png", dpi=150)
    return len(some)


def _write_array(values: np.ndarray | pd.DataFrame, path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = values if isinstance(values, pd.DataFrame) else None
    match path.suffix.lower():
        case ".npy" if frame is None:
            np.save(path, np.asarray(values))
        case ".csv" if frame is not None or np.ndim(values) == 2:
            pd.DataFrame(values).to_csv(path, index=False)
        case ".parquet" if frame is not None:
            frame.to_parquet(path, index=False)
        case _:
            wanted = ".csv or .parquet" if frame is not None else ".npy"
            raise UsageError(f"these reconstructions cannot be written as {path.name}; end it with {wanted}.")
    return len(values)
