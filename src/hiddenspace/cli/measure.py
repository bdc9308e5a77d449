"""`hiddenspace measure A B`."""

from __future__ import annotations

import json as json_
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from hiddenspace.cli.spaces import is_model, stored
from hiddenspace.errors import UsageError
from hiddenspace.estimator import load
from hiddenspace.metrics.measured import Measured
from hiddenspace.metrics.reading import SAMPLED
from hiddenspace.metrics.summary import measure as measure_
from hiddenspace.space.hidden_space import HiddenSpace
from hiddenspace.space.waiting import waiting


def measure(
    generated: str,
    real: str,
    *,
    features: str | None = None,
    n: Annotated[int, Parameter(name=("--n", "-n"))] = SAMPLED,
    seed: int = 0,
    size: int | None = None,
    json: bool = False,
) -> None:
    """Say how like real items generated ones are.

    Frechet and kernel distance, precision and recall, density and coverage, and the diversity of both. Beside them
    what other real items get, where there are as many more.

    Example: hiddenspace measure runs/digits-autoencoder digits

    Example: hiddenspace measure made/ photos/ --size 64 --json

    Parameters
    ----------
    generated : str
        A folder of images, an array, a table or the name of a sample; or a run or a saved model that makes items: a
        generator, or a run of an autoencoder, from whose codes' density items are drawn.
    real : str
        Likewise, of the same kind and size; best such as no model has learned from.
    features : str, optional
        By what items are compared: a run or a saved model that encodes, or of images a file of a pretrained net's
        weights, its name (vgg16, inception), or random. By default images by a random net, whose activations are
        normalised on the real ones, rows by their numbers, and tables by their standardised columns.
    n : int
        At most so many of each, drawn at random.
    seed : int
        Of all draws, and of the random net.
    size : int, optional
        The side that images of folders are brought to; without it they must be of one size.
    json : bool
        As JSON.
    """
    net = load(features) if features is not None and is_model(features) else features
    with waiting("measuring ..."):
        found = measure_(_items(generated), _items(real), net, n=n, size=size, random_state=seed)
    if json:
        print(json_.dumps(found.as_dict()))
    else:
        _print(found)


def _items(source: str) -> Any:
    """A source as it is named, or what makes items.

    Raises
    ------
    UsageError
        If a saved model makes none.
    """
    if not is_model(source):
        return source
    model = load(source)
    if hasattr(model, "sample"):
        return model
    if not stored(source):
        raise UsageError(
            f"{source} holds a {type(model).__name__}, which makes no items by itself; give the folder of a run, whose "
            "codes say where to draw, or a folder of its items."
        )
    return HiddenSpace.open(source, model)


def _print(found: Measured) -> None:
    console, table = Console(), Table(*found.header, box=None)
    for row in found.rows():
        table.add_row(*row)
    for column in table.columns[1:3]:
        column.justify = "right"
    console.print(table, highlight=False)
    for line in (found.basis(), *found.notes):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
