"""What is odd: scores against their definitions, and against items that are."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors
from torch import nn

import hiddenspace as hs
from hiddenspace.errors import ModelError, UsageError
from hiddenspace.space.oddity import METHODS

rng = np.random.default_rng(0)
PLANE = rng.normal(size=(2, 6)).astype(np.float32)


def on_the_plane(n, scale=1.0):
    """Rows near a plane of two dimensions, in clusters at a distance of 8."""
    codes = 8 * rng.integers(0, 2, size=(n, 2)) + scale * rng.normal(size=(n, 2))
    return (codes @ PLANE + 0.05 * rng.normal(size=(n, 6))).astype(np.float32)


USUAL, FRESH = on_the_plane(600), on_the_plane(200)
OFF = on_the_plane(200) + rng.normal(size=(200, 6)).astype(np.float32)  # ordinary codes, cannot be rebuilt
RARE = (np.array([[4.0, 4.0]]) @ PLANE + 0.05 * rng.normal(size=(200, 6))).astype(np.float32)  # between the clusters


@pytest.fixture(scope="module")
def space():
    return hs.HiddenSpace(hs.PCA(2, scaling="columns").fit(USUAL), USUAL)


def auc(space, odd, method):
    scores = np.r_[space.score_samples(FRESH, method=method), space.score_samples(odd, method=method)]
    return roc_auc_score(np.r_[np.ones(len(FRESH)), np.zeros(len(odd))], scores)


@pytest.mark.parametrize(
    ("method", "off", "rare"),
    [
        ("reconstruction", True, False),
        ("density", False, True),
        ("both", True, True),
        ("neighbours", False, True),
    ],
)
def test_each_method_sees_its_own_kind(space, method, off, rare):
    for odd, seen in ((OFF, off), (RARE, rare)):
        assert (auc(space, odd, method) > 0.9) == seen


def test_reconstruction_is_minus_the_error(space):
    scores = space.score_samples(FRESH)
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, -space.coding.model.reconstruction_errors(FRESH))


def test_density_is_that_of_the_code(space):
    expected = space.density("gmm").log_density(space.encode(FRESH))
    np.testing.assert_allclose(space.score_samples(FRESH, method="density"), expected)


@pytest.mark.parametrize("method", METHODS)
def test_a_score_hangs_on_no_other_item(space, method):
    together = space.score_samples(FRESH, method=method)
    alone = np.concatenate([space.score_samples(FRESH[i : i + 1], method=method) for i in range(3)])
    np.testing.assert_allclose(together[:3], alone, rtol=1e-5)


def test_any_network_that_decodes_is_judged_in_model_space():
    encoder, decoder = nn.Linear(6, 2), nn.Linear(2, 6)
    space = hs.HiddenSpace(encoder, USUAL, decoder=decoder)
    assert space.coding.format is not None
    x = space.coding.format.to_model(torch.from_numpy(space.coding.format.store(space.coding.read(FRESH))))
    with torch.inference_mode():
        expected = -((decoder(encoder(x)) - x) ** 2).mean(1).numpy()
    np.testing.assert_allclose(space.score_samples(FRESH), expected, rtol=1e-5)
    assert np.isfinite(space.score_samples(FRESH, method="both")).all()


def test_neighbours_are_the_five_nearest_but_not_the_item_itself(space):
    near = NearestNeighbors(n_neighbors=6).fit(space.codes)
    fresh, own = near.kneighbors(space.encode(FRESH))[0], near.kneighbors(space.codes[:50])[0]
    scores = space.score_samples(np.concatenate([FRESH, USUAL[:50]]), method="neighbours")
    np.testing.assert_allclose(scores[:200], -fresh[:, :5].mean(1), rtol=1e-4)
    np.testing.assert_allclose(scores[200:], -own[:, 1:].mean(1), rtol=1e-4)
    few = hs.HiddenSpace(space.codes[:3])
    expected = np.linalg.norm(few.codes[:2] - few.codes[2], axis=1).mean()
    np.testing.assert_allclose(few.score_samples([2], method="neighbours"), [-expected], rtol=1e-5)
    assert hs.HiddenSpace(space.codes[:1]).score_samples(space.codes[1:2], method="neighbours")[0] < 0


def test_without_a_decoder_only_the_codes_are_left():
    space = hs.HiddenSpace(nn.Linear(6, 2), USUAL)
    for method in ("density", "neighbours"):
        assert np.isfinite(space.score_samples(FRESH, method=method)).all()
    for method in ("reconstruction", "both"):
        with pytest.raises(ModelError, match="use 'neighbours' or 'density'"):
            space.score_samples(FRESH, method=method)


def test_of_ready_codes_there_is_the_density():
    space = hs.HiddenSpace(USUAL[:, :2])
    expected = space.density("gmm").log_density(FRESH[:, :2])
    np.testing.assert_array_equal(space.score_samples(FRESH[:, :2], method="density"), expected)
    np.testing.assert_array_equal(
        space.score_samples([3, 5], method="density"), space.density("gmm").log_density(USUAL[[3, 5], :2])
    )
    for method in ("reconstruction", "both"):
        with pytest.raises(ModelError, match="use 'neighbours' or 'density'"):
            space.score_samples(FRESH[:, :2], method=method)


@pytest.mark.parametrize("method", METHODS)
def test_higher_is_more_usual(space, method):
    """As scikit-learn's score_samples has it."""
    far = FRESH[:20] + 100 * (PLANE[0] + rng.normal(size=6)).astype(np.float32)  # along the plane, and off it
    assert space.score_samples(far, method=method).max() < space.score_samples(FRESH, method=method).min()


def test_a_stored_space_has_no_items_to_compare_with(space, tmp_path):
    space.save(tmp_path / "space.lance")
    again = hs.HiddenSpace.open(tmp_path / "space.lance", space.coding.model)
    np.testing.assert_allclose(
        again.score_samples(FRESH, method="density"), space.score_samples(FRESH, method="density")
    )
    with pytest.raises(UsageError, match="does not hold"):
        again.score_samples(FRESH, method="both")


def test_unknown_methods_and_other_data_are_refused(space):
    with pytest.raises(UsageError, match="'distance' is unknown"):
        space.score_samples(FRESH, method="distance")
    with pytest.raises((ModelError, ValueError), match="features"):
        space.score_samples(FRESH[:, :4])
