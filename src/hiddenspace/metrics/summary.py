"""Every figure about generated items at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from hiddenspace import checks
from hiddenspace.data.dataset import Dataset
from hiddenspace.errors import DataError
from hiddenspace.metrics.choosing import extractor_for
from hiddenspace.metrics.extracting import finite
from hiddenspace.metrics.manifolds import check_enough
from hiddenspace.metrics.measured import DENSITY_K, Measured
from hiddenspace.metrics.moments import Moments
from hiddenspace.metrics.reading import SAMPLED, alike, read_items


def measure(
    generated: Any,
    real: Any,
    features: Any = None,
    *,
    n: int = SAMPLED,
    size: Any = None,
    random_state: int = 0,
) -> Measured:
    """Every figure that compares generated items with real ones.

    Parameters
    ----------
    generated, real : array, table, or any source
        Folders, arrays, tables, datasets, names, or what makes items by `sample(n)`; see `frechet_distance`.
    features : Module, name, path or fitted model, optional
        By what items are compared, see `frechet_distance`. By default images by a random net, whose activations are
        normalised on the real ones; rows by their numbers as they are; tables by their standardised columns.
    n : int
        At most so many items of each set, drawn at random: time grows with their square. A generator makes as many as
        there are real ones then.
    size : int, (h, w) or (h, w, c), optional
        What image files are brought to; without it they must be of one size. A Dataset is taken as it is.
    random_state : int
        Of draws, of a generator's items, and of the random net.

    Returns
    -------
    Measured
        Has the figures as attributes, and reads as a table when printed. Where there are enough further real items,
        as many as the generated ones are measured in their place: no generator can be expected to do better.

    Raises
    ------
    DataError
        If the sets are of different kinds or shapes, cannot be read, or hold 5 items or fewer.
    UsageError
        If the net does not take the items.
    """
    checks.whole("n", n)
    how = {"size": size, "random_state": random_state}
    whole = _items(read_items(real, "real", n=n, **how))
    made = _items(read_items(generated, "generated", n=min(n, len(whole)), **how))
    made, _ = _drawn(made, n, random_state)
    true, rest = _drawn(alike(made, whole), n, random_state)
    check_enough(DENSITY_K, len(made), len(true))
    by = extractor_for("random" if features is None and true.kind == "images" else features, true, random_state)
    ours, theirs = finite(by.of(made), "generated", by), finite(by.of(true), "real", by)
    floor = None
    if len(rest) >= len(made):
        others = rest.take(np.arange(len(made)))
        floor = Measured.of(finite(by.of(others), "real", by), theirs, by, random_state)
    notes = (*_parts(whole), *_notes(made, true, ours.shape[1]))
    return replace(Measured.of(ours, theirs, by, random_state), notes=notes, floor=floor)


def _items(items: Dataset | Moments) -> Dataset:
    if isinstance(items, Moments):
        raise DataError("moments serve only for frechet_distance; give the items themselves.")
    return items


def _drawn(items: Dataset, n: int, seed: int) -> tuple[Dataset, Dataset]:
    """At most n of the items, drawn at random, in their order; and at most n others, in none."""
    order = np.random.default_rng(seed).permutation(len(items))
    return items.take(np.sort(order[:n])), items.take(order[n : 2 * n])


def _parts(real: Dataset) -> tuple[str, ...]:
    """Which part of a source that came split stands for it."""
    if real.test is None:
        return ()
    return (f"{real.name} came split, and its training part was taken; give the other one for items never seen.",)


def _notes(generated: Dataset, real: Dataset, dimensions: int) -> tuple[str, ...]:
    counts = len(generated), len(real)
    notes = [note for data in (generated, real) for note in data.notes]
    if counts[0] != counts[1]:
        notes.append(
            f"The sets are of unequal sizes ({counts[0]:,} and {counts[1]:,}): most figures hang on these, so compare "
            "them only with figures of the same two sizes."
        )
    if min(counts) <= dimensions:
        notes.append(
            f"There are fewer items ({min(counts):,}) than numbers an item ({dimensions:,}), which makes the Frechet "
            "distance much too large; the kernel distance is not touched by that."
        )
    return tuple(dict.fromkeys(notes))
