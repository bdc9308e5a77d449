"""`hiddenspace relevance RUN [SOURCE]`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from rich.console import Console

from hiddenspace.cli.files import OUT, check_ending, write_values
from hiddenspace.cli.spaces import whole_space_of
from hiddenspace.errors import HiddenspaceError, writing

ENDINGS = {"images": (".png", ".svg", ".npy"), "rows": (".png", ".svg", ".csv", ".parquet")}


def relevance(
    run: str,
    source: str | None = None,
    *,
    measure: Literal["auto", "shared", "code"] = "auto",
    out: str = "relevance.png",
) -> None:
    """Say which columns or pixels a code depends on.

    Example: hiddenspace relevance runs/wine-autoencoder --out relevance.png

    Parameters
    ----------
    run : str
        A run folder, or a folder or Hub name of a saved model.
    source : str, optional
        Items of the kind and shape that the model was trained on, by default those of the run; at most 2,000 rows or
        256 images are looked at.
    measure : str
        Of columns: what they tell about the others (shared; needs a decoder), or how far the code moves with them
        (code).
    out : str
        Ranked bars or a heat map over the mean picture as .png or .svg; figures as .csv or .parquet, of pixels as .npy.
    """
    path = Path(out)
    space = whole_space_of(run, source)
    check_ending("relevance", path, ENDINGS["images" if space.kind == "images" else "rows"])
    found = space.relevance(measure=measure)
    if path.suffix.lower() in (".png", ".svg"):
        with writing(path, OUT, HiddenspaceError):
            path.parent.mkdir(parents=True, exist_ok=True)
            _figure(space, found).savefig(path, dpi=150, facecolor="white")
    else:
        write_values(found if isinstance(found, np.ndarray) else _table(found), path)
    Console(stderr=True).print(f"{found.size:,} inputs ranked: {out}", highlight=False)


def _table(found: pd.Series) -> pd.DataFrame:
    return found.rename_axis("column").rename("relevance").reset_index()


def _figure(space: Any, found: Any) -> Any:
    from hiddenspace.pictures import relevant_columns, relevant_pixels
    from hiddenspace.space.relevance import mean_picture

    if isinstance(found, np.ndarray):
        return relevant_pixels(found, mean_picture(space))
    return relevant_columns(found)
