"""`hiddenspace decompress RUN FILE`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console

from hiddenspace.cli.files import OUT, check_ending, write_values
from hiddenspace.cli.reconstruct import ENDINGS
from hiddenspace.errors import HiddenspaceError, writing
from hiddenspace.estimator import load
from hiddenspace.space.codec import read_codes
from hiddenspace.space.coding import Coding, coding_of, no_decoder
from hiddenspace.space.sensitivity import Decoder


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
        For images a folder (one PNG each) or a .npy file; for tables a .csv or .parquet file; for vectors a .npy or
        .csv file. By default the folder decompressed/, or decompressed.csv, or decompressed.npy.
    """
    coding = coding_of(load(run))
    if coding.format is None or not coding.decodes:
        raise no_decoder(run)
    endings = ENDINGS[coding.format.kind]
    images = coding.format.kind == "images"
    path = Path(out or f"decompressed{'' if images else endings[0]}")
    folder = images and path.suffix.lower() not in endings
    if not folder:
        check_ending("these items", path, endings)
    with Console(stderr=True).status("decoding ..."):
        codes, ids = read_codes(Path(file), coding.fingerprint)
        if folder:
            with writing(path, OUT, HiddenspaceError):
                _write_pictures(coding, codes, ids, path)
        else:
            write_values(coding.decode(codes), path)
    Console(stderr=True).print(f"{len(codes):,} items: {path}", highlight=False)


def _write_pictures(coding: Coding, codes: np.ndarray, ids: Sequence[str] | None, folder: Path) -> None:
    from hiddenspace.pictures.channels import as_pixels

    assert coding.format is not None
    folder.mkdir(parents=True, exist_ok=True)
    decoder, number = Decoder(coding), 0
    for batch in decoder.batches(codes):
        pictures = batch.reshape(-1, *coding.format.shape).permute(0, 2, 3, 1).numpy()
        for picture in as_pixels(pictures):
            name = "" if ids is None else f"-{Path(ids[number]).stem}"
            Image.fromarray(picture).save(folder / f"{number:05d}{name}.png")
            number += 1
