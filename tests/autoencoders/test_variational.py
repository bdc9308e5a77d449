"""The variational autoencoder against closed forms."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Independent, Normal, kl_divergence

import hiddenspace as hs
from hiddenspace.autoencoders.learner import OvercompleteWarning
from hiddenspace.autoencoders.variational import Variational
from hiddenspace.errors import UsageError

QUIET = hs.Trainer(progress=False, precision="32")
rng = np.random.default_rng(0)
ROWS = (rng.normal(size=(120, 3)) @ rng.normal(size=(3, 6)) + 0.1 * rng.normal(size=(120, 6))).astype(np.float32)


def make(**params):
    return hs.VariationalAutoencoder(
        **{"code": 2, "width": 16, "depth": 1, "epochs": 2, "random_state": 0, "trainer": QUIET, **params}
    )


@pytest.fixture
def game():
    torch.manual_seed(0)
    return Variational(nn.Linear(4, 6), nn.Linear(3, 4), beta=2.0), torch.randn(5, 4)


def posterior(encoder, x):
    mean, log_variance = encoder(x).chunk(2, dim=1)
    return Normal(mean, (0.5 * log_variance).exp())


def test_kl_is_that_of_the_distributions(game):
    game, x = game
    q = Independent(posterior(game.encoder, x), 1)
    p = Independent(Normal(torch.zeros(5, 3), torch.ones(5, 3)), 1)
    torch.testing.assert_close(game.loss(x)["kl"], 2.0 * kl_divergence(q, p).mean() / 4)


def test_likelihood_is_gaussian_with_the_best_common_variance(game):
    game, x = game
    torch.manual_seed(1)
    terms = game.loss(x)
    torch.manual_seed(1)
    q = posterior(game.encoder, x)
    again = game.decoder(q.mean + q.stddev * torch.randn_like(q.mean))
    sigma = ((again - x) ** 2).mean().sqrt()
    negative = -Normal(again, sigma).log_prob(x).mean()
    constant = 0.5 * math.log(2 * math.pi) + 0.5
    torch.testing.assert_close(terms["likelihood"] + constant, negative)
    torch.testing.assert_close(terms["mse"], sigma**2)
    assert not terms["mse"].requires_grad


def test_held_out_items_are_judged_by_the_bound_alone(game):
    game, x = game
    torch.manual_seed(1)
    terms = game.loss(x)
    torch.manual_seed(1)
    judged = game.eval().evaluate(x)
    assert judged == {"likelihood": terms["likelihood"], "kl": terms["kl"]}


def test_without_held_out_items_the_bound_alone_decides_too():
    model = make(validation_fraction=0, epochs=20, batch_size=16, learning_rate=0.01, beta=3.0).fit(ROWS)
    for row in model.history_:
        assert row["loss"] == pytest.approx(row["train/likelihood"] + row["train/kl"])
    bounds = [row["loss"] for row in model.history_]
    assert model.best_epoch_ == 1 + bounds.index(min(bounds))


def test_codes_are_means():
    model = make().fit(ROWS)
    items, _ = model.rebuilt(ROWS)
    with torch.no_grad():
        mean = model.encoder_(torch.from_numpy(items))[:, :2].numpy()
    np.testing.assert_allclose(model.transform(ROWS), mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(model.transform(ROWS), model.transform(ROWS))
    assert model.encoder_(torch.zeros(1, 6)).shape == (1, 4)


def test_beta_presses_codes_towards_the_prior():
    spreads = [
        np.abs(make(beta=beta, epochs=30, batch_size=16, learning_rate=0.006).fit(ROWS).transform(ROWS)).mean()
        for beta in (0.0, 1.0, 100.0)
    ]
    assert spreads[0] > spreads[1] > 5 * spreads[2]


def test_drawn_codes_decode_to_something_like_the_data():
    model = make(code=3, epochs=100, batch_size=16, patience=100, learning_rate=0.006).fit(ROWS)
    rng = np.random.default_rng(1)
    drawn = model.inverse_transform(rng.standard_normal((2000, 3)))
    np.testing.assert_allclose(drawn.mean(0), ROWS.mean(0), atol=0.5)
    correlation = np.corrcoef(np.cov(drawn.T).ravel(), np.cov(ROWS.T).ravel())[0, 1]
    assert correlation > 0.9


def test_own_networks_give_means_and_log_variances():
    model = make(code=None, encoder=nn.Linear(6, 8)).fit(ROWS)
    assert model.code_size_ == 4
    assert model.transform(ROWS).shape == (120, 4)
    with pytest.raises(UsageError, match=r"make it give \(batch, 2 \* code\)"):
        make(code=None, encoder=nn.Linear(6, 5)).fit(ROWS)


def test_only_without_a_prior_can_it_copy():
    make(code=7).fit(ROWS)
    with pytest.warns(OvercompleteWarning):
        make(code=7, beta=0).fit(ROWS)


def test_pictures():
    pictures = rng.random((24, 8, 8, 3))
    model = make().fit(pictures)
    assert model.inverse_transform(np.zeros((3, 2))).shape == (3, 8, 8, 3)


def test_huge_log_variances_do_not_overflow():
    encoder = nn.Linear(4, 6)
    with torch.no_grad():
        encoder.bias.fill_(1e4)
    terms = Variational(encoder, nn.Linear(3, 4), 1.0).loss(torch.randn(5, 4))
    assert all(torch.isfinite(value) for value in terms.values())
