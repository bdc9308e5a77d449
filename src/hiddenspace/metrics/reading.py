"""Two sets of items from whatever holds or makes them, read alike, and their features."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from hiddenspace import checks
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError, UsageError
from hiddenspace.metrics.choosing import extractor_for
from hiddenspace.metrics.extracting import Extractor, finite
from hiddenspace.metrics.moments import Moments

SAMPLED = 10_000
"""Items that a generator is asked for."""
RESIZED = "were resized to cover"
"""So the note begins with which images of several sizes, or large ones, come out of `load_dataset`."""


@dataclass(frozen=True, eq=False)
class Pair:
    """Two sets that can be compared, or moments in their place, and by what."""

    generated: Dataset | Moments
    real: Dataset | Moments
    by: Extractor | None

    @classmethod
    def read(cls, generated: Any, real: Any, features: Any, *, n: int, size: Any, random_state: int) -> Self:
        """Any two sources, see `frechet_distance`."""
        how = {"n": n, "size": size, "random_state": random_state}
        made, true = read_items(generated, "generated", **how), read_items(real, "real", **how)
        whose = true if isinstance(true, Dataset) else made
        if not isinstance(whose, Dataset):
            return cls(made, true, None)
        if isinstance(made, Dataset) and isinstance(true, Dataset):
            true = alike(made, true)
            whose = true
        elif whose.kind == "table" and features is None:
            raise DataError("a table cannot be held against moments, which do not know its columns; give both tables.")
        return cls(made, true, extractor_for(features, whose, random_state))

    def features(self) -> tuple[np.ndarray, np.ndarray]:
        """Of both sets, (n, d) and (m, d).

        Raises
        ------
        DataError
            If one is moments, or features are not finite.
        """
        return self._of(self.generated, "generated"), self._of(self.real, "real")

    def _of(self, items: Dataset | Moments, whose: str) -> np.ndarray:
        if isinstance(items, Moments) or self.by is None:
            raise DataError("moments serve only for frechet_distance; give the items themselves.")
        return finite(self.by.of(items), whose, self.by)


def features_of_both(
    generated: Any, real: Any, features: Any, *, n: int, size: Any, random_state: int
) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, d) and (m, d) of any two sources, see `frechet_distance`."""
    return Pair.read(generated, real, features, n=n, size=size, random_state=random_state).features()


def read_items(source: Any, whose: str, *, n: int, size: Any, random_state: int) -> Dataset | Moments:
    """A source as a dataset; of a generator n new items. A dataset is taken as it is, resized or not.

    Raises
    ------
    DataError
        If it cannot be read, or holds image files of several sizes that nobody asked to resize.
    """
    if isinstance(source, Moments):
        return source
    if makes_items(source):
        source = _sampled(source, n, random_state)
    data = load_dataset(source, size=size)
    chosen = size is not None or isinstance(source, Dataset)
    if not chosen and was_resized(data):
        raise DataError(
            f"the {whose} images ({data.name}) are of several sizes, or larger than 128 pixels; say with size= "
            "(--size) to which one all are brought, as resizing changes every figure."
        )
    return data


def was_resized(data: Dataset) -> bool:
    """Whether its image files had another size."""
    return any(RESIZED in note for note in data.notes)


def makes_items(source: Any) -> bool:
    """Whether it has `sample(n)` and is no table, which has that too."""
    table = isinstance(source, Dataset | pd.DataFrame | pd.Series) or hasattr(source, "to_pandas")
    return not table and callable(getattr(source, "sample", None))


def alike(generated: Dataset, real: Dataset) -> Dataset:
    """The real items as far as they can be compared: tables without columns that the generated one lacks.

    Raises
    ------
    DataError
        If they are of different kinds or shapes.
    """
    if generated.kind != real.kind:
        raise DataError(
            f"the generated items ({generated.name}) are {_kind(generated)}, the real ones ({real.name}) "
            f"{_kind(real)}; give two sets of one kind."
        )
    if real.kind == "table":
        return _with_columns_of(generated, real)
    if generated.items.shape[1:] == real.items.shape[1:]:
        return real
    if real.kind == "vectors":
        raise DataError(
            f"two sets (n, d) must be of the same d features, not {generated.items.shape} and {real.items.shape}."
        )
    raise DataError(
        f"the generated images ({generated.name}) are {_shape(generated)}, the real ones ({real.name}) {_shape(real)}; "
        "bring files to one size with size= (--size), and arrays yourself."
    )


def _with_columns_of(generated: Dataset, real: Dataset) -> Dataset:
    """Those that only the real table has, such as its labels, are left out, and a note says so."""
    known = {str(name) for name in generated.items}
    missing = [name for name in real.items if str(name) not in known]
    if not missing:
        return real
    if len(missing) == real.items.shape[1]:
        raise DataError(
            f"the generated table ({generated.name}) has no column of the real one ({real.name}); give two of one kind."
        )
    note = f"Left out, as the generated table lacks them: {', '.join(map(str, missing))}."
    return replace(real, items=real.items.drop(columns=missing), notes=(*real.notes, note))


def _sampled(generator: Any, n: int, random_state: int) -> Any:
    checks.whole("n", n)
    seed = checks.seed("random_state", random_state)
    try:
        known = inspect.signature(generator.sample).parameters
    except (TypeError, ValueError):  # of what is no Python
        known = {}  # type: ignore[assignment]
    named = next((name for name in ("random_state", "seed") if name in known), None)
    items = generator.sample(n, **({} if named is None else {named: seed}))
    if len(items) != n:
        raise UsageError(f"the {type(generator).__name__} made {len(items):,} items instead of {n:,}; see its sample.")
    return items


def _kind(data: Dataset) -> str:
    return {"images": "images", "vectors": "rows of numbers", "table": "a table"}[data.kind]


def _shape(data: Dataset) -> str:
    height, width, channels = data.items.shape[1:]
    return f"{height}x{width} with {channels} channel{'s' * (channels != 1)}"
