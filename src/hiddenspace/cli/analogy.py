"""`hiddenspace analogy RUN --plus A --plus B --minus C`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from hiddenspace.cli.files import OUT, write_values
from hiddenspace.cli.moving import check_name, path_for, pixels_of
from hiddenspace.cli.plain import say
from hiddenspace.cli.spaces import space_of
from hiddenspace.errors import HiddenspaceError, writing
from hiddenspace.space.hidden_space import HiddenSpace


def analogy(run: str, *, plus: list[str], minus: list[str], source: str | None = None, out: str | None = None) -> None:
    """Add and take away items in the hidden space: king - man + woman.

    Example: hiddenspace analogy runs/digits-autoencoder --plus 0 --plus 1 --minus 2 --source digits

    Parameters
    ----------
    run : str
        A run folder, or with --source also a folder or Hub name of a saved model.
    plus : list of str
        Items to add, each after a --plus of its own: a number or name in the space, or a file.
    minus : list of str
        Items to take away, each after a --minus.
    source : str, optional
        The items; by default those whose codes the run has stored.
    out : str, optional
        Images: .png (the sum as a picture) or .npy. Rows: .csv, .npy. Tables: .csv, .parquet. By default analogy.png
        or analogy.csv.
    """
    check_name(out, moves=False)
    space = space_of(run, source)
    path = path_for(space, out, "analogy")
    made = space.analogy(plus, minus)
    if path.suffix.lower() == ".png":
        with writing(path, OUT, HiddenspaceError):
            path.parent.mkdir(parents=True, exist_ok=True)
            _drawn(space, plus, minus, made).savefig(path, dpi=150)
    else:
        write_values(made, path)
    say(Console(stderr=True), f"{' + '.join(plus)} - {' - '.join(minus)}: {path}")


def _drawn(space: HiddenSpace, plus: list[str], minus: list[str], made: Any) -> Any:
    """The terms as the model rebuilds them, and what comes out."""
    from hiddenspace.pictures.morphs import equation

    terms = pixels_of(space, space.decode(space.codes_of([*plus, *minus])))
    return equation(terms[: len(plus)], terms[len(plus) :], pixels_of(space, made)[0])
