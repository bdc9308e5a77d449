"""Frechet distances against closed forms, and their moments on disk."""

import os

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from torch import nn

import hiddenspace as hs
from hiddenspace.errors import DataError
from hiddenspace.metrics import kept_moments
from hiddenspace.metrics.frechet import frechet_distance
from hiddenspace.metrics.kept_moments import moments_of
from hiddenspace.metrics.moments import Moments

rng = np.random.default_rng(0)


def exactly(mean, covariance, n=400):
    """n items with just these moments."""
    raw = rng.normal(size=(n, len(mean)))
    raw -= raw.mean(0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T))).T
    return white @ np.linalg.cholesky(covariance).T + mean


def by_sqrtm(a, b):
    """The formula as it stands."""
    c1, c2 = (np.cov(x.astype(np.float64), rowvar=False) for x in (a, b))
    moved = a.mean(0, dtype=np.float64) - b.mean(0, dtype=np.float64)
    return moved @ moved + np.trace(c1 + c2 - 2 * sqrtm(c1 @ c2).real)


def test_moved_by_a_vector():
    items = rng.normal(size=(300, 4))
    assert frechet_distance(items, items + np.array([3, 0, 4, 0])) == pytest.approx(25)


def test_diagonal_covariances():
    a, b = exactly([1.0, 2], np.diag([4.0, 9])), exactly([1.0, 0], np.diag([1.0, 25]))
    assert frechet_distance(a, b) == pytest.approx(4 + (2 - 1) ** 2 + (3 - 5) ** 2)


@pytest.mark.parametrize("sizes", [(400, 300), (400, 7), (8, 400), (9, 9), (2, 3)])
def test_any_sizes_are_as_by_the_matrix_root(sizes):
    # with as many features as 12, sets of fewer items have singular covariances
    a, b = (rng.normal(size=(n, 12)) @ rng.normal(size=(12, 12)) + rng.normal(size=12) for n in sizes)
    if min(sizes) > 12:
        expected = by_sqrtm(a, b)
    else:  # the matrix root of singular products is unreliable; that of slightly wider Gaussians is not
        wide = [np.cov(x.T) + 1e-10 * np.eye(12) for x in (a, b)]
        moved = a.mean(0) - b.mean(0)
        expected = moved @ moved + np.trace(wide[0] + wide[1] - 2 * sqrtm(wide[0] @ wide[1]).real)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-4)


def test_two_items_each():
    # both vary along one axis: |3 - 1|^2 of standard deviations on a common one, tr C1 + tr C2 on different ones
    a, b = (np.array([[0.0, 0], [scale, 0]]) * np.sqrt(2) for scale in (3, 1))
    assert frechet_distance(a - a.mean(0), b - b.mean(0)) == pytest.approx(4)
    assert frechet_distance(a - a.mean(0), (b - b.mean(0))[:, ::-1]) == pytest.approx(10)


def test_of_equal_sets_it_is_zero_and_its_sides_may_change():
    a, b = rng.normal(size=(50, 3)), rng.normal(size=(80, 3)) ** 2
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a))


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 30), st.integers(2, 30), st.integers(1, 12), st.integers(0, 2**20))
def test_what_holds_for_all_sets(n, m, d, seed):
    draw = np.random.default_rng(seed)
    a, b = draw.normal(size=(n, d)) * draw.uniform(0.1, 3, size=d), draw.normal(size=(m, d)) + 1
    turn, _ = np.linalg.qr(draw.normal(size=(d, d)))
    found = frechet_distance(a, b)
    assert found == pytest.approx(frechet_distance(b, a), abs=1e-9)
    assert found == pytest.approx(frechet_distance(a @ turn + 5, b @ turn + 5), abs=1e-8)
    assert 9 * found == pytest.approx(frechet_distance(3 * a, 3 * b), abs=1e-8)
    assert found >= np.square(a.mean(0) - b.mean(0)).sum() - 1e-9
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


def test_features_that_do_not_vary_or_repeat():
    a = rng.normal(size=(100, 2))
    thin = np.c_[a, a[:, 0], np.ones(100)]  # of rank 2
    assert frechet_distance(thin, thin + 1) == pytest.approx(4, abs=1e-9)


def test_float32_far_from_zero_loses_nothing():
    a = (rng.normal(size=(1_000, 3)) + 1_000).astype(np.float32)
    assert frechet_distance(a, a[::-1].copy()) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        (np.zeros((5, 3)), np.zeros((5, 4)), "the same d features"),
        (np.zeros((1, 3)), np.zeros((5, 3)), "at least 2 items"),
        (np.zeros(5), np.zeros(5), "2D array"),
        (np.full((5, 3), np.nan), np.zeros((5, 3)), "NaN"),
        (np.zeros((5, 3)), np.zeros((5, 4, 4)), "two sets of one kind"),
        (np.zeros((5, 6, 6)), np.zeros((5, 4, 4)), "6x6 with 1 channel"),
        (np.zeros((5, 4, 4)), np.zeros((5, 4, 4)), "give features="),
    ],
)
def test_sets_that_do_not_fit(first, second, says):
    with pytest.raises((DataError, hs.errors.UsageError), match=says):
        frechet_distance(first, second)


