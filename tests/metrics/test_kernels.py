"""Kernel distances and diversity against what they are defined to be."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hiddenspace.errors import DataError, UsageError
from hiddenspace.metrics.diversity import pairwise_diversity
from hiddenspace.metrics.kernels import kernel_distance

rng = np.random.default_rng(0)


def literally(x, y):
    """The unbiased estimator, a pair at a time."""

    def kernel(a, b):
        return (a @ b / len(a) + 1) ** 3

    within = [np.mean([kernel(a, b) for a, b in permutations(s, 2)]) for s in (x, y)]
    return sum(within) - 2 * np.mean([kernel(a, b) for a in x for b in y])


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 12), st.integers(2, 12), st.integers(1, 6), st.integers(0, 2**20))
def test_whole_sets_are_as_by_hand(n, m, d, seed):
    draw = np.random.default_rng(seed)
    x, y = draw.normal(size=(n, d)), draw.normal(size=(m, d)) * 2
    found = kernel_distance(x, y)
    assert found.mean == pytest.approx(literally(x, y), rel=1e-9, abs=1e-9)
    assert found.mean == pytest.approx(kernel_distance(y, x).mean, rel=1e-9, abs=1e-9)
    assert found.deviation == 0


def test_it_is_unbiased_for_few_items_too():
    # E of the estimator is 0 for sets of one distribution, and does not hang on how many items there are
    few = [kernel_distance(*rng.normal(size=(2, 6, 3))).mean for _ in range(4_000)]
    assert np.mean(few) == pytest.approx(0, abs=4 * np.std(few) / np.sqrt(len(few)))
    # x ~ 1 and y ~ 2 in one dimension: (2^3 + 5^3 - 2 * 3^3)
    assert kernel_distance(np.ones((2, 1)), np.full((3, 1), 2.0)).mean == pytest.approx(8 + 125 - 54)


def test_subsets_agree_with_the_whole_on_average():
    x, y = rng.normal(size=(300, 4)), rng.normal(size=(200, 4)) + 1
    whole = kernel_distance(x, y).mean
    parts = kernel_distance(x, y, subsets=400, subset_size=50)
    assert parts.mean == pytest.approx(whole, rel=0.05)
    assert parts.deviation > 0
    assert parts == kernel_distance(x, y, subsets=400, subset_size=50)
    assert parts != kernel_distance(x, y, subsets=400, subset_size=50, random_state=1)


def test_only_the_larger_set_is_cut():
    x, y = rng.normal(size=(100, 2)), rng.normal(size=(5, 2))
    assert kernel_distance(x, y, subsets=3, subset_size=20).deviation > 0


@pytest.mark.parametrize("wrong", [{"subsets": 0}, {"subset_size": 1}, {"random_state": -1, "subset_size": 3}])
def test_arguments_that_make_no_sense(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        kernel_distance(np.zeros((5, 2)), np.zeros((5, 2)), **wrong)


@pytest.mark.parametrize("function", [kernel_distance, pairwise_diversity])
def test_one_item_is_too_few(function):
    with pytest.raises(DataError, match="2 items or more"):
        function(np.zeros((1, 2)), np.zeros((5, 2)))


def test_diversity_of_all_pairs_and_of_some():
    line = np.arange(4.0)[:, None]  # distances 1 1 1 2 2 3
    found = pairwise_diversity(line[:2], line)
    assert found == pytest.approx((1, 10 / 6))
    assert found.ratio == pytest.approx(0.6)
    x = rng.normal(size=(500, 2))
    exact = pairwise_diversity(x, x, pairs=10**6).real
    assert pairwise_diversity(x, x, pairs=5_000).real == pytest.approx(exact, rel=0.03)


def test_collapsed_items_have_no_diversity():
    x = rng.normal(size=(50, 3))
    assert pairwise_diversity(np.repeat(x[:1], 60, axis=0), x).ratio == 0
    assert np.isnan(pairwise_diversity(x, np.zeros((9, 3))).ratio)
