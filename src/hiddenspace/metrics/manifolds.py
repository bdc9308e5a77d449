"""Precision, recall, density and coverage: are generated items like real ones, and are all real ones among them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from hiddenspace import checks
from hiddenspace.errors import DataError
from hiddenspace.metrics.distances import Floats, Neighbourhoods, about_one_centre
from hiddenspace.metrics.reading import SAMPLED, features_of_both


class PrecisionRecall(NamedTuple):
    """Each from 0 to 1."""

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """Density from 0, about 1 for items like real ones, above it in the midst of the crowd; coverage from 0 to 1."""

    density: float
    coverage: float


def precision_recall(
    generated: Any,
    real: Any,
    features: Any = None,
    k: int = 3,
    *,
    n: int = SAMPLED,
    size: Any = None,
    random_state: int = 0,
) -> PrecisionRecall:
    """The share of generated items that lie in the manifold of the real ones, and the other way round.

    A manifold is the union of closed balls about its items, each as large as the distance to its k-th nearest
    neighbour among them (Kynkäänniemi et al. 2019; k = 3 as there). One outlier among the real items has a large ball
    and forgives much, which `density_coverage` does not. Time grows with the product of the sets' sizes.

    Parameters
    ----------
    generated, real : array (n, d), or any source
        Ready features, of more than k items each; tables; or with `features` anything that these take, see
        `frechet_distance`.
    features : Module, name, path or fitted model, optional
        By what items are compared, see `frechet_distance`.
    k : int
        1 or more. Larger balls forgive more.
    n : int
        How many items a generator is asked for.
    size : int, (h, w) or (h, w, c), optional
        What image files are brought to; without it they must be of one size. A Dataset is taken as it is.
    random_state : int
        Of a generator's items.

    Returns
    -------
    PrecisionRecall
        A named tuple.

    Raises
    ------
    DataError
        If the sets do not have the same features, or not more than k items.
    UsageError
        If k is below 1.
    """
    checks.whole("k", k)
    made, true = features_of_both(generated, real, features, n=n, size=size, random_state=random_state)
    return shares(*neighbourhoods(made, true, k), k)


def density_coverage(
    generated: Any,
    real: Any,
    features: Any = None,
    k: int = 5,
    *,
    n: int = SAMPLED,
    size: Any = None,
    random_state: int = 0,
) -> DensityCoverage:
    """How many real items' balls a generated item lies in, and the share of real items whose balls hold one.

    The balls are those of `precision_recall`, about real items only: density counts balls instead of asking whether
    there is one, so that an outlier's ball is one of many, and coverage asks of each real item whether anything near it
    was generated (Naeem et al. 2020; k = 5 as there). Density is the mean count over k. Items of the same kind as the
    real ones have a density of 1 and a coverage of about 1 - 2^-k. Balls are closed here, so that a copy of the k-th
    neighbour is inside; the authors' program has them open.

    Parameters
    ----------
    generated, real : array (n, d), or any source
        As for `precision_recall`.
    features : Module, name, path or fitted model, optional
        By what items are compared, see `frechet_distance`.
    k : int
        1 or more. Larger balls forgive more.
    n : int
        How many items a generator is asked for.
    size : int, (h, w) or (h, w, c), optional
        What image files are brought to; without it they must be of one size. A Dataset is taken as it is.
    random_state : int
        Of a generator's items.

    Returns
    -------
    DensityCoverage
        A named tuple.

    Raises
    ------
    DataError
        If the sets do not have the same features, or there are not more than k real items.
    UsageError
        If k is below 1.
    """
    checks.whole("k", k)
    made, true = features_of_both(generated, real, features, n=n, size=size, random_state=random_state)
    check_enough(k, len(true))
    made, true = about_one_centre(made, true)
    return crowding(made, Neighbourhoods(true, k), k)


def check_enough(k: int, *counts: int) -> None:
    """Raises DataError unless each set has more than k items."""
    if min(counts) <= k:
        raise DataError(f"k={k} needs more than {k} items in each set, not {' and '.join(map(str, counts))}.")


def neighbourhoods(generated: Floats, real: Floats, most: int) -> tuple[Neighbourhoods, Neighbourhoods]:
    """Those of both sets (n, d), (m, d)."""
    check_enough(most, len(generated), len(real))
    made, true = about_one_centre(generated, real)
    return Neighbourhoods(made, most), Neighbourhoods(true, most)


def shares(generated: Neighbourhoods, real: Neighbourhoods, k: int) -> PrecisionRecall:
    """Precision and recall."""
    return PrecisionRecall(_share_within(real, generated.items, k), _share_within(generated, real.items, k))


def crowding(generated: Floats, real: Neighbourhoods, k: int) -> DensityCoverage:
    """Density and coverage."""
    inside, covered = 0, np.zeros(len(real.items), bool)
    for held in real.balls(k).holding(generated):
        inside += int(held.sum())
        covered |= held.any(0)
    return DensityCoverage(inside / (k * len(generated)), float(covered.mean()))


def _share_within(manifold: Neighbourhoods, others: Floats, k: int) -> float:
    return float(np.concatenate([held.any(1) for held in manifold.balls(k).holding(others)]).mean())
