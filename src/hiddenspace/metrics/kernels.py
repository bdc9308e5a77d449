"""Kernel distance between two sets of features: KID, where these are an Inception network's."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hiddenspace import checks
from hiddenspace.errors import DataError
from hiddenspace.metrics.reading import SAMPLED, features_of_both

SUBSETS, SUBSET_SIZE = 100, 1_000


class KernelDistance(NamedTuple):
    """The mean over subsets, which may be below 0 by chance, and their standard deviation."""

    mean: float
    deviation: float


def kernel_distance(
    generated: Any,
    real: Any,
    features: Any = None,
    *,
    subsets: int = SUBSETS,
    subset_size: int = SUBSET_SIZE,
    n: int = SAMPLED,
    size: Any = None,
    random_state: int = 0,
) -> KernelDistance:
    """Squared maximum mean discrepancy by the kernel (x . y / d + 1)^3, unbiased; a mean over random subsets.

    Binkowski et al. 2018, who call it KID over the features of a certain Inception network. Other than a Frechet
    distance it is unbiased, so that few items give a figure that is noisier and not larger. In float64.

    Parameters
    ----------
    generated, real : array (n, d), or any source
        See `frechet_distance`.
    features : Module, name, path or fitted model, optional
        By what items are compared, see `frechet_distance`.
    subsets : int
        How many pairs of subsets are drawn.
    subset_size : int
        Items in each, 2 or more, drawn without repeats. Where neither set has more, both are taken whole, once.
    n : int
        How many items a generator is asked for.
    size : int, (h, w) or (h, w, c), optional
        What image files are brought to; without it they must be of one size. A Dataset is taken as it is.
    random_state : int
        Of the draws.

    Returns
    -------
    KernelDistance
        A named tuple.

    Raises
    ------
    DataError
        If the sets do not have the same features, or fewer than two items.
    UsageError
        If there are no subsets, or none of a size to compute with.
    """
    checks.whole("subsets", subsets)
    checks.number("subset_size", subset_size, least=2)
    made, true = features_of_both(generated, real, features, n=n, size=size, random_state=random_state)
    return over_subsets(made, true, subsets, subset_size, random_state)


def over_subsets(
    first: NDArray[Any], second: NDArray[Any], subsets: int = SUBSETS, subset_size: int = SUBSET_SIZE, seed: int = 0
) -> KernelDistance:
    """Of features (n, d) and (m, d)."""
    if min(len(first), len(second)) < 2:
        raise DataError(f"a kernel distance needs 2 items or more in each set, not {len(first)} and {len(second)}.")
    if max(len(first), len(second)) <= subset_size:
        return KernelDistance(_unbiased(first, second), 0.0)
    rng = np.random.default_rng(checks.seed("random_state", seed))
    found = [_unbiased(*(_drawn(x, subset_size, rng) for x in (first, second))) for _ in range(subsets)]
    return KernelDistance(float(np.mean(found)), float(np.std(found)))


def _drawn(x: NDArray[Any], most: int, rng: np.random.Generator) -> NDArray[Any]:
    return x if len(x) <= most else x[rng.choice(len(x), most, replace=False)]


def _unbiased(first: NDArray[Any], second: NDArray[Any]) -> float:
    x, y = first.astype(np.float64), second.astype(np.float64)
    return _among(x) + _among(y) - 2 * _sum(x, y) / (len(x) * len(y))


def _among(x: NDArray[np.float64]) -> float:
    """The mean kernel of pairs of different items."""
    own = ((np.square(x).sum(1) / x.shape[1] + 1) ** 3).sum()
    return float(_sum(x, x) - own) / (len(x) * (len(x) - 1))


def _sum(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Of the kernel over all pairs."""
    base = x @ y.T
    base /= x.shape[1]
    base += 1
    return float(np.vdot(base * base, base))  # the power 3 takes ten times as long
