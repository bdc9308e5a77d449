"""Every code looked at: against distances in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hiddenspace.space.exact import ExactSearch


def reference(codes: np.ndarray, query: np.ndarray, k: int) -> np.ndarray:
    return np.sort(np.linalg.norm(codes.astype(np.float64) - query.astype(np.float64), axis=1))[:k]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 60),
    width=st.integers(1, 40),
    offset=st.sampled_from([0.0, 1e3, 1e6]),
    spread=st.sampled_from([1e-6, 1.0, 1e10]),
)
def test_distances_are_those_of_float64(seed: int, count: int, width: int, offset: float, spread: float) -> None:
    rng = np.random.default_rng(seed)
    codes = (offset + spread * rng.normal(size=(count, width))).astype(np.float32)
    queries = (offset + spread * rng.normal(size=(3, width))).astype(np.float32)
    k = int(rng.integers(1, count + 1))
    positions, distances = ExactSearch(codes).nearest(queries, k)
    for query, found, far in zip(queries, positions, distances, strict=True):
        np.testing.assert_allclose(far, reference(codes, query, k), rtol=1e-12)
        np.testing.assert_allclose(np.linalg.norm(codes[found].astype(np.float64) - query, axis=1), far, rtol=1e-12)
        assert len(set(found)) == k


def test_neighbours_closer_to_each_other_than_float32_can_tell() -> None:
    codes = np.full((50, 8), 100, np.float32)
    codes[:, 0] += np.arange(50) * np.float32(1e-4)
    codes[0] = 1e4  # makes squares large
    positions, _ = ExactSearch(codes).nearest(codes[20:21], 3)
    assert set(positions[0]) == {19, 20, 21}


def test_ties_go_to_the_first_and_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = np.zeros((9, 2), np.float32)
    assert ExactSearch(codes).nearest(codes[:1], 4)[0].tolist() == [[0, 1, 2, 3]]
    rng = np.random.default_rng(0)
    codes, queries = rng.normal(size=(300, 5)).astype(np.float32), rng.normal(size=(17, 5)).astype(np.float32)
    whole = ExactSearch(codes).nearest(queries, 6)
    monkeypatch.setattr("hiddenspace.space.exact.BLOCK", 700)
    np.testing.assert_array_equal(ExactSearch(codes).nearest(queries, 6)[0], whole[0])


def test_among_some_only() -> None:
    rng = np.random.default_rng(1)
    codes, among = rng.normal(size=(200, 4)).astype(np.float32), np.array([3, 50, 51, 120, 199])
    positions, distances = ExactSearch(codes).nearest(codes[:2], 5, among)
    assert [set(found) for found in positions] == [set(among)] * 2
    np.testing.assert_allclose(distances[0], reference(codes[among], codes[0], 5))
