"""Densities of codes against closed forms, scipy and scikit-learn."""

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal, norm
from sklearn.neighbors import KernelDensity

import hiddenspace as hs
from hiddenspace.errors import DataError, ModelError, UsageError
from hiddenspace.nets.coupling import BINS, SplineCoupling, _edges, inverse_spline, spline
from hiddenspace.space import flow
from hiddenspace.space.code_whitening import Whitening
from hiddenspace.space.densities import METHODS, check_prior, fit_density
from hiddenspace.space.density import StandardNormal
from hiddenspace.space.kernel_density import Kernel
from hiddenspace.space.mixture_density import Mixture

rng = np.random.default_rng(0)
TURN = rng.normal(size=(3, 3))
GAUSSIAN = (rng.normal(size=(4_000, 3)) @ TURN + [5, -2, 100]).astype(np.float32)
CLUSTERS = (10 * rng.integers(0, 2, size=(3_000, 2)) + rng.normal(size=(3_000, 2))).astype(np.float32)
TRUTH = multivariate_normal(mean=[5, -2, 100], cov=TURN.T @ TURN)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """A flow that learns in a second what these tests ask."""
    monkeypatch.setattr(flow, "STEPS", 200)
    monkeypatch.setattr(flow, "LAYERS", 3)
    monkeypatch.setattr(flow, "WIDTH", 32)


@pytest.mark.parametrize("method", METHODS)
def test_every_density_is_near_the_true_one(method):
    density = fit_density(GAUSSIAN, method, 0)
    drawn = density.sample(4_000, 1)
    assert drawn.dtype == np.float32
    assert drawn.shape == (4_000, 3)
    # of the truth's own 4,000 draws the means vary by about 0.03 deviations
    deviations = np.sqrt(np.diag(TRUTH.cov))
    np.testing.assert_allclose((drawn.mean(0) - TRUTH.mean) / deviations, 0, atol=0.15)
    np.testing.assert_allclose(drawn.std(0) / deviations, 1, atol=0.15)
    fresh = TRUTH.rvs(2_000, random_state=2)
    lost = TRUTH.logpdf(fresh).mean() - density.log_density(fresh).mean()
    assert -0.02 < lost < {"gaussian": 0.01, "gmm": 0.03, "kde": 0.15, "flow": 0.1}[method]


def test_gaussian_is_that_of_the_moments():
    codes = GAUSSIAN.astype(np.float64)
    expected = multivariate_normal(codes.mean(0), np.cov(codes.T, bias=True)).logpdf(codes[:50])
    np.testing.assert_allclose(fit_density(GAUSSIAN, "gaussian").log_density(GAUSSIAN[:50]), expected, rtol=0.01)


@pytest.mark.parametrize("method", ["gmm", "kde", "flow"])
def test_clusters_are_kept_apart(method):
    density = fit_density(CLUSTERS, method, 0)
    between, gaussian = [[5.0, 5.0]], fit_density(CLUSTERS, "gaussian")
    apart = 0 if method == "flow" else 1  # nats: a flow leaves bridges
    assert density.log_density(between)[0] < gaussian.log_density(between)[0] - apart
    assert density.log_density(CLUSTERS).mean() > gaussian.log_density(CLUSTERS).mean() + 0.5
    drawn = density.sample(2_000, 0)
    assert (np.abs(drawn - 5) < 2).any(axis=1).mean() < 0.1
    np.testing.assert_allclose((drawn > 5).mean(0), 0.5, atol=0.08)


def test_mixture_is_a_sum_of_normals():
    weights, means = np.array([0.3, 0.7]), np.array([[0.0, 1.0], [2.0, -1.0]])
    covariances = np.array([[[1.0, 0.5], [0.5, 2.0]], [[0.2, 0.0], [0.0, 0.3]]])
    mixture, at = Mixture(weights, means, covariances), rng.normal(size=(20, 2))
    parts = [w * multivariate_normal(m, c).pdf(at) for w, m, c in zip(weights, means, covariances, strict=True)]
    np.testing.assert_allclose(mixture.log_density(at), np.log(sum(parts)))
    drawn = mixture.draw(20_000, np.random.default_rng(0))
    np.testing.assert_allclose(drawn.mean(0), weights @ means, atol=0.05)
    second = sum(w * (c + np.outer(m, m)) for w, m, c in zip(weights, means, covariances, strict=True))
    np.testing.assert_allclose(drawn.T @ drawn / len(drawn), second, atol=0.1)


def test_held_out_codes_decide_on_the_components():
    assert isinstance(Mixture.fit(rng.normal(size=(500, 2)), np.random.default_rng(0)), StandardNormal)
    four = Mixture.fit(CLUSTERS.astype(float) / 5 - 1, np.random.default_rng(0))
    assert len(four.weights) == 4


