"""How different generated items are from each other."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hiddenspace import checks
from hiddenspace.errors import DataError
from hiddenspace.metrics.reading import SAMPLED, features_of_both

PAIRS = 10_000


class PairwiseDiversity(NamedTuple):
    """Mean distances of two different generated items, and of two real ones."""

    generated: float
    real: float

    @property
    def ratio(self) -> float:
        """1 where generated items differ as much as real ones, 0 where all are the same."""
        return self.generated / self.real if self.real > 0 else float("nan")


def pairwise_diversity(
    generated: Any,
    real: Any,
    features: Any = None,
    *,
    pairs: int = PAIRS,
    n: int = SAMPLED,
    size: Any = None,
    random_state: int = 0,
) -> PairwiseDiversity:
    """How far two generated items are apart on average, and two real ones.

    Where a generator's modes collapse, the first falls. It says nothing about quality: noise is diverse.

    Parameters
    ----------
    generated, real : array (n, d), or any source
        See `frechet_distance`.
    features : Module, name, path or fitted model, optional
        By what items are compared, see `frechet_distance`.
    pairs : int
        How many random pairs of each set are looked at; where there are not so many, all of them.
    n : int
        How many items a generator is asked for.
    size : int, (h, w) or (h, w, c), optional
        What image files are brought to; without it they must be of one size. A Dataset is taken as it is.
    random_state : int
        Of the pairs.

    Returns
    -------
    PairwiseDiversity
        A named tuple, in units of the features.

    Raises
    ------
    DataError
        If the sets do not have the same features, or fewer than two items.
    """
    checks.whole("pairs", pairs)
    made, true = features_of_both(generated, real, features, n=n, size=size, random_state=random_state)
    return of_pairs(made, true, pairs, random_state)


def of_pairs(generated: NDArray[Any], real: NDArray[Any], pairs: int = PAIRS, seed: int = 0) -> PairwiseDiversity:
    """Of features (n, d) and (m, d)."""
    checks.seed("random_state", seed)
    return PairwiseDiversity(_mean_distance(generated, pairs, seed), _mean_distance(real, pairs, seed))


def _mean_distance(items: NDArray[Any], pairs: int, seed: int) -> float:
    count = len(items)
    if count < 2:
        raise DataError("diversity is that of 2 items or more, but there is one; give more.")
    if count * (count - 1) // 2 <= pairs:
        one, other = np.triu_indices(count, 1)
    else:
        rng = np.random.default_rng(seed)
        one = rng.integers(count, size=pairs)
        other = (one + rng.integers(1, count, size=pairs)) % count  # never itself
    steps = range(0, len(one), 1_000)
    apart = [
        np.linalg.norm(items[one[s : s + 1_000]].astype(np.float64) - items[other[s : s + 1_000]], axis=1)
        for s in steps
    ]
    return float(np.concatenate(apart).mean())
