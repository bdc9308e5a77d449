"""Frechet distance between two sets of features."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from hiddenspace.errors import DataError
from hiddenspace.metrics.kept_moments import computed, kept
from hiddenspace.metrics.moments import Moments
from hiddenspace.metrics.reading import SAMPLED, Pair


def frechet_distance(
    generated: Any,
    real: Any,
    features: Any = None,
    *,
    n: int = SAMPLED,
    size: Any = None,
    random_state: int = 0,
    cache_dir: str | os.PathLike[str] | None = None,
) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), in float64: how far two Gaussians with these moments are apart.

    With the features of a certain Inception network this is the FID of Heusel et al. 2017; figures of other features
    cannot be compared with it, nor with each other. It is biased upwards, the more the fewer items there are, so
    compare only figures of sets of the same sizes. Both sets may change places. The trace of the root is the sum of
    the singular values of F1^T F2 with F F^T = C, which loses nothing where there are fewer items than features.

    Parameters
    ----------
    generated, real : array (n, d), or any source
        Without `features` arrays of ready features, of at least two items each, or tables, whose columns are
        standardised as those of `real` are. With them anything that `load_dataset` takes (folders, arrays of images,
        datasets, names), or what makes items: an object with `sample(n)`. Images of both sets are read by the range
        (bytes, 0 to 1) of the real ones. `Moments` of either may be given in its place.
    features : Module, name, path or fitted model, optional
        A net that gives features (b, d) or feature maps (b, c, h, w), which are averaged over places, of items in
        model space: images (b, c, h, w) in [0, 1]. Or the name or file of one, see `hiddenspace.feature_net`; 'random'
        is normalised on the real images. Or a fitted model of hiddenspace that encodes.
    n : int
        How many items a generator is asked for; all other sets are taken whole.
    size : int, (h, w) or (h, w, c), optional
        What image files are brought to; without it they must be of one size. A Dataset is taken as it is.
    random_state : int
        Of a generator's items, and of a random net.
    cache_dir : path, optional
        Where the moments of 1,000 real items or more by a net are kept, so that they are not computed again;
        HIDDENSPACE_CACHE or the user's cache folder by default.

    Returns
    -------
    float
        In squared units of the features, 0 or more.

    Raises
    ------
    DataError
        If the sets are of different kinds or shapes, do not have the same features, or fewer than two items.
    UsageError
        If images are given without features, or the net does not take them.
    """
    pair = Pair.read(generated, real, features, n=n, size=size, random_state=random_state)
    first, second = pair.generated, pair.real
    if pair.by is not None:
        first = first if isinstance(first, Moments) else computed(first, pair.by, "generated")
        second = second if isinstance(second, Moments) else kept(second, pair.by, cache_dir)
    assert isinstance(first, Moments)
    assert isinstance(second, Moments)
    return between(first, second)


def between(first: Moments, second: Moments) -> float:
    """The distance of sets with these moments.

    Raises
    ------
    DataError
        If they are of different features.
    """
    if first.mean.shape != second.mean.shape:
        raise DataError(
            f"a Frechet distance needs two sets of the same features, not of {len(first.mean):,} and "
            f"{len(second.mean):,} numbers."
        )
    if first.fingerprint and second.fingerprint and first.fingerprint != second.fingerprint:
        raise DataError(
            f"the features of one set ({first.features}) and of the other ({second.features}) are by nets of "
            "different weights or settings; measure both with one net."
        )
    overlap = np.linalg.svd(first.factor.T @ second.factor, compute_uv=False).sum()
    spread = np.square(first.factor).sum() + np.square(second.factor).sum()
    return max(float(np.square(first.mean - second.mean).sum() + spread - 2 * overlap), 0.0)