def test_kernel_density_is_that_of_scikit_learn():
    centres, at = rng.normal(size=(700, 3)), rng.normal(size=(600, 3))
    expected = KernelDensity(bandwidth=0.4).fit(centres).score_samples(at)
    np.testing.assert_allclose(Kernel(centres, 0.4).log_density(at), expected)


def test_bandwidth_suits_the_codes():
    smooth = Kernel.fit(rng.normal(size=(1_000, 1)), np.random.default_rng(0))
    spiky = Kernel.fit(rng.choice([-1.0, 1.0], size=(1_000, 1)) + 0.01 * rng.normal(size=(1_000, 1)), rng)
    assert spiky.bandwidth < 0.3 * smooth.bandwidth


def test_splines_rise_and_can_be_undone():
    generator = torch.Generator().manual_seed(0)
    raw = torch.randn(40, 3, 3 * BINS - 1, generator=generator, dtype=torch.float64)
    xs, ys = _edges(raw[..., :BINS]), _edges(raw[..., BINS : 2 * BINS])
    slopes = torch.nn.functional.pad(raw[..., 2 * BINS :].exp(), (1, 1), value=1.0)
    x = (6 * torch.randn(40, 3, generator=generator, dtype=torch.float64)).requires_grad_()
    y, slope = spline(x, xs, ys, slopes)
    torch.testing.assert_close(inverse_spline(y, xs, ys, slopes), x)
    torch.testing.assert_close(torch.autograd.grad(y.sum(), x)[0], slope)
    assert (slope > 0).all()
    assert torch.equal(y[x.abs() > 5], x[x.abs() > 5])
    torch.testing.assert_close(spline(xs[..., 3], xs, ys, slopes)[0], ys[..., 3])


@pytest.mark.parametrize("size", [1, 2, 5])
def test_flow_knows_its_volume_and_its_way_back(size):
    torch.manual_seed(0)
    network = flow.Flow(size).double()
    for coupling in network.couplings:
        assert isinstance(coupling, SplineCoupling)
        coupling.rotation = torch.linalg.qr(coupling.rotation)[0]  # orthogonal in float64 too
        torch.nn.init.normal_(coupling.chooser.layers[-1].weight, std=0.03)
        torch.nn.init.normal_(coupling.chooser.layers[-1].bias, std=0.5)
    x = torch.randn(10, size, dtype=torch.float64)
    z, volume = network(x)
    torch.testing.assert_close(network.inverse(z), x)
    jacobian = torch.autograd.functional.jacobian(lambda v: network(v[None])[0][0], x[0])
    torch.testing.assert_close(torch.linalg.slogdet(jacobian)[1], volume[0])
    assert not torch.allclose(volume, torch.zeros_like(volume))


def test_flow_of_one_number_integrates_to_one():
    density = fit_density(CLUSTERS[:, :1], "flow", 0)
    grid = np.linspace(-30, 40, 20_001)
    assert np.exp(density.log_density(grid[:, None])).sum() * (grid[1] - grid[0]) == pytest.approx(1, abs=0.01)


def test_prior_is_standard_normal():
    prior = fit_density(GAUSSIAN, "prior")
    np.testing.assert_allclose(prior.log_density(GAUSSIAN[:5]), norm.logpdf(GAUSSIAN[:5]).sum(1), rtol=1e-5)
    drawn = prior.sample(5_000, 0)
    np.testing.assert_allclose([drawn.mean(), drawn.std()], [0, 1], atol=0.03)


@pytest.mark.parametrize("method", [*METHODS, "prior"])
def test_seeds_fix_the_draw(method):
    first, again = (fit_density(CLUSTERS[:500], method, 3) for _ in range(2))
    np.testing.assert_array_equal(first.sample(20, 4), again.sample(20, 4))
    assert not np.array_equal(first.sample(20, 4), first.sample(20, 5))
    assert not np.array_equal(first.sample(20), first.sample(20))


def test_fitting_draws_nothing_from_the_global_generators():
    before = torch.random.get_rng_state()
    fit_density(CLUSTERS[:500], "flow", 3)
    assert torch.equal(torch.random.get_rng_state(), before)


DEGENERATE = {
    "a constant number": np.c_[CLUSTERS[:200], np.full(200, 7)],
    "numbers that repeat each other": CLUSTERS[:200, [0, 1, 0]],
    "fewer codes than numbers": rng.normal(size=(60, 90)),
    "the same few codes": CLUSTERS[rng.integers(0, 3, size=200)],
    "one code over and over": np.full((200, 3), 4.0),
    "tiny": 1e-15 * CLUSTERS[:200],
    "far away": CLUSTERS[:200] + 1e4,
}


