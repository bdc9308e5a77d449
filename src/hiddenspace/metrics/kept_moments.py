"""Moments of a set by a net, kept on disk: the real items of many measurements are the same."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from typing import Any

import numpy as np

from hiddenspace.data.chunks import chunks
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.image_cache import cache_folder
from hiddenspace.errors import DataError
from hiddenspace.metrics.choosing import extractor_for
from hiddenspace.metrics.extracting import Extractor, NetFeatures, finite
from hiddenspace.metrics.moments import FORMAT, Moments
from hiddenspace.metrics.reading import SAMPLED, read_items

FOLDER = "moments"
WORTH_KEEPING = 1_000
"""Items; fewer are through a net before anybody has waited."""


def moments_of(
    items: Any,
    features: Any = None,
    *,
    n: int = SAMPLED,
    size: Any = None,
    random_state: int = 0,
    cache_dir: str | os.PathLike[str] | None = None,
) -> Moments:
    """Mean and covariance of a set's features, to be kept and given to `frechet_distance` in the place of the set.

    Parameters
    ----------
    items : array (n, d), or any source
        As for `frechet_distance`. Images are read by their own range here, so that of pictures in a range of their own
        (-1 to 1, say) the other set must fill the same.
    features : Module, name, path or fitted model, optional
        As for `frechet_distance`.
    n : int
        How many items a generator is asked for.
    size : int, (h, w) or (h, w, c), optional
        What image files are brought to; without it they must be of one size. A Dataset is taken as it is.
    random_state : int
        Of a generator's items, and of a random net.
    cache_dir : path, optional
        Where those of 1,000 items or more by a net are kept; HIDDENSPACE_CACHE or the user's cache folder by default.

    Returns
    -------
    Moments

    Raises
    ------
    DataError
        If there are fewer than two items, they cannot be read, or features are not finite.
    UsageError
        If images are given without features, or the net does not take them.
    """
    data = read_items(items, "given", n=n, size=size, random_state=random_state)
    if isinstance(data, Moments):
        return data
    if data.kind == "table" and features is None:
        raise DataError("moments of a table would not know its columns; give an array of features, or a net.")
    return kept(data, extractor_for(features, data, random_state), cache_dir)


def computed(data: Dataset, by: Extractor, whose: str) -> Moments:
    """The moments of a dataset's features."""
    return Moments.of(finite(by.of(data), whose, by), by.description, by.fingerprint)


def kept(data: Dataset, by: Extractor, cache_dir: str | os.PathLike[str] | None) -> Moments:
    """The same, from the cache where they are there; put there otherwise, if there is room."""
    if not isinstance(by, NetFeatures) or len(data) < WORTH_KEEPING:
        return computed(data, by, "real")
    path = cache_folder(cache_dir) / FOLDER / f"{_key(data, by)}.safetensors"
    try:
        return Moments.load(path)
    except DataError:  # not there, or damaged
        moments = computed(data, by, "real")
    with suppress(DataError):  # a full or read-only disk: next time they are computed again
        moments.save(path)
    return moments


def _key(data: Dataset, by: NetFeatures) -> str:
    """Of the items as the net sees them, and the net."""
    stored: Any = by.format.store(data)
    about = [FORMAT, by.fingerprint, by.format.config(), list(stored.shape), str(stored.dtype)]
    digest = hashlib.sha256(json.dumps(about).encode())
    for part in chunks(stored):
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()[:32]
