"""Figures about arrays a piece at a time are those of the whole."""

import numpy as np
import pytest

from hiddenspace.data.chunks import Mapped, chunks, extremes, mapped, mean_and_std, sample

X = np.random.default_rng(0).normal(3.0, 2.0, (101, 4))


class Lazy:
    """Takes arrays of integers only, as what decodes on access does."""

    def __init__(self, x: np.ndarray) -> None:
        self.x, self.shape, self.dtype = x, x.shape, x.dtype
        self.most = 0

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: np.ndarray) -> np.ndarray:
        assert isinstance(index, np.ndarray)
        self.most = max(self.most, len(index))
        return self.x[index]


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(("bytes_", "rows"), [(1, 1), (32 * 10, 10), (10**9, 101)])
def test_pieces_make_up_the_whole(lazy, bytes_, rows):
    source = Lazy(X) if lazy else X
    pieces = list(chunks(source, bytes_))
    assert np.array_equal(np.concatenate(pieces), X)
    assert {len(piece) for piece in pieces[:-1]} <= {rows}
    assert len(pieces[-1]) <= rows
    if lazy:
        assert source.most == rows


def test_pieces_of_a_memory_map_are_not_copied(tmp_path):
    np.save(tmp_path / "x.npy", X)
    source = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert all(np.shares_memory(piece, source) for piece in chunks(source, 1000))


def test_extremes_and_moments(monkeypatch):
    monkeypatch.setattr("hiddenspace.data.chunks.BYTES", 100)
    monkeypatch.setattr(chunks, "__defaults__", (100,))
    for source in (X, Lazy(X)):
        assert extremes(source) == (X.min(), X.max())
        mean, std = mean_and_std(source)
        np.testing.assert_allclose(mean, X.mean(0), rtol=1e-12)
        np.testing.assert_allclose(std, X.std(0), rtol=1e-12)


def test_the_mean_of_large_numbers_keeps_its_digits():
    x = (1e6 + X).astype(np.float32)
    mean, std = mean_and_std(x)
    np.testing.assert_allclose(mean, x.astype(np.float64).mean(0), rtol=1e-12)
    np.testing.assert_allclose(std, x.astype(np.float64).std(0), rtol=1e-9)


def test_what_is_in_memory_is_converted_now_and_the_rest_when_read(tmp_path, monkeypatch):
    monkeypatch.setattr(chunks, "__defaults__", (100,))
    np.save(tmp_path / "x.npy", X)
    calls: list[int] = []

    def double(rows: np.ndarray) -> np.ndarray:
        calls.append(len(rows))
        return (2 * rows).astype(np.float32)

    now = mapped(X, double)
    assert isinstance(now, np.ndarray)
    assert now.dtype == np.float32
    assert np.array_equal(now, (2 * X).astype(np.float32))
    assert max(calls) < 10  # piece by piece, so that no copy in float64 is ever whole
    calls.clear()
    later = mapped(np.load(tmp_path / "x.npy", mmap_mode="r"), double)
    assert isinstance(later, Mapped)
    assert (len(later), later.shape, later.dtype, calls) == (101, X.shape, np.float32, [])
    assert np.array_equal(later[np.array([5, 3])], now[[5, 3]])
    assert calls == [2]


@pytest.mark.parametrize("most", [1, 10, 101, 500])
def test_a_sample_is_evenly_spaced(most):
    for source in (X, Lazy(X)):
        rows = sample(source, most)
        assert len(rows) == min(most, 101)
        assert np.array_equal(rows[0], X[0])
        if most > 1:
            assert np.array_equal(rows[-1], X[-1])
