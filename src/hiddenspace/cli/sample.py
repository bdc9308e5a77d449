"""`hiddenspace sample RUN`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from cyclopts import Parameter
from PIL import Image
from rich.console import Console

from hiddenspace import checks
from hiddenspace.cli.files import OUT, check_ending, write_values
from hiddenspace.cli.moving import pixels_of, save
from hiddenspace.cli.spaces import space_of
from hiddenspace.errors import HiddenspaceError, UsageError, writing
from hiddenspace.metrics.copies import nearest as nearest_of
from hiddenspace.space.hidden_space import HiddenSpace, Method
from hiddenspace.space.items import free_name

ENDINGS = {"images": (".png", ".npy"), "vectors": (".csv", ".npy"), "table": (".csv", ".parquet")}
"""Of files, by the kind of data; images may also go into a folder."""


def sample(
    run: str,
    *,
    n: Annotated[int, Parameter(name=("--n", "-n"))] = 64,
    method: Method = "gmm",
    seed: int = 0,
    source: str | None = None,
    nearest: bool = False,
    out: str | None = None,
) -> None:
    """Make new items, like those that the model has learned from.

    Example: hiddenspace sample runs/digits-autoencoder -n 64 --source digits --out samples.png

    Parameters
    ----------
    run : str
        A run folder, or with --source also a folder or Hub name of a saved model.
    n : int
        How many.
    method : str
        What is fitted to the codes and drawn from: a mixture of Gaussians (gmm), one Gaussian (gaussian), a kernel
        density (kde), a small normalising flow (flow), or N(0, 1), for variational autoencoders (prior).
    seed : int
        Another one makes other items.
    source : str, optional
        The items whose codes are the example; by default those whose codes the run has stored.
    nearest : bool
        Show beside each new item the one of the space whose code is nearest: it should not be the same.
    out : str, optional
        Images: .png (all in one), .npy, or a folder with a PNG for each. Tables: .csv or .parquet. Rows: .csv or .npy.
        By default samples.png or samples.csv.
    """
    checks.whole("n", n)
    space = space_of(run, source)
    path = _path(space, out, nearest)
    codes = space.density(method, random_state=seed).sample(n, seed)
    _write(space, codes, path, nearest)
    Console(stderr=True).print(f"{n} new items by {method}: {path}", highlight=False)


def _path(space: HiddenSpace, out: str | None, nearest: bool) -> Path:
    """Where the result goes; looked at before the work is done."""
    space.check_decodes()
    endings = ENDINGS[space.kind]
    path = Path(out or "samples" + endings[0])
    folder = space.kind == "images" and not path.suffix
    if not folder:
        check_ending("new items", path, endings)
    if nearest and (folder or path.suffix.lower() == ".npy"):
        raise UsageError("--nearest shows items beside each other; end --out with .png for images, else with .csv.")
    return path


def _write(space: HiddenSpace, codes: np.ndarray, path: Path, nearest: bool) -> None:
    items = space.decode(codes, within_range=True)
    positions, distances = nearest_of(codes, space.codes) if nearest else (None, None)
    ending = path.suffix.lower()
    if not ending:
        _write_folder(pixels_of(space, items), path)
    elif ending == ".png":
        _write_picture(space, pixels_of(space, items), positions, path)
    elif positions is None:
        write_values(items, path)
    else:
        table = pd.DataFrame(items)
        table[free_name("nearest", table)] = space.ids[positions]
        table[free_name("distance", table)] = distances
        write_values(table, path)


def _write_folder(pixels: np.ndarray, folder: Path) -> None:
    with writing(folder, OUT, HiddenspaceError):
        folder.mkdir(parents=True, exist_ok=True)
        for number, picture in enumerate(pixels):
            Image.fromarray(picture).save(folder / f"{number:05d}.png")


def _write_picture(space: HiddenSpace, pixels: np.ndarray, positions: np.ndarray | None, path: Path) -> None:
    """All in one; with their neighbours each is the left half of a pair."""
    from hiddenspace.pictures.mosaic import tile
    from hiddenspace.pictures.pairs import pairs

    if positions is None:
        save(tile(pixels), path)
        return
    mode, size = "L" if pixels.ndim == 3 else "RGB", (pixels.shape[2], pixels.shape[1])
    thumbnails = space.thumbnails(positions) or []
    others = [np.asarray(Image.open(io.BytesIO(png)).convert(mode).resize(size)) for png in thumbnails]
    save(pairs(pixels, np.stack(others)), path)
