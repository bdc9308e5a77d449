"""`hiddenspace reconstruct RUN SOURCE`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console

from hiddenspace import checks
from hiddenspace.cli.files import OUT, check_ending, is_folder, write_values
from hiddenspace.errors import HiddenspaceError, ModelError, writing
from hiddenspace.models.coder import Coder
from hiddenspace.runs.reading import model_and_data
from hiddenspace.space.waiting import waiting

ENDINGS = {"images": (".npy",), "vectors": (".npy", ".csv"), "table": (".csv", ".parquet")}
"""Of files, by the kind of data; images may also go into a folder."""


def reconstruct(run: str, source: str, *, out: str | None = None, limit: int = 100) -> None:
    """Encode data and decode it again, as files to look at.

    Example: hiddenspace reconstruct runs/digits-autoencoder digits --out pictures/

    Parameters
    ----------
    run : str
        A run folder, or a folder or Hub name of a saved model.
    source : str
        Data of the kind and shape that the model was trained on; columns of a table that it does not know are left out.
    out : str
        For images a folder (one PNG each, and overview.png with originals above reconstructions) or a .npy file; for
        tables a .csv or .parquet file; for vectors a .npy or .csv file. By default the folder reconstructed/, or
        reconstructed.csv, or reconstructed.npy.
    limit : int
        Images are written for this many items at most; arrays and tables for all.
    """
    checks.whole("limit", limit)
    model, dataset = model_and_data(run, source)
    if not isinstance(model, Coder):
        raise ModelError(
            f"{run} holds a {type(model).__name__}, whose codes cannot be decoded; use transform for them."
        )
    endings = ENDINGS[dataset.kind]
    path = Path(out or f"reconstructed{'' if dataset.kind == 'images' else endings[0]}")
    if dataset.kind == "images" and is_folder("these reconstructions", out or str(path), endings):
        with writing(path, OUT, HiddenspaceError), waiting(f"decoding {min(limit, len(dataset)):,} images ..."):
            written = _write_pictures(model, dataset, path, limit)
    else:
        check_ending("these reconstructions", path, endings)
        with waiting(f"decoding {len(dataset):,} items ..."):
            rebuilt = model.reconstruct(dataset)
        written = len(rebuilt)
        write_values(rebuilt, path)
    Console(stderr=True).print(f"{written:,} reconstructions: {path}", highlight=False)


def _write_pictures(model: Any, dataset: Any, folder: Path, limit: int) -> int:
    from hiddenspace.pictures import rows
    from hiddenspace.pictures.channels import as_pixels
    from hiddenspace.runs.measuring import pictures_of

    some = dataset.take(np.arange(min(limit, len(dataset))))
    originals, rebuilt = pictures_of(model, some)
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(as_pixels(rebuilt)):
        name = "" if some.ids is None else f"-{Path(some.ids[number]).stem}"
        Image.fromarray(picture).save(folder / f"{number:05d}{name}.png")
    shown = min(12, len(some))
    figure = rows({"original": originals[:shown], "reconstruction": rebuilt[:shown]})
    figure.savefig(folder / "overview.png", dpi=150)
    return len(some)
