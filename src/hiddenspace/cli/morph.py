"""`hiddenspace morph RUN A B`."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.console import Console

from hiddenspace.cli.moving import check_name, path_for, write_way
from hiddenspace.cli.spaces import space_of, whole_space_of
from hiddenspace.errors import UsageError
from hiddenspace.pictures.animation import FILMS
from hiddenspace.space.hidden_space import HiddenSpace
from hiddenspace.space.morphing import Direction, Way, check_steps, path_between

STEPS, FRAMES = 9, 37


def morph(
    run: str,
    a: str,
    b: str | None = None,
    *,
    towards: str | None = None,
    away_from: str | None = None,
    strength: float | None = None,
    direction: Direction | None = None,
    detail: bool = False,
    steps: int | None = None,
    method: Way = "linear",
    source: str | None = None,
    out: str | None = None,
) -> None:
    """Go from one item to another through the hidden space, or give an item an attribute.

    Example: hiddenspace morph runs/digits-autoencoder 0 1 --source digits --out morph.gif

    Example: hiddenspace morph runs/digits-autoencoder 0 --source digits --towards "label = 3" --away-from "label = 0"

    Parameters
    ----------
    run : str
        A run folder, or with --source also a folder or Hub name of a saved model.
    a : str
        Where to begin: the number or name of an item of the space, or a file.
    b : str, optional
        Where to end; left out with --towards.
    towards : str, optional
        Items with the attribute: a condition on what is known about the items, such as "label = 3".
    away_from : str, optional
        Items without it.
    strength : float, optional
        With --towards, how far to go that way: 1, the default, is from the average of the items without to that of
        those with.
    direction : str, optional
        With --towards, how the way is found: normal, the default, leaves out what differs between the two groups by
        chance; means is the plain difference.
    detail : bool
        With --towards, keep of the item what its code has lost: the original plus what the way changes.
    steps : int, optional
        How many items, both ends among them; 9, or 37 for films.
    method : str
        Straight on, or along an arc about the mean code.
    source : str, optional
        The items; by default those whose codes the run has stored.
    out : str, optional
        Images: .png (a strip), .gif or .mp4 (there and back), .npy. Rows: .csv, .npy. Tables: .csv, .parquet. By
        default morph.png or morph.csv.
    """
    towards_what = _checked(b, towards, away_from)
    for name, given in {"strength": strength is not None, "direction": direction is not None, "detail": detail}.items():
        if given and towards_what is None:
            raise UsageError(f"--{name} is of an attribute; give --towards and --away-from with it, or leave it out.")
    if detail and method != "linear":
        raise UsageError("--detail goes straight on; leave --method out.")
    check_name(out)
    space = whole_space_of(run, source) if detail else space_of(run, source)
    path = path_for(space, out, "morph")
    count = steps if steps is not None else FRAMES if path.suffix.lower() in FILMS else STEPS
    if towards_what is None:
        assert b is not None
        items = space.morph(a, b, count, method=method)
    else:
        step = np.float32(1.0 if strength is None else strength) * space.direction(
            *towards_what, method=direction or "normal"
        )
        items = _with_detail(space, a, step, count) if detail else _towards(space, a, step, count, method)
    write_way(space, items, path)
    Console(stderr=True).print(f"{len(items)} steps: {path}", highlight=False, soft_wrap=True)


def _checked(b: str | None, towards: str | None, away_from: str | None) -> tuple[str, str] | None:
    """The two conditions, or None where there is a second item to go to."""
    if (towards is None) != (away_from is None):
        raise UsageError("a direction needs both --towards (items with it) and --away-from (items without it).")
    if (b is None) == (towards is None):
        raise UsageError("say where to go: a second item, or --towards and --away-from, but not both.")
    return None if towards is None or away_from is None else (towards, away_from)


def _towards(space: HiddenSpace, item: str, step: np.ndarray, steps: int, method: Way) -> Any:
    """The item with more and more of the attribute."""
    start = space.code_of(item)
    return space.decode(path_between(start, start + step, steps, method, centre=space.codes.mean(0)))


def _with_detail(space: HiddenSpace, item: str, step: np.ndarray, steps: int) -> Any:
    """The same, where each is the original and what the step changes."""
    check_steps(steps)
    space.code_of(item)  # which refuses what is not one item
    return np.concatenate([space.move(item, step, share, detail=True) for share in np.linspace(0, 1, steps)])
