"""`hiddenspace decompress RUN FILE`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console

from hiddenspace.cli.files import OUT, check_ending, is_folder, write_values
from hiddenspace.cli.reconstruct import ENDINGS
from hiddenspace.errors import HiddenspaceError, UsageError, writing
from hiddenspace.estimator import load
from hiddenspace.space.codec import read_codes
from hiddenspace.space.coding import Coding, coding_of, no_decoder
from hiddenspace.space.sensitivity import Decoder
from hiddenspace.space.waiting import waiting

PICTURE = ".png"


def decompress(run: str, file: str, *, out: str | None = None) -> None:
    """Read a file that compress wrote, as files to look at.

    Example: hiddenspace decompress runs/digits-autoencoder digits.hs --out pictures/

    Parameters
    ----------
    run : str
        The run folder, or the folder or Hub name of the saved model, whose codes the file holds.
    file : str
        What compress wrote.
    out : str
        For images a folder (one PNG each) or a .npy file, for a single one also a .png file; for tables a .csv or
        .parquet file; for vectors a .npy or .csv file. By default the folder decompressed/, or decompressed.csv, or
        decompressed.npy.
    """
    coding = coding_of(load(run))
    if coding.format is None or not coding.decodes:
        raise no_decoder(run)
    images = coding.format.kind == "images"
    endings = (*ENDINGS[coding.format.kind], *([PICTURE] if images else []))
    path = Path(out or f"decompressed{'' if images else endings[0]}")
    folder = images and is_folder("these items", out or str(path), endings)
    if not folder:
        check_ending("these items", path, endings)
    with waiting("decoding ..."):
        codes, ids = read_codes(Path(file), coding.fingerprint)
        _write(coding, codes, ids, path, folder)
    Console(stderr=True).print(f"{len(codes):,} items: {path}", highlight=False)


def _write(coding: Coding, codes: np.ndarray, ids: Sequence[str] | None, path: Path, folder: bool) -> None:
    if not folder and path.suffix.lower() != PICTURE:
        write_values(coding.decode(codes), path)
        return
    if not folder and len(codes) > 1:
        raise UsageError(f"{path.name} is one picture, but there are {len(codes):,}; name a folder for them.")
    with writing(path, OUT, HiddenspaceError):
        (path if folder else path.parent).mkdir(parents=True, exist_ok=True)
        for number, picture in enumerate(_pictures(coding, codes)):
            name = "" if ids is None else f"-{Path(ids[number]).stem}"
            Image.fromarray(picture).save(path / f"{number:05d}{name}.png" if folder else path)


def _pictures(coding: Coding, codes: np.ndarray) -> Iterator[np.ndarray]:
    from hiddenspace.pictures.channels import as_pixels

    assert coding.format is not None
    for batch in Decoder(coding).batches(codes):
        yield from as_pixels(batch.reshape(-1, *coding.format.shape).permute(0, 2, 3, 1).numpy())
