"""Whitening against its definition, and back."""

import numpy as np
import pytest

from hiddenspace.data.whitening import contrast_normalised, fit_whitening
from hiddenspace.errors import DataError, UsageError

RNG = np.random.default_rng(0)
ITEMS = RNG.normal(size=(500, 6)) @ RNG.normal(size=(6, 6)) + 5


@pytest.mark.parametrize("method", ["zca", "pca"])
def test_whitened_items_are_uncorrelated_and_come_back(method: str) -> None:
    whitening = fit_whitening(ITEMS, method, floor=0)  # type: ignore[arg-type]
    white = whitening.apply(ITEMS)
    np.testing.assert_allclose(np.cov(white.T, bias=True), np.eye(6), atol=1e-4)
    np.testing.assert_allclose(whitening.invert(white), ITEMS, atol=1e-4)


def test_zca_is_the_symmetric_root_and_so_the_nearest_to_the_items() -> None:
    forward = fit_whitening(ITEMS, floor=0).forward
    np.testing.assert_allclose(forward, forward.T, atol=1e-9)
    assert (np.linalg.eigvalsh(forward) > 0).all()


def test_a_floor_damps_what_has_little_variance() -> None:
    items = RNG.normal(size=(20_000, 2)) * [2, 0.1]
    variances = fit_whitening(items, floor=0.1).apply(items).var(0)
    values = items.var(0)
    np.testing.assert_allclose(variances, values / (values + 0.1 * values.mean()), rtol=0.02)


def test_directions_without_variance_are_left_out() -> None:
    items = np.hstack([ITEMS, ITEMS[:, :1]]).reshape(500, 7, 1)
    whitening = fit_whitening(items, "pca", floor=0)
    assert whitening.apply(items).shape == (500, 6)
    np.testing.assert_allclose(whitening.invert(whitening.apply(items)), items[..., 0], atol=1e-4)


def test_contrast() -> None:
    patches = np.stack([RNG.normal(3, 2, (4, 4)), RNG.normal(-1, 0.5, (4, 4)), np.full((4, 4), 7.0)])
    made = contrast_normalised(patches, floor=0.1)
    np.testing.assert_allclose(made.mean((1, 2)), 0, atol=1e-6)
    spread = patches.std((1, 2))
    np.testing.assert_allclose(made.std((1, 2)), spread / (spread + 0.1 * spread.mean()), atol=1e-6)
    np.testing.assert_array_equal(made[2], 0)
    np.testing.assert_array_equal(contrast_normalised(np.ones((3, 2, 2))), 0)


def test_senseless_arguments() -> None:
    with pytest.raises(UsageError, match="zca"):
        fit_whitening(ITEMS, "ica")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="floor"):
        fit_whitening(ITEMS, floor=-1)
    with pytest.raises(DataError, match="two items"):
        fit_whitening(ITEMS[:1])
    with pytest.raises(DataError, match="finite"):
        fit_whitening(np.where(np.arange(6) == 2, np.nan, ITEMS))
    with pytest.raises(DataError, match="takes 6"):
        fit_whitening(ITEMS).apply(ITEMS[:, :5])
