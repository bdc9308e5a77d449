"""Frechet distances against closed forms."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from hiddenspace.errors import DataError
from hiddenspace.metrics.frechet import frechet_distance

rng = np.random.default_rng(0)


def exactly(mean, covariance, n=400):
    """n items with just these moments."""
    raw = rng.normal(size=(n, len(mean)))
    raw -= raw.mean(0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T))).T
    return white @ np.linalg.cholesky(covariance).T + mean


def test_moved_by_a_vector():
    items = rng.normal(size=(300, 4))
    assert frechet_distance(items, items + np.array([3, 0, 4, 0])) == pytest.approx(25)


def test_diagonal_covariances():
    a, b = exactly([1.0, 2], np.diag([4.0, 9])), exactly([1.0, 0], np.diag([1.0, 25]))
    assert frechet_distance(a, b) == pytest.approx(4 + (2 - 1) ** 2 + (3 - 5) ** 2)


def test_any_covariances_are_as_by_the_matrix_root():
    mixed = rng.normal(size=(2, 5, 5))
    c1, c2 = mixed @ mixed.transpose(0, 2, 1)
    expected = np.trace(c1 + c2 - 2 * sqrtm(c1 @ c2).real)
    assert frechet_distance(exactly(np.zeros(5), c1), exactly(np.zeros(5), c2)) == pytest.approx(expected)


def test_of_equal_sets_it_is_zero_and_its_sides_may_change():
    a, b = rng.normal(size=(50, 3)), rng.normal(size=(80, 3)) ** 2
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a))


def test_features_that_do_not_vary_or_repeat():
    a = rng.normal(size=(100, 2))
    thin = np.c_[a, a[:, 0], np.ones(100)]  # of rank 2
    assert frechet_distance(thin, thin + 1) == pytest.approx(4, abs=1e-5)


def test_float32_far_from_zero_loses_nothing():
    a = (rng.normal(size=(1_000, 3)) + 1_000).astype(np.float32)
    assert frechet_distance(a, a[::-1].copy()) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("first", "second"), [((5, 3), (5, 4)), ((1, 3), (5, 3)), ((5,), (5,))])
def test_sets_that_do_not_fit(first, second):
    with pytest.raises(DataError, match="two sets"):
        frechet_distance(np.zeros(first), np.zeros(second))
