"""Precision, recall, density, coverage and copies in cases whose answer is known."""

import numpy as np
import pytest

from hiddenspace.errors import DataError, UsageError
from hiddenspace.metrics import distances
from hiddenspace.metrics.copies import copied_share, honest_share, nearest, suspicious_share
from hiddenspace.metrics.manifolds import density_coverage, precision_recall

rng = np.random.default_rng(0)
LINE = np.arange(10.0)[:, None]


def literally(real, generated, k):
    """Precision, by the words of the definition."""
    inside = []
    for g in generated:
        balls = [np.sort(np.linalg.norm(real - r, axis=1))[k] for r in real]  # the first is r itself
        inside.append(any(np.linalg.norm(g - r) <= ball for r, ball in zip(real, balls, strict=True)))
    return np.mean(inside)


@pytest.mark.parametrize("k", [1, 3])
def test_as_by_the_words_of_the_definition(k, monkeypatch):
    monkeypatch.setattr(distances, "AT_A_TIME", 7)  # blocks must not matter
    real, generated = rng.normal(size=(40, 2)), rng.normal(size=(30, 2)) * 1.5 + 0.5
    found = precision_recall(generated, real, k=k)
    assert found == (literally(real, generated, k), literally(generated, real, k))


def literally_crowded(real, generated, k):
    """Density and coverage, by the words of the definition."""
    balls = [sorted(np.linalg.norm(real - r, axis=1))[k] for r in real]
    inside = np.array([[np.linalg.norm(g - r) <= b for r, b in zip(real, balls, strict=True)] for g in generated])
    return inside.sum() / (k * len(generated)), inside.any(0).mean()


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize("far", [0, 1e4])
def test_density_and_coverage_are_as_by_the_words(k, far, monkeypatch):
    monkeypatch.setattr(distances, "AT_A_TIME", 11)
    real, generated = (rng.normal(size=(n, 3)).astype(np.float32) + np.float32(far) for n in (50, 37))
    found = density_coverage(generated, real, k=k)
    assert found == pytest.approx(literally_crowded(real.astype(float), generated.astype(float), k))


@pytest.mark.parametrize("k", [1, 3, 5])
def test_what_is_expected_of_items_of_the_same_kind(k):
    real, generated = rng.normal(size=(2, 3_000, 2))
    density, coverage = density_coverage(generated, real, k=k)
    assert density == pytest.approx(1, abs=0.1)
    assert coverage == pytest.approx(1 - 0.5**k, abs=0.03)


def test_an_outlier_widens_the_manifold_and_not_the_density():
    real = np.vstack([rng.normal(size=(200, 2)), [[30.0, 30.0]]])
    astray = rng.normal(size=(200, 2)) + 15
    assert precision_recall(astray, real).precision > 0.5
    assert density_coverage(astray, real).density < 0.3


def test_equal_sets():
    assert precision_recall(LINE, LINE) == (1, 1)


def test_far_apart():
    assert precision_recall(LINE + 100, LINE) == (0, 0)
    assert density_coverage(LINE + 100, LINE) == (0, 0)


def test_one_mode_of_two_is_precise_and_forgets_half():
    near, far = rng.normal(size=(200, 3)), rng.normal(size=(200, 3)) + 50
    precision, recall = precision_recall(near + 0, np.vstack([near, far]))
    assert (precision, recall) == (1, 0.5)
    assert density_coverage(near + 0, np.vstack([near, far])).coverage == 0.5


def test_on_a_line():
    # with k = 1 each ball reaches to the next number: all between -1 and 10 is inside
    made = np.array([[-1.0], [9.9], [10.1], [-1.1]])
    assert precision_recall(made, LINE, k=1).precision == 0.5
    # -1 is in the ball of 0, 9.9 in that of 9
    assert density_coverage(made, LINE, k=1) == (2 / 4, 2 / 10)


def test_repeated_items_have_balls_of_nothing():
    assert precision_recall(np.zeros((5, 2)), np.ones((5, 2))) == (0, 0)


@pytest.mark.parametrize(("k", "error"), [(0, UsageError), (10, DataError)])
def test_neighbours_that_cannot_be(k, error):
    for function in (precision_recall, density_coverage):
        with pytest.raises(error, match=f"k={k}"):
            function(LINE, LINE, k=k)


def test_other_features_are_refused():
    for function in (precision_recall, density_coverage):
        with pytest.raises(DataError, match="same d features"):
            function(LINE, np.zeros((10, 2)))


def test_the_nearest_item():
    positions, distances = nearest(np.array([[2.2], [8.9]]), LINE)
    assert positions.tolist() == [2, 9]
    np.testing.assert_allclose(distances, [0.2, 0.1], rtol=1e-5)


def test_pictures_of_bytes_and_blocks(monkeypatch):
    monkeypatch.setattr("hiddenspace.metrics.copies.AT_A_TIME", 3)
    pictures = rng.integers(0, 256, size=(20, 4, 4), dtype=np.uint8)
    positions, distances = nearest(pictures[::-1], pictures)
    assert positions.tolist() == list(range(20))[::-1]
    assert not distances.any()


def test_copies_are_found():
    training, held_out, fresh = rng.normal(size=(3, 500, 6))
    half = np.vstack([fresh[:100], training[:100] + 1e-3])
    assert copied_share(fresh, training, held_out) < 0.05
    assert copied_share(half, training, held_out) == pytest.approx(0.5, abs=0.05)


def test_copies_are_found_far_from_zero():
    training, held_out = 1e4 + rng.normal(size=(2, 500, 6)).astype(np.float32)
    assert nearest(training, training)[0].tolist() == list(range(500))
    assert copied_share(training, training, held_out) == 1.0


def test_rows_that_repeat_anyway_are_no_copies_and_hide_none():
    """A third of the held-out rows are in the training rows too, as in a table of few values."""
    training, fresh = rng.normal(size=(2, 600, 6))
    held_out = np.vstack([fresh[:200], training[:100]])
    honest = np.vstack([fresh[200:400], training[100:200] + 1e-9])
    assert copied_share(honest, training, held_out) < 0.05
    assert copied_share(training + 1e-9, training, held_out) == pytest.approx(2 / 3)
    assert copied_share(training, training, training[:50]) == 0


@pytest.mark.parametrize("held_out", [20, 50, 100, 500])
def test_honest_items_seldom_exceed_their_share(held_out):
    """Distances of any one distribution: in fewer than one of 100 cases, but not in hardly any."""
    limit = honest_share(500, held_out)
    shares = [suspicious_share(rng.random(500), rng.random(held_out)) for _ in range(4_000)]
    assert 0.0002 < np.mean(np.array(shares) > limit) < 0.012


def test_nothing_is_near_nothing():
    with pytest.raises(DataError, match="one shape"):
        nearest(np.zeros((0, 2)), np.zeros((3, 2)))
