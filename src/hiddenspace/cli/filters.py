"""`hiddenspace filters RUN`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from hiddenspace import checks
from hiddenspace.cli.files import OUT, check_ending
from hiddenspace.errors import HiddenspaceError, writing
from hiddenspace.estimator import load

WIDE = 800
"""Pixels, about, of the picture."""


def filters(
    run: str,
    *,
    layer: str = "first",
    n: Annotated[int, Parameter(name=("--n", "-n"))] = 48,
    out: str = "filters.png",
) -> None:
    """Show what the units of an encoder of images look for.

    Example: hiddenspace filters runs/digits-autoencoder --layer code --out filters.png

    Parameters
    ----------
    run : str
        A run folder, or a folder or Hub name of a saved model.
    layer : str
        The weights of the first layer as they are (first; blue is negative, red positive); for the numbers of the code
        (code), or the channels of a layer by its name, the pictures that each answers to most strongly.
    n : int
        How many of them at most.
    out : str
        A picture, .png.
    """
    from hiddenspace.pictures import as_pixels, grid, signed_pixels
    from hiddenspace.space.coding import coding_of
    from hiddenspace.space.filters import first_filters
    from hiddenspace.space.maximising import maximise, seeing, units_of

    checks.whole("n", n)
    path = Path(out)
    check_ending("filters", path, (".png",))
    coding = coding_of(load(run))
    encoder, format_ = seeing(coding)
    if layer == "first":
        shown = signed_pixels(first_filters(encoder, format_.shape)[:n])
    else:
        name = None if layer == "code" else layer
        found = maximise(coding, range(min(n, units_of(coding, name))), name)
        shown = as_pixels(found.permute(0, 2, 3, 1).numpy())
    columns = min(len(shown), 12)
    scale = max(1, WIDE // (columns * shown.shape[2]))
    with writing(path, OUT, HiddenspaceError):
        path.parent.mkdir(parents=True, exist_ok=True)
        grid(shown, columns=columns, scale=scale).savefig(path, facecolor="white")
    Console(stderr=True).print(f"{len(shown)} units of {layer}: {out}", highlight=False)
