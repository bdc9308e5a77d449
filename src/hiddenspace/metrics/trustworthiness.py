"""Trustworthiness: whether neighbours on a map are neighbours in truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 10
LARGEST = 5_000
"""Items that are looked at; time and memory grow with their square."""


def map_trustworthiness(
    codes: NDArray[np.floating],
    *maps: NDArray[np.floating],
    neighbours: int = NEIGHBOURS,
    limit: int = LARGEST,
    random_state: int = 0,
) -> tuple[float, ...]:
    """How far the nearest neighbours on maps are the nearest neighbours among the codes (Venna and Kaski 2001).

    Measured by scikit-learn's `trustworthiness` with Euclidean distances. Of more than `limit` items as many are drawn
    at random, the same for all maps, and neighbours are sought among these alone.

    Parameters
    ----------
    codes : (n, d)
        Where the neighbours are true.
    *maps : (n, 2)
        One or more maps of the same items.
    neighbours : int
        How many of each item; with fewer than 2 * neighbours + 1 items the largest number below n / 2.
    limit : int
        At most so many items.
    random_state : int
        Of the draw.

    Returns
    -------
    tuple of float in [0, 1]
        One for each map: 1 where no stranger has moved in among the nearest, about 0.5 at random. NaN with fewer than
        three items, or where all codes are the same, as nothing is nearer than anything else then.
    """
    from sklearn.manifold import trustworthiness

    n = len(codes)
    if n < 3 or not np.ptp(codes, axis=0).any():
        return (float("nan"),) * len(maps)
    chosen = np.arange(n)
    if n > limit:
        chosen = np.sort(np.random.default_rng(random_state).choice(n, limit, replace=False))
    k = min(neighbours, (len(chosen) - 1) // 2)
    return tuple(float(trustworthiness(codes[chosen], flat[chosen], n_neighbors=k)) for flat in maps)