@pytest.mark.parametrize("codes", DEGENERATE.values(), ids=DEGENERATE)
@pytest.mark.parametrize("method", METHODS)
def test_degenerate_codes(method, codes):
    density = fit_density(codes, method, 0)
    drawn = density.sample(300, 0)
    assert np.isfinite(drawn).all()
    assert np.isfinite(density.log_density(codes)).all()
    spread = codes.std(0)
    # what varies goes on to vary, what does not stays where it is
    centre = codes.astype(np.float64).mean(0)
    assert (np.abs(drawn.mean(0) - centre) <= spread + 1e-3 * spread.max() + 1e-6 * np.abs(centre)).all()
    assert (drawn.std(0) <= 2 * spread + 0.05 * spread.max() + 1e-6 * np.abs(centre)).all()


def test_what_never_varied_is_odd():
    density = fit_density(DEGENERATE["a constant number"], "gmm")
    usual, odd = density.log_density(np.array([[0.0, 0.0, 7.0], [0.0, 0.0, 7.5]]))
    assert odd < usual - 100


def test_ledoit_wolf_keeps_the_total_variance():
    few = rng.normal(size=(20, 50))
    assert (Whitening.of(few).scales ** 2).sum() == pytest.approx(few.var(0).sum())


@pytest.mark.parametrize("n", [0, -1, 2.5, True])
def test_how_many_must_be_a_whole_number(n):
    with pytest.raises(UsageError, match="n="):
        fit_density(GAUSSIAN, "gaussian").sample(n)


def test_too_few_codes():
    with pytest.raises(DataError, match="at least 2 codes"):
        fit_density(GAUSSIAN[:1], "gmm")
    with pytest.raises(DataError, match="at least 50 codes"):
        fit_density(GAUSSIAN[:49], "flow")
    for method in ("gaussian", "gmm", "kde"):
        assert np.isfinite(fit_density(GAUSSIAN[:2], method).sample(5, 0)).all()


def test_unknown_methods_and_codes_are_refused():
    with pytest.raises(UsageError, match="'gan' is no density"):
        fit_density(GAUSSIAN, "gan")
    with pytest.raises(DataError, match="codes of 3"):
        fit_density(GAUSSIAN, "gaussian").log_density(np.zeros((2, 4)))
    with pytest.raises(DataError, match="NaN"):
        fit_density(np.full((3, 2), np.nan))


# in a space -------------------------------------------------------------------------------------------------------

QUIET = hs.Trainer(progress=False, precision="32")
FEW = {"code": 4, "epochs": 2, "width": 4, "random_state": 0, "trainer": QUIET}


@pytest.fixture(scope="module")
def digits():
    return hs.load_dataset("digits").take(np.arange(600))


@pytest.fixture(scope="module")
def space(digits):
    return hs.HiddenSpace(hs.Autoencoder(**FEW).fit(digits), digits)


def test_samples_are_items(space, digits):
    drawn = space.sample(7, random_state=0)
    assert drawn.shape == (7, 8, 8)
    assert drawn.min() >= 0
    assert drawn.max() <= 255
    np.testing.assert_array_equal(drawn, space.sample(7, random_state=0))
    assert not np.array_equal(drawn, space.sample(7, random_state=1))


def test_samples_of_a_table_have_its_columns():
    data = hs.load_dataset("wine")
    model = hs.PCA(3).fit(data)
    space = hs.HiddenSpace(model, data)
    drawn = space.sample(500, method="gaussian", random_state=0)
    assert list(drawn.columns) == list(data.items.columns)
    unbounded = space.decode(space.density("gaussian").sample(500, 0))
    assert (unbounded < data.items.min()).any(axis=None)
    assert (drawn >= data.items.min() - 1e-6).all(axis=None)
    assert (drawn <= data.items.max() + 1e-6).all(axis=None)


def test_only_a_variational_autoencoder_has_the_prior(space, digits):
    with pytest.raises(UsageError, match="VariationalAutoencoder"):
        space.sample(2, method="prior")
    with pytest.raises(UsageError, match="VariationalAutoencoder"):
        check_prior(hs.HiddenSpace(np.eye(3)).coding)
    model = hs.VariationalAutoencoder(**FEW).fit(digits)
    assert hs.HiddenSpace(model, digits).sample(3, method="prior", random_state=0).shape == (3, 8, 8)


def test_a_density_is_fitted_once_and_anew_after_a_change(digits):
    space = hs.HiddenSpace(hs.PCA(2).fit(digits), digits)
    first = space.density("gaussian")
    assert space.density("gaussian") is first
    assert space.density("gaussian", random_state=1) is not first
    space.delete(list(range(300)))
    assert space.density("gaussian") is not first


def test_what_cannot_be_drawn_is_told_before_the_work(digits, monkeypatch):
    monkeypatch.setattr("hiddenspace.space.densities.fit_density", lambda *arguments: pytest.fail("too late"))
    with pytest.raises(UsageError, match="n=0"):
        hs.HiddenSpace(hs.PCA(2).fit(digits), digits).sample(0)
    with pytest.raises(ModelError, match="no decoder"):
        hs.HiddenSpace(np.eye(3)).sample(5)