# moments ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [4, 60])
def test_moments_are_those_of_numpy_and_survive_the_disk(n, tmp_path):
    x, y = rng.normal(size=(n, 6)), rng.normal(size=(40, 6)) + 1
    moments = moments_of(x)
    np.testing.assert_allclose(moments.mean, x.mean(0))
    np.testing.assert_allclose(moments.covariance, np.cov(x.T), atol=1e-12)
    moments.save(tmp_path / "deeper" / "m.safetensors")
    again = Moments.load(tmp_path / "deeper" / "m.safetensors")
    assert (again.count, again.features) == (n, moments.features)
    expected = frechet_distance(x, y)
    assert [frechet_distance(again, y), frechet_distance(y, again)] == pytest.approx([expected] * 2)
    assert frechet_distance(again, moments_of(y)) == pytest.approx(expected)


def test_many_blocks_give_one_covariance(monkeypatch):
    monkeypatch.setattr("hiddenspace.data.chunks.BYTES", 100)
    x = rng.normal(size=(50, 3)).astype(np.float32)
    np.testing.assert_allclose(Moments.of(x).covariance, np.cov(x.astype(np.float64).T), rtol=1e-9)


@pytest.mark.parametrize("content", [b"", b"no safetensors", None])
def test_what_holds_no_moments(content, tmp_path):
    path = tmp_path / "m"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match="holds no moments"):
        Moments.load(path)


class Counting(nn.Module):
    """Feature maps of two channels, and how often it was asked."""

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))
        self.drop = nn.Dropout(0.5)
        self.asked = 0

    def forward(self, x):
        self.asked += len(x)
        return self.drop(torch.cat([x, self.weight * x**2], 1))


def images(n, seed=0):
    return np.random.default_rng(seed).random((n, 4, 4))


def test_feature_maps_are_averaged_in_evaluation_mode():
    a, b = images(30), images(40, 1) ** 2
    net = Counting(2.0).train()
    ready = [np.c_[x.mean((1, 2)), 2 * (x**2).mean((1, 2))] for x in (a, b)]
    assert frechet_distance(a, b, net) == pytest.approx(frechet_distance(*ready), rel=1e-4)
    assert net.training
    assert net.drop.training


def test_bytes_and_fractions_of_one_picture_are_the_same():
    a = rng.integers(0, 256, size=(40, 4, 4), dtype=np.uint8)
    assert frechet_distance(a, a / np.float32(255), Counting()) == pytest.approx(0, abs=1e-9)


def test_moments_of_real_items_are_kept_for_just_this_net_and_data(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_moments, "WORTH_KEEPING", 20)
    a, b = images(30), images(40, 1) ** 2
    net = Counting()
    first = frechet_distance(a, b, net, cache_dir=tmp_path)
    assert (net.asked, len(list(tmp_path.rglob("*.safetensors")))) == (70, 1)
    assert frechet_distance(a, b, net, cache_dir=tmp_path) == pytest.approx(first, rel=1e-9)
    assert net.asked == 100  # of the real ones nothing was computed again
    other = Counting(3.0)
    assert frechet_distance(a, b, other, cache_dir=tmp_path) != pytest.approx(first, rel=1e-3)
    assert frechet_distance(a, b**2, net, cache_dir=tmp_path) != pytest.approx(first, rel=1e-3)
    assert len(list(tmp_path.rglob("*.safetensors"))) == 3
    for path in tmp_path.rglob("*.safetensors"):
        path.write_bytes(b"damaged")
    assert frechet_distance(a, b, net, cache_dir=tmp_path) == pytest.approx(first, rel=1e-9)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="rights of folders")
def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_moments, "WORTH_KEEPING", 20)
    tmp_path.chmod(0o500)
    assert frechet_distance(images(30), images(40, 1), Counting(), cache_dir=tmp_path) > 0


def test_a_file_in_the_place_of_the_cache_is_done_without(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_moments, "WORTH_KEEPING", 20)
    (tmp_path / "file").write_text("")
    assert frechet_distance(images(30), images(40, 1), Counting(), cache_dir=tmp_path / "file") > 0


def test_moments_of_another_net_are_refused(tmp_path):
    moments = moments_of(images(30), Counting())
    assert frechet_distance(images(30), moments, Counting()) == pytest.approx(0, abs=1e-9)
    with pytest.raises(DataError, match="measure both with one net"):
        frechet_distance(images(30), moments, Counting(2.0))
    with pytest.raises(DataError, match="of the same features, not of 3 and 2"):
        frechet_distance(rng.normal(size=(9, 3)), moments)


def test_moments_know_no_columns():
    with pytest.raises(DataError, match="columns"):
        moments_of("wine")
    with pytest.raises(DataError, match="columns"):
        frechet_distance("wine", moments_of(rng.normal(size=(20, 13))))
