"""Maps: the items of a space in two dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hiddenspace import checks
from hiddenspace.data.format import in_model_space
from hiddenspace.errors import HiddenspaceError, UsageError, writing
from hiddenspace.metrics.trustworthiness import LARGEST, map_trustworthiness
from hiddenspace.space.items import LABEL, free_name
from hiddenspace.space.projections import pca_map, project
from hiddenspace.space.waiting import waiting

if TYPE_CHECKING:
    from hiddenspace.space.hidden_space import HiddenSpace

ENDINGS = (".html", ".png", ".svg", ".csv", ".parquet")
_DPI = 200
Against = Literal["codes", "items", "nothing"]


@dataclass(frozen=True, eq=False)
class Map:
    """Items in two dimensions, and how far to trust what lies side by side.

    Attributes
    ----------
    coordinates : (n, 2) float32
        In the method's own units; only of 'code' and 'pca' do the distances mean something.
    ids : (n,)
        As in the space.
    metadata : DataFrame of n rows
        As in the space.
    thumbnails : list of n PNG files, or None
        None where the items are no pictures.
    method : str
        The one that was used.
    trustworthiness, pca_trustworthiness : float
        Of this map and of the two first principal components, both against the codes, with 10 neighbours, on at most
        5,000 of the items; see `map_trustworthiness`. A code of one or two numbers is its own map, which tells
        nothing: it and the principal components of the items are then judged against the items, in model space; NaN
        where the space holds codes alone.
    against : {"codes", "items", "nothing"}
        What was taken for true.
    """

    coordinates: NDArray[np.float32]
    ids: NDArray[Any]
    metadata: pd.DataFrame
    thumbnails: list[bytes] | None
    method: str
    trustworthiness: float
    pca_trustworthiness: float
    against: Against = "codes"

    def __len__(self) -> int:
        return len(self.ids)

    def colour(self, name: str | None = None) -> str | None:
        """The column that colours the map: the named one, else `label` if there is one.

        Raises
        ------
        UsageError
            If there is no such column.
        """
        return colour_of(self.metadata, name)

    def table(self) -> pd.DataFrame:
        """Columns `id`, `x`, `y` and the metadata; a column of the data that is called so gets an underscore more."""
        columns: dict[str, Any] = {"id": self.ids, "x": self.coordinates[:, 0], "y": self.coordinates[:, 1]}
        for name, values in self.metadata.items():
            columns[free_name(str(name), columns)] = values.to_numpy()
        return pd.DataFrame(columns)

    def save(self, path: str | Path, colour: str | None = None) -> Path:
        """Writes the map as its ending says.

        Parameters
        ----------
        path : path
            .png or .svg are pictures. .html is one file to explore without a network: zoom, look, search, select, and
            save what was selected. .csv and .parquet are tables of id, x, y and metadata; the Parquet file has the
            thumbnails too, as a column `image` of structs with the PNG file as `bytes`, which Embedding Atlas shows
            after `embedding-atlas map.parquet --x x --y y --image image`.
        colour : str, optional
            The column of metadata that gives the colours; `label` by default, if there is one.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        UsageError
            If there is no such column, or the ending is another.
        HiddenspaceError
            If the file cannot be written.
        """
        path = Path(path)
        check_ending(path)
        colour = self.colour(colour)
        with writing(path, "give another path", HiddenspaceError):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write(path, colour)
        return path

    def _write(self, path: Path, colour: str | None) -> None:
        ending = path.suffix.lower()
        if ending == ".html":
            from hiddenspace.pictures.atlas_page import atlas_page

            path.write_text(atlas_page(self, colour), encoding="utf-8")
        elif ending == ".csv":
            self.table().to_csv(path, index=False)
        elif ending == ".parquet":
            self._with_images().to_parquet(path, index=False)
        else:
            from hiddenspace.pictures.atlas import atlas

            atlas(self, colour=colour).savefig(path, format=ending[1:], dpi=_DPI, facecolor="white")

    def _with_images(self) -> pd.DataFrame:
        table = self.table()
        for name in [name for name in table if table[name].dtype == object]:  # Parquet has one type for a column
            if len({type(value) for value in table[name].dropna()}) > 1:
                table[name] = table[name].map(str, na_action="ignore")
        if self.thumbnails is not None:
            pictures = pd.Series([{"bytes": thumbnail} for thumbnail in self.thumbnails], dtype=object)
            table[free_name("image", table)] = pictures
        return table


def make_map(space: HiddenSpace, method: str = "auto", *, limit: int = 10_000, random_state: int = 0) -> Map:
    """Lay the items of a space out in two dimensions.

    Parameters
    ----------
    space : HiddenSpace
        Its codes are laid out.
    method : {"auto", "code", "pca", "tsne", "umap", "pacmap"}
        See `project`, which also says what happens with few items and with codes that are all the same.
    limit : int
        At most so many items, drawn at random without repetition and shown in the space's order.
    random_state : int
        Of the draw and the method.

    Returns
    -------
    Map

    Raises
    ------
    UsageError
        If the space is empty, or an argument makes no sense.
    MissingExtraError
        If the package of the method is not installed.
    """
    limit = checks.whole("limit", limit)
    checks.seed("random_state", random_state)
    space.check_filled()
    chosen = np.arange(len(space))
    if len(space) > limit:
        chosen = np.sort(np.random.default_rng(random_state).choice(len(space), limit, replace=False))
    codes = space.codes[chosen]
    with waiting(f"laying {len(chosen):,} items out in two dimensions ..."):
        coordinates, used = project(codes, method, random_state)
        own = used in ("code", "pca") and codes.shape[1] <= 2
        truth = _items(space, chosen, random_state) if own else Truth(np.arange(len(chosen)), codes, "codes")
        flat = coordinates if used == "pca" and not own else pca_map(truth.values, random_state)
        laid = coordinates[truth.chosen]
        trust, pca_trust = map_trustworthiness(truth.values, laid, flat, random_state=random_state)
        thumbnails = space.thumbnails(chosen)
    metadata = space.metadata.iloc[chosen].reset_index(drop=True)
    return Map(coordinates, space.ids[chosen], metadata, thumbnails, used, trust, pca_trust, truth.against)


class Truth(NamedTuple):
    """What a map is judged by: which of its items (m,), what these are (m, d), and what that is called."""

    chosen: NDArray[np.intp]
    values: NDArray[np.float32]
    against: Against


def _items(space: HiddenSpace, chosen: NDArray[np.intp], random_state: int) -> Truth:
    """As many items as a judgement looks at, in model space; or nothing, if there are only their codes."""
    format_, judged = space.coding.format, np.arange(len(chosen))
    if space._dataset is None or format_ is None:
        return Truth(judged, np.zeros((len(chosen), 0), np.float32), "nothing")
    if len(judged) > LARGEST:
        judged = np.sort(np.random.default_rng(random_state).choice(judged, LARGEST, replace=False))
    parts = [x.flatten(1).numpy() for x in in_model_space(format_, space._dataset.take(chosen[judged]))]
    return Truth(judged, np.concatenate(parts), "items")


def colour_of(metadata: pd.DataFrame, name: str | None) -> str | None:
    """The column that colours a map: the named one, else `label` if there is one, else none.

    Raises
    ------
    UsageError
        If there is no such column.
    """
    if name is None:
        return LABEL if LABEL in metadata else None
    if name not in metadata:
        there = (
            f"there are: {', '.join(map(str, metadata))}" if len(metadata.columns) else "there is no metadata at all"
        )
        raise UsageError(f"nothing called {name!r} is known about the items; {there}.")
    return name


def check_ending(path: Path) -> None:
    """Whether a map can be written as this file.

    Raises
    ------
    UsageError
        If it cannot.
    """
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"a map cannot be written as {path.name}; end it with {', '.join(ENDINGS[:-1])} or .parquet.")
