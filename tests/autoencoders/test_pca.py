"""PCA against scikit-learn's, in each of its three ways."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA as Reference

import hiddenspace as hs
from hiddenspace.autoencoders import decomposition as module
from hiddenspace.autoencoders import pca
from hiddenspace.errors import UsageError

rng = np.random.default_rng(0)
FALLING = rng.normal(size=(600, 24)) * np.geomspace(1, 0.05, 24)
WIDE = rng.normal(size=(30, 200)) * np.geomspace(1, 0.01, 200)
DIGITS = load_digits().images[:600]
DATA = {
    "random": (FALLING, 6),
    "random float32": (FALLING.astype(np.float32), 6),
    "far from zero": (FALLING + 1e4, 6),
    "digits": (DIGITS.reshape(600, -1), 10),
    "digits as bytes": ((DIGITS.reshape(600, -1) * 15).astype(np.uint8), 10),
    "digits as pictures": (DIGITS, 10),
    "constant columns": (np.hstack([np.zeros((600, 1)), FALLING, np.full((600, 1), 7.0)]), 6),
    "fewer items than features": (WIDE, 8),
}
WAYS = {
    "covariance": lambda passes, code, seed: module.by_covariance(passes),
    "inner products": lambda passes, code, seed: module.by_inner_products(passes, code),
    "subspace iteration": module.by_subspace_iteration,
}


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Each way in turn, whatever the size of the data."""
    monkeypatch.setattr(pca, "decompose", WAYS[request.param])
    return request.param


def reference(X, code):
    return Reference(code, svd_solver="full").fit(np.asarray(X, dtype=np.float64).reshape(len(X), -1))


@pytest.mark.parametrize("data", DATA)
def test_as_scikit_learn(data, way):
    X, code = DATA[data]
    model, expected = hs.PCA(code, random_state=0).fit(X), reference(X, code)
    signs = np.sign((model.components_ * expected.components_).sum(1, keepdims=True))
    np.testing.assert_allclose(model.components_ * signs, expected.components_, atol=1e-5)
    np.testing.assert_allclose(model.explained_variance_, expected.explained_variance_, rtol=1e-5)
    np.testing.assert_allclose(model.explained_variance_ratio_, expected.explained_variance_ratio_, atol=1e-6)
    np.testing.assert_allclose(model.components_ @ model.components_.T, np.eye(code), atol=1e-5)
    assert model.score(X) == pytest.approx(expected.explained_variance_ratio_.sum(), abs=1e-5)
    flat = np.asarray(X, dtype=np.float64).reshape(len(X), -1)
    unit = np.sqrt(model.explained_variance_[0] / model.variances_[0])
    np.testing.assert_allclose(model.transform(X) * unit * signs[:, 0], expected.transform(flat), atol=2e-5 * unit)
    again = np.asarray(model.reconstruct(X)).reshape(len(X), -1)
    best = expected.inverse_transform(expected.transform(flat))
    if X.ndim == 3:
        best = best.clip(0, 16)  # pictures stay within their range
    np.testing.assert_allclose(again, best, atol=2e-5 * unit + 1e-7 * np.abs(flat).max())


def test_the_spectrum_is_of_all_components(way):
    model = hs.PCA(3, random_state=0).fit(FALLING)
    known = {"covariance": 24, "inner products": 600, "subspace iteration": 3}[way]
    assert len(model.spectrum_) == known
    np.testing.assert_array_equal(model.spectrum_[:3], model.explained_variance_ratio_)
    assert (np.diff(model.spectrum_) <= 0).all()
    if known >= 24:
        assert model.spectrum_.sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("X", "square", "whole", "way"),
    [
        (FALLING, 24, 2**31, "by_covariance"),
        (FALLING, 10, 2**31, "by_subspace_iteration"),
        (WIDE, 100, 30 * 200 * 8, "by_inner_products"),
        (WIDE, 100, 30 * 200 * 8 - 1, "by_subspace_iteration"),
    ],
)
def test_the_size_of_the_data_decides(X, square, whole, way, monkeypatch):
    taken = []
    for name in ("by_covariance", "by_inner_products", "by_subspace_iteration"):
        function = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *a, name=name, f=function: (taken.append(name), f(*a))[1])
    monkeypatch.setattr(module, "LARGEST_SQUARE", square)
    monkeypatch.setattr(module, "LARGEST_WHOLE", whole)
    hs.PCA(3, random_state=0).fit(X)
    assert taken == [way]


@pytest.mark.parametrize("chunk", [1, 7_000, 10**9])
def test_chunks_make_no_difference(chunk, way, monkeypatch):
    whole = hs.PCA(4, random_state=0).fit(FALLING)
    monkeypatch.setattr(module, "CHUNK_BYTES", chunk)
    pieces = hs.PCA(4, random_state=0).fit(FALLING)
    np.testing.assert_allclose(pieces.components_, whole.components_, atol=2e-6)
    np.testing.assert_allclose(pieces.explained_variance_, whole.explained_variance_, rtol=1e-6)


