"""A hidden space: a model, the things it has encoded, and all that one does with their codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import pandas as pd
from torch import nn

from hiddenspace import checks
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import Format, fit_format, format_from_config
from hiddenspace.data.load import load_dataset
from hiddenspace.data.table_format import TableFormat
from hiddenspace.errors import DataError, ModelError, UsageError
from hiddenspace.space.coding import Coding, ReadyCodes, checked_codes, coding_of
from hiddenspace.space.items import Items, ids_of, metadata_of, thumbnails_of
from hiddenspace.space.meanings import Codes
from hiddenspace.space.places import STORE
from hiddenspace.space.queries import code_of, codes_of, positions_of
from hiddenspace.space.waiting import waiting

if TYPE_CHECKING:
    from hiddenspace.space.codec import Compressed
    from hiddenspace.space.densities import CodeDensity
    from hiddenspace.space.maps import Map
    from hiddenspace.space.morphing import Direction, Way
    from hiddenspace.space.neighbours import Neighbours

Method = Literal["gaussian", "gmm", "kde", "flow", "prior"]
Judge = Literal["reconstruction", "density", "both", "neighbours"]
AGAIN = 32
"""Items of a space that are encoded again, to see whether data are what it was made of."""


class HiddenSpace:
    """A model and the things it has encoded.

    Parameters
    ----------
    model : fitted model, path, Module or array (n, d)
        What encodes: an estimator of ours or a saved one, any network (of feature maps the mean over positions is
        taken), or ready codes, such as the features of a pretrained network.
    data : anything `load_dataset` takes, optional
        The items. With ready codes they are only shown. Columns of a DataFrame that a model of ours does not know are
        passed over.
    ids : sequence of n, optional
        Names; by default those of the source, else row numbers.
    metadata : DataFrame, dict or sequence of n, optional
        What is known about each item; a sequence becomes the column `label`. Labels of the source and the columns of
        a table are taken by themselves; a column of the table whose name is taken gets an underscore.
    decoder : Module, optional
        Codes (b, d) -> items in model space, (b, *shape) or flat, where `model` is a network of one's own, or ready
        codes of `data`.

    Attributes
    ----------
    codes : ndarray (n, d)
        float32.
    ids : ndarray (n,)
        Row numbers or names.
    metadata : DataFrame of n rows
        What is known about each item.

    Raises
    ------
    DataError
        If codes are not finite (a model that diverged), or ids and metadata do not fit the items.
    ModelError
        If the data are of another kind or shape than the model takes.
    UsageError
        If a decoder is given with a model of ours, or with codes of nobody knows what.
    """

    def __init__(
        self,
        model: Any,
        data: Any = None,
        *,
        ids: Sequence[Any] | np.ndarray | None = None,
        metadata: Any = None,
        decoder: nn.Module | None = None,
    ) -> None:
        self.coding: Coding = coding_of(model, decoder)
        self._dataset: Dataset | None = None
        if isinstance(self.coding, ReadyCodes):
            self._dataset, codes = None if data is None else load_dataset(data), self.coding.codes
            if self._dataset is not None and len(self._dataset) != len(codes):
                raise DataError(f"there are {len(codes):,} codes for {len(self._dataset):,} items; give one for each.")
            if decoder is not None:
                self.coding.format = _format_of_ready(self._dataset)
        elif data is None:
            raise UsageError("a space needs the data that the model shall encode; give HiddenSpace(model, data).")
        else:
            self._dataset = self.coding.read(data)
            codes = self._encoded(self._dataset)
        self._items = Items(
            ids_of(self._dataset, ids, len(codes)), codes, metadata_of(self._dataset, metadata, len(codes))
        )
        self._store: Neighbours | None = None
        self._densities: dict[tuple[str, int], CodeDensity] = {}

    @classmethod
    def open(
        cls,
        place: str | Path,
        model: Any = None,
        *,
        data: Any = None,
        decoder: nn.Module | None = None,
        storage_options: Mapping[str, str] | None = None,
    ) -> Self:
        """The space of a run, or one that `save` has stored.

        Parameters
        ----------
        place : path or URI
            A run folder, or where the space was saved: a folder, or object storage such as s3://bucket/space.lance.
        model : fitted model or path, optional
            What encodes and decodes; by default the run's own. Without one, codes can still be searched and mapped.
            Ready codes are only compared: with others than those the space began with it is not opened.
        data : anything `load_dataset` takes, optional
            The items themselves, all of them in the order of the space, which stores their codes and thumbnails only:
            for `relevance`, for `score_samples` by 'both', for `move` with detail, and to judge the `map` of a code of
            two numbers. Some are encoded, to see that they are the right ones; of ready codes only the number of
            items is looked at.
        decoder : Module, optional
            Where `model` is a network of one's own, or there is none.
        storage_options : mapping, optional
            Of object storage: keys, region, endpoint, as `lancedb.connect` takes them; by default the environment's.

        Raises
        ------
        DataError
            If there is no space, or the data are not what was encoded.
        ModelError
            If the codes were made by another model.
        """
        from hiddenspace.space.neighbours import Neighbours

        store = place
        if "://" not in str(place) and (Path(place) / STORE).exists():
            store = Path(place) / STORE
            model = place if model is None and (Path(place) / "model").exists() else model
        opened = Neighbours.open(str(store), storage_options)
        space = cls.__new__(cls)
        space._dataset, space._store, space._items = None, opened, opened.read()
        space._densities = {}
        ready = ReadyCodes(space._items.codes, opened.fingerprint, decoder)
        space.coding = ready if model is None else coding_of(model, decoder)
        if model is not None and space.coding.fingerprint != opened.fingerprint:
            raise ModelError(
                f"the codes in {store} were made by another model (fingerprint {opened.fingerprint}, this one has "
                f"{space.coding.fingerprint}); open it with that model, or encode the items again."
            )
        if space.coding.format is None and opened.format is not None:
            space.coding.format = format_from_config(opened.format)
        if data is not None:
            space._dataset = space._own_items(data)
        return space

    def _own_items(self, data: Any) -> Dataset:
        """The items whose codes are here; some are encoded again to see that they are."""
        coding = self.coding
        dataset = load_dataset(data) if isinstance(coding, ReadyCodes) else coding.read(data)
        if isinstance(coding, ReadyCodes) and self.store.pictured != (dataset.kind == "images"):
            raise DataError("the data are of another kind than what this space shows; give those it was made of.")
        if len(dataset) != len(self):
            raise DataError(
                f"the space has {len(self):,} items and the data {len(dataset):,}; give those it was made of."
            )
        if not isinstance(coding, ReadyCodes) and len(self):
            some = np.unique(np.linspace(0, len(self) - 1, AGAIN).astype(int))
            error = float(((self._encoded(dataset.take(some)) - self.codes[some]) ** 2).mean())
            if error > 0.01 * float(self.codes.var(0).mean()) + 1e-12:
                raise DataError("the data have other codes than this space; give those it was made of, in their order.")
        return dataset

    def save(self, place: str | Path, *, storage_options: Mapping[str, str] | None = None) -> None:
        """Stores codes, ids, thumbnails and metadata as a Lance table; what is there before is replaced.

        Parameters
        ----------
        place : path or URI
            A folder such as RUN/space.lance, or object storage.
        storage_options : mapping, optional
            See `open`.
        """
        from hiddenspace.space.neighbours import Neighbours

        # a model of ours remembers the format itself; of another's network only the space knows it
        format_ = self.coding.format.config() if self.coding.format is not None else None
        self._store = Neighbours.create(
            str(place), self._with_thumbnails(), self.coding.fingerprint, format_, storage_options
        )

    # what is there ----------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, id_: Any) -> bool:
        return self._items.holds(id_)

    @property
    def codes(self) -> np.ndarray:
        """(n, d) float32, in the order of `ids`."""
        return self._items.codes

    @property
    def ids(self) -> np.ndarray:
        """(n,), row numbers or names."""
        return self._items.ids

    @property
    def metadata(self) -> pd.DataFrame:
        """A row for each item, a column for each thing known about the items."""
        return self._items.metadata

    def positions(self, ids: Sequence[Any]) -> np.ndarray:
        """Where in `codes` the items of these ids are.

        Raises
        ------
        DataError
            If there is no such item.
        """
        return self._items.positions(ids)

    @property
    def code_size(self) -> int:
        """Numbers in a code."""
        return int(self.codes.shape[1])

    @property
    def kind(self) -> str:
        """'images', 'vectors', 'table', or 'codes' where nothing is known about the items."""
        if self.coding.format is not None:
            return self.coding.format.kind
        return "codes" if self._dataset is None else self._dataset.kind

    def encode(self, X: Any) -> np.ndarray:
        """Codes (m, d) of further items, all finite."""
        return checked_codes(self._encoded(self.coding.read(X)), self.code_size)

    def decode(self, codes: np.ndarray, *, within_range: bool = False) -> Any:
        """Items of codes (m, d), in the data's own shape and range.

        With `within_range` numbers and dates of a table go no further than those that the model has seen there.
        """
        checked = checked_codes(codes, self.code_size)
        with waiting(f"decoding {len(checked):,} codes ..."):
            items = self.coding.decode(checked)
        format_ = self.coding.format
        return format_.within_range(items) if within_range and isinstance(format_, TableFormat) else items

    def code_of(self, item: Any) -> np.ndarray:
        """The code (d,) of one item: an id of the space, a file, an array, a row, or a code itself.

        Numbers are a code or an item by their shape. Where it fits both, as when a code is as long as a row, they are
        refused unless it is said that they are codes: `hs.Codes(z)`. Without an encoder they are codes.
        """
        return code_of(self, item)

    def codes_of(self, items: Any) -> np.ndarray:
        """Codes (m, d) of several: a sequence of items, a mask over the space, or a condition such as 'label = 3'.

        What arrays are, their shape says, see `code_of`.
        """
        return codes_of(self, items)

    def thumbnails(self, positions: Any = None) -> list[bytes] | None:
        """PNG files of the items at these positions (all by default); None where the items are no pictures."""
        where = np.arange(len(self)) if positions is None else np.asarray(positions)
        if self._dataset is None:
            return None if self._store is None else self._store.thumbnails(self.ids[where])
        return thumbnails_of(self._dataset.take(where), self._format(self._dataset))

    def check_filled(self) -> None:
        """Refuses a space from which everything was taken out.

        Raises
        ------
        UsageError
            If it is empty.
        """
        if not len(self):
            raise UsageError("this space has no items left; add some.")

    def check_decodes(self) -> None:
        """Refuses a space whose codes cannot become items, before anything else is done.

        Raises
        ------
        ModelError
            If it has no decoder.
        UsageError
            If it is empty.
        """
        self.check_filled()
        self.decode(self.codes[:1])

    # search -----------------------------------------------------------------------------------------------------

    @property
    def store(self) -> Neighbours:
        """The Lance table of this space, made in memory (without thumbnails) where it was not saved."""
        from hiddenspace.space.neighbours import Neighbours

        if self._store is None:
            self._store = Neighbours.temporary(self._items, self.coding.fingerprint)
        return self._store

    def _changing(self) -> Neighbours:
        """The table, complete: after a change it is all that is left of the items that came with the constructor."""
        from hiddenspace.space.neighbours import Neighbours

        store, dataset = self.store, self._dataset
        if dataset is not None and dataset.kind == "images" and not (store.pictured or store.lasting):
            self._store = Neighbours.temporary(self._with_thumbnails(), self.coding.fingerprint)
        return self.store

    def similar(self, item: Any, k: int = 10, *, where: Any = None) -> pd.DataFrame:
        """The k items whose codes are nearest.

        Parameters
        ----------
        item : see `code_of`
            An item named by its id is not among its own neighbours.
        k : int
            How many.
        where : str or mask of n bools, optional
            A condition on the metadata, as SQL has them: "label = 3 AND size > 10"; or such as
            `space.metadata["label"] == 3`.

        Returns
        -------
        DataFrame of k rows
            `id`, `distance` (Euclidean, between codes) and the metadata, the nearest first.

        Raises
        ------
        UsageError
            If there are fewer than k such items, or the condition cannot be understood.
        """
        from hiddenspace.space.queries import id_of

        return self.store.nearest(self.code_of(item)[None], k, where=where, without=[id_of(self, item)])

    def add(
        self, X: Any, *, data: Any = None, ids: Sequence[Any] | np.ndarray | None = None, metadata: Any = None
    ) -> None:
        """Encodes further items into the space (ready codes are taken as they are); row numbers go on from the last.

        Parameters
        ----------
        X : anything `load_dataset` takes
            Where the space was made of ready codes, codes (m, d) of the same network (nobody checks that they are).
        data : anything `load_dataset` takes, optional
            What ready codes are of; needed where the space holds pictures, which are shown.
        ids : sequence of m, optional
            Names; by default those of the source, else row numbers.
        metadata : DataFrame, dict or sequence of m, optional
            In columns that the space has; what is not given is missing.

        Raises
        ------
        DataError
            If an id is there already, metadata do not fit, or pictures are missing.
        ModelError
            If the data are of another kind or shape than the model takes.
        UsageError
            If `data` are given beside items that the model encodes.
        """
        dataset, codes = self._further(X, data)
        start = int(self.ids.max()) + 1 if self.ids.dtype.kind in "iu" and len(self) else 0
        new = Items(
            ids_of(dataset, ids, len(codes), start),
            codes,
            metadata_of(dataset, metadata, len(codes)),
            None if dataset is None else thumbnails_of(dataset, self._format(dataset)),
        )
        self._changing().add(new)
        self._reread()

    def _further(self, X: Any, data: Any) -> tuple[Dataset | None, np.ndarray]:
        """What is added, and its codes."""
        if not isinstance(self.coding, ReadyCodes):
            if data is not None:
                raise UsageError("data= goes with ready codes; this space encodes items itself, give them alone.")
            dataset = self.coding.read(X)
            return dataset, checked_codes(self._encoded(dataset), self.code_size)
        codes = checked_codes(X.values if isinstance(X, Codes) else X, self.code_size)
        shown = None if data is None else load_dataset(data)
        if shown is not None and len(shown) != len(codes):
            raise DataError(f"there are {len(codes):,} codes for {len(shown):,} items; give one for each.")
        return shown, codes

    def update(self, items: Any, metadata: Any) -> None:
        """Other metadata for some items. (Another picture is another item: `delete` the one, `add` the other.)

        Parameters
        ----------
        items : id, sequence of ids, mask of n bools, or condition such as "label = 3"
        metadata : dict or DataFrame
            Columns, with a value for each of the items in their order, or one for all of them.
        """
        ids = self._ids_of(items)
        before, dataset = self.ids, self._dataset
        self._changing().update(ids, metadata_of(None, metadata, len(ids)))
        self._reread()
        if np.array_equal(before, self.ids):  # or another process has changed more than that
            self._dataset = dataset

    def delete(self, items: Any) -> None:
        """Takes items out: an id, a sequence of ids, a mask over the space, or a condition such as 'label = 3'."""
        self._changing().delete(self._ids_of(items))
        self._reread()

    def _ids_of(self, items: Any) -> np.ndarray:
        """The ids of the items that are named."""
        found = positions_of(self, items)
        if found is None:  # what names nothing is looked up by itself, for the error
            found = self.positions([items] if np.ndim(items) == 0 else items)
        ids: np.ndarray = self.ids[found]
        return ids

    def _reread(self) -> None:
        """After a change the table is what holds; the items that came with the constructor are let go."""
        self._items, self._dataset = self.store.read(), None
        self._densities = {}

    # compress ---------------------------------------------------------------------------------------------------

    def compress(self, X: Any, path: str | Path, *, loss: float = 0.3) -> Compressed:
        """Writes items as a small file of quantised, entropy-coded codes.

        Parameters
        ----------
        X : anything `load_dataset` takes
            Of the kind and shape that the model takes.
        path : path
            The file, by custom .hs.
        loss : float
            How much more error than that of unquantised codes is allowed, in decibel, judged on the space's own items.

        Returns
        -------
        Compressed
            Bytes, items, bits of each dimension, and what was lost.
        """
        from hiddenspace.space.codec import compress

        self.check_filled()
        return compress(self, X, Path(path), loss=loss)

    def decompress(self, path: str | Path) -> Any:
        """The items of a file that `compress` wrote, in the data's own shape and range.

        Raises
        ------
        ModelError
            If another model wrote it.
        DataError
            If it is cut short, altered, or no such file.
        """
        from hiddenspace.space.codec import decompress

        return self.decode(decompress(Path(path), self.coding.fingerprint))

    # look -------------------------------------------------------------------------------------------------------

    def map(self, method: str = "auto", *, limit: int = 10_000, random_state: int = 0) -> Map:
        """The items in two dimensions.

        Parameters
        ----------
        method : {"auto", "code", "pca", "tsne", "umap", "pacmap"}
            'auto' is the code itself where it has two numbers, PCA where it has one, else t-SNE.
        limit : int
            At most so many items, chosen at random.
        random_state : int
            Of the choice and the method.

        Returns
        -------
        Map
            Coordinates and trustworthiness; its `save` writes PNG, SVG, HTML, CSV or Parquet.
        """
        from hiddenspace.space.maps import make_map

        return make_map(self, method, limit=limit, random_state=random_state)

    # go ---------------------------------------------------------------------------------------------------------

    def morph(self, a: Any, b: Any, steps: int = 9, *, method: Way = "linear") -> Any:
        """Items on the way from one to another, both ends (as their codes have them) among them.

        Parameters
        ----------
        a, b : see `code_of`
        steps : int
            How many, 2 or more.
        method : {"linear", "spherical"}
            Along the chord, or along the arc about the mean code, whose length then changes evenly (Shoemake 1985).

        Returns
        -------
        array (steps, ...) or DataFrame
            In the data's own shape and range.

        Raises
        ------
        UsageError
            If there are fewer than 2 steps, or there is no such method.
        ModelError
            If the model has no decoder.
        """
        from hiddenspace.space.morphing import path_between

        self.check_filled()
        start, end = self.code_of(a), self.code_of(b)
        return self.decode(path_between(start, end, steps, method, centre=self.codes.mean(0)))

    def average(self, items: Any) -> Any:
        """The semantic average: the item of the mean of the codes, which is no mean of pixels.

        Parameters
        ----------
        items : see `codes_of`

        Returns
        -------
        array (1, ...) or DataFrame
            One item, in the data's own shape and range.
        """
        return self.decode(self.codes_of(items).mean(0, keepdims=True))

    def analogy(self, plus: Any, minus: Any) -> Any:
        """The item of sum(plus) - sum(minus), each code taken from the mean: king - man + woman (Mikolov et al. 2013).

        Parameters
        ----------
        plus, minus : see `codes_of`
            As in `analogy(plus=[a, b], minus=[c])`, which decodes a + b - c.

        Returns
        -------
        array (1, ...) or DataFrame
            One item, in the data's own shape and range.

        Raises
        ------
        UsageError
            If one of the two is empty.
        ModelError
            If the model has no decoder.
        """
        from hiddenspace.space.morphing import analogy

        self.check_filled()
        return self.decode(analogy(self.codes_of(plus), self.codes_of(minus), self.codes.mean(0))[None])

    def direction(self, positive: Any, negative: Any, *, method: Direction = "normal") -> np.ndarray:
        """The step (d,) in code space from items without an attribute to items with it.

        What else differs between the two groups goes into it as well. So take the same things with the attribute and
        without, where there are some: of faces the same persons.

        Parameters
        ----------
        positive, negative : see `codes_of`
            A few items with the attribute, and a few without it.
        method : {"means", "normal"}
            The difference of the two means, or the shortest step that is as long for a linear discriminant, to which
            all codes of the space contribute.

        Returns
        -------
        ndarray (d,)
            float32; what `move` takes.

        Raises
        ------
        UsageError
            If a group is empty, or there is no such method.
        """
        from hiddenspace.space.morphing import direction

        self.check_filled()
        return direction(self.codes_of(positive), self.codes_of(negative), method, self.codes)

    def move(self, items: Any, direction: np.ndarray, strength: float = 1.0, *, detail: bool = False) -> Any:
        """Items moved along a direction of code space.

        Parameters
        ----------
        items : see `codes_of`
        direction : ndarray (d,)
            What `direction` gave.
        strength : float
            1 is the whole step, 0 none; more, and less than 0, are allowed.
        detail : bool
            Give back what the code had lost: the originals plus the difference that the step makes, rather than what
            is decoded. Items are then named (and the space has been made of them, or opened with data=), or anything
            `load_dataset` takes; not for tables.

        Returns
        -------
        array (m, ...) or DataFrame
            In the data's own shape and range.

        Raises
        ------
        UsageError
            If the selection is empty, the strength is no finite number, or tables shall keep their detail.
        DataError
            If the direction is of another width or not finite, or the space no longer holds the items themselves.
        """
        from hiddenspace.space.details import originals_of, with_detail

        if not np.isfinite(strength):
            raise UsageError(f"strength={strength!r} leads nowhere; give a finite number.")
        step = np.float32(strength) * checked_codes(np.asarray(direction)[None], self.code_size)
        if not detail:
            return self.decode(self.codes_of(items) + step)
        originals = originals_of(self, self._dataset, items)
        codes = self.coding.encode(originals)
        before, after = self.decode(codes), self.decode(codes + step)
        return with_detail(self._format(originals), originals, before, after)

    # make and judge ---------------------------------------------------------------------------------------------

    def sample(self, n: int, *, method: Method = "gmm", random_state: int | None = None) -> Any:
        """New items: codes drawn from a density fitted to the space's codes, decoded.

        Parameters
        ----------
        n : int
            How many.
        method : {"gaussian", "gmm", "kde", "flow", "prior"}
            See `density`.
        random_state : int, optional
            Fixes the draw and the density.

        Returns
        -------
        array (n, ...) or DataFrame
            In the data's own shape and range; numbers and dates of a table are between the least and the most that the
            model has seen in their column.

        Raises
        ------
        UsageError
            If n is below 1, or there is no such method for this model.
        ModelError
            If the model has no decoder.
        """
        checks.whole("n", n)
        self.check_decodes()
        codes = self.density(method, random_state=random_state or 0).sample(n, random_state)
        return self.decode(codes, within_range=True)

    def density(self, method: Method = "gmm", *, random_state: int = 0) -> CodeDensity:
        """The density of the space's codes: `sample(n, seed)` draws codes, `log_density(codes)` judges them.

        Parameters
        ----------
        method : {"gaussian", "gmm", "kde", "flow", "prior"}
            One Gaussian, a mixture of them, a kernel density, a small normalising flow, or N(0, 1), which is the
            prior of a variational autoencoder and of nothing else.
        random_state : int
            Of the fit.

        Raises
        ------
        UsageError
            If there is no such method for this model.
        DataError
            If there are too few codes.
        """
        from hiddenspace.space.densities import check_prior, fit_density

        self.check_filled()
        if method == "prior":
            check_prior(self.coding)
        key = (method, random_state)
        if key not in self._densities:
            with waiting(f"fitting a density ({method}) to {len(self):,} codes ..."):
                self._densities[key] = fit_density(self.codes, method, random_state)
        return self._densities[key]

    def score_samples(self, X: Any, *, method: Judge = "reconstruction") -> np.ndarray:
        """How ordinary items are, (n,) float64: the lower, the odder.

        Parameters
        ----------
        X : anything `load_dataset` takes
            Where the space was made of ready codes, codes (m, d), or what `codes_of` takes.
        method : {"reconstruction", "density", "both", "neighbours"}
            Minus the mean squared error of the reconstruction, the log density of the code, that of the code and the
            logarithm of the error together, or minus the mean distance to the five nearest codes (an item of the space
            not being its own neighbour).

        Raises
        ------
        UsageError
            If there is no such method, or 'both' is asked of a stored space that was opened without its items.
        ModelError
            If the items are of another kind or shape, or the model has no decoder where it needs one.
        """
        from hiddenspace.space.oddity import score_samples

        self.check_filled()
        return score_samples(self, X, method, self._dataset)

    def relevance(
        self, X: Any = None, *, measure: Literal["auto", "shared", "code"] = "auto", random_state: int = 0
    ) -> Any:
        """How much the code depends on each input.

        Of columns, by permutation: the values of one column (all that encode it together) are shuffled among the items
        while the others stay. 'shared' is how much worse the decoder then rebuilds the *other* columns, as a share of
        their variance: what the column tells about the rest. Noise that is independent of everything has none, however
        much room it takes in the code. 'code' is half the mean squared change of the code itself, each of its numbers
        in standard deviations, from 0 to about 1; noise that the code keeps ranks high there. 'auto' is 'shared' where
        there is a decoder.

        Of pixels, the saliency (Simonyan et al. 2013): the norm of the derivative of the code, in standard deviations,
        with respect to the pixel in [0, 1], over all channels, averaged over items. Of codes of more than 64 numbers it
        is estimated by 64 random directions.

        Parameters
        ----------
        X : anything `load_dataset` takes, optional
            The items to look at, by default those that the space was made of; at most 2,000 rows or 256 images.
        measure : {"auto", "shared", "code"}
            Of columns.
        random_state : int
            Of the choice of items, and of permutations.

        Returns
        -------
        Series or ndarray
            Columns, the most relevant first; or (h, w) of pixels. `pictures.relevant_columns` and
            `pictures.relevant_pixels` draw them.

        Raises
        ------
        UsageError
            If the space holds no items and none are given.
        ModelError
            If it was made of ready codes, or 'shared' is asked for without a decoder.
        """
        from hiddenspace.space.relevance import relevance

        return relevance(self, X, measure, random_state)

    def maximise(self, units: Sequence[int], layer: str | None = None, **options: Any) -> Any:
        """Pictures that units of the encoder answer to most strongly, by gradient ascent from noise.

        Parameters
        ----------
        units : sequence of int
            Numbers of the code, or channels of the layer.
        layer : str, optional
            A module of the encoder by its name, such as "stages.1"; the code by default.
        **options
            steps, variation, jitter and random_state of `hiddenspace.space.maximising.maximise`.

        Returns
        -------
        ndarray
            A picture for each unit, in the data's own shape and range.
        """
        from hiddenspace.space.maximising import maximise

        with waiting(f"looking for what {np.size(units):,} units answer to ..."):
            found = maximise(self.coding, units, layer, **options)
        assert self.coding.format is not None  # or it could not see
        return self.coding.format.to_data(found.numpy())

    # inside -----------------------------------------------------------------------------------------------------

    def _encoded(self, dataset: Dataset) -> np.ndarray:
        """Codes (n, d), all finite."""
        with waiting(f"encoding {len(dataset):,} items ..."):
            return checked_codes(self.coding.encode(dataset))

    def _format(self, dataset: Dataset) -> Format:
        return self.coding.format if self.coding.format is not None else fit_format(dataset)

    def _with_thumbnails(self) -> Items:
        return Items(self.ids, self.codes, self.metadata, self.thumbnails())


def _format_of_ready(dataset: Dataset | None) -> Format:
    """What items of ready codes look like, by which a decoder's answers are read."""
    if dataset is None:
        raise UsageError("decoder= needs to know what items look like; give them too, HiddenSpace(codes, data, ...).")
    return fit_format(dataset)