def test_a_memory_map_as_an_array(tmp_path, way):
    np.save(tmp_path / "x.npy", FALLING.astype(np.float32))
    on_disk = np.load(tmp_path / "x.npy", mmap_mode="r")
    model = hs.PCA(4, random_state=0).fit(on_disk)
    assert model.score(on_disk) == pytest.approx(reference(FALLING, 4).explained_variance_ratio_.sum(), abs=1e-5)


def test_all_components_lose_nothing(way):
    X = FALLING[:, :8]
    model = hs.PCA(8, random_state=0).fit(X)
    np.testing.assert_allclose(model.reconstruct(X), X, atol=1e-5)
    assert model.score(X) == pytest.approx(1, abs=1e-9)


def test_a_code_above_the_rank_of_the_data(way):
    X = FALLING[:, :3] @ rng.normal(size=(3, 12))
    model = hs.PCA(6, random_state=0).fit(X)
    assert np.isfinite(model.components_).all()
    np.testing.assert_allclose(model.components_ @ model.components_.T, np.eye(6), atol=1e-4)
    assert model.explained_variance_[3:].max() < 1e-5 * model.explained_variance_[0]
    np.testing.assert_allclose(model.reconstruct(X), X, atol=1e-4)


@pytest.mark.parametrize(("X", "most"), [(FALLING, 24), (WIDE, 30)])
def test_more_components_than_items_or_features_allow(X, most):
    hs.PCA(most).fit(X)
    with pytest.raises(UsageError, match=f"code={most + 1} does not fit .* from 1 to {most}"):
        hs.PCA(most + 1).fit(X)


def test_a_refused_fit_leaves_the_old_one():
    model = hs.PCA(8).fit(FALLING)
    codes = model.transform(FALLING)
    with pytest.raises(UsageError, match="does not fit"):
        model.fit(FALLING[:6, :7])
    np.testing.assert_array_equal(model.transform(FALLING), codes)


@pytest.mark.parametrize("shape", [(30, 1), (2, 40), (2, 1), (5, 3)])
def test_the_default_code_always_fits(shape):
    X = rng.normal(size=shape)
    assert hs.PCA().fit(X).transform(X).shape[0] == shape[0]


def test_columns_of_their_own_units():
    X = FALLING * np.geomspace(1, 1e6, 24)
    scaled = (X - X.mean(0)) / X.std(0)
    model, expected = hs.PCA(5, scaling="columns").fit(X), reference(scaled, 5)
    np.testing.assert_allclose(model.explained_variance_ratio_, expected.explained_variance_ratio_, atol=1e-6)
    np.testing.assert_allclose(np.abs(model.transform(X)), np.abs(expected.transform(scaled)), atol=1e-4)


def test_tables_are_encoded_first():
    frame = pd.DataFrame({"a": rng.normal(size=50), "b": rng.choice(["x", "y"], 50)})
    model = hs.PCA(2).fit(frame)
    assert model.reconstruct(frame).dtypes.equals(frame.dtypes)
    assert (model.reconstruct(frame)["b"] == frame["b"]).mean() > 0.9


def test_signs_are_the_same_each_time(way):
    model = hs.PCA(5, random_state=0).fit(FALLING)
    largest = np.abs(model.components_).argmax(1)
    assert (model.components_[np.arange(5), largest] > 0).all()


def test_noise_of_constant_data():
    X = np.full((20, 6), 3.0)
    model = hs.PCA(2).fit(X)
    assert (model.explained_variance_ == 0).all()
    assert (model.explained_variance_ratio_ == 0).all()
    np.testing.assert_array_equal(model.reconstruct(X), X)


def test_truncated():
    model = hs.PCA(6).fit(FALLING)
    smaller, expected = model.truncated(2), hs.PCA(2).fit(FALLING)
    assert smaller.get_params()["code"] == 2
    assert model.code_size_ == 6
    np.testing.assert_array_equal(smaller.transform(FALLING), expected.transform(FALLING))
    np.testing.assert_array_equal(smaller.explained_variance_, expected.explained_variance_)
    np.testing.assert_array_equal(smaller.spectrum_, expected.spectrum_)
    for code in (0, 7, "a"):
        with pytest.raises(UsageError, match="from 1 to 6"):
            model.truncated(code)


def test_subspace_iteration_on_a_flat_spectrum_comes_close(monkeypatch):
    """With no gap between eigenvalues components are not defined, but the variance they explain is."""
    X = np.random.default_rng(1).normal(size=(2000, 120)).astype(np.float32)
    monkeypatch.setattr(module, "LARGEST_SQUARE", 0)
    model = hs.PCA(10, random_state=0).fit(X)
    expected = reference(X, 10).explained_variance_
    np.testing.assert_allclose(model.explained_variance_, expected, rtol=5e-3)
