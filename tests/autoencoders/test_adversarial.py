"""The adversarial autoencoder: codes that look drawn, and a game against its formulas."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import hiddenspace as hs
from hiddenspace.autoencoders.adversarial import PENALTY, AdversarialCoding
from hiddenspace.errors import UsageError
from hiddenspace.losses.adversarial import adversarial_loss

QUIET = hs.Trainer(progress=False, precision="32")


@pytest.mark.parametrize("adversary", ["non-saturating", "relativistic"])
def test_terms_are_what_they_say(adversary):
    torch.manual_seed(0)
    critic = nn.Linear(2, 1)
    game = AdversarialCoding(nn.Linear(4, 2), nn.Linear(2, 4), critic, adversarial_loss(adversary), 0.5)
    x = torch.randn(6, 4)
    codes = game.encoder(x)
    torch.manual_seed(1)
    terms = game.loss(x)
    torch.manual_seed(1)
    drawn = critic(torch.randn_like(codes))
    logits = critic(codes) - (drawn if adversary == "relativistic" else 0)
    torch.testing.assert_close(terms["reconstruction"], F.mse_loss(game.decoder(codes), x))
    torch.testing.assert_close(terms["fool"], 0.5 * F.softplus(-logits).mean())
    assert set(game.evaluate(x)) == {"reconstruction"}
    torch.testing.assert_close(game.discriminator_loss(x)["slopes"], PENALTY * critic.weight.square().sum())


def test_codes_come_to_look_as_if_drawn():
    rng = np.random.default_rng(0)
    X = (rng.uniform(1, 3, (1500, 2)) @ rng.normal(size=(2, 6))).astype(np.float32)
    model = hs.AdversarialAutoencoder(
        code=2, epochs=40, batch_size=64, width=32, depth=1, weight=0.1, random_state=0, trainer=QUIET
    ).fit(X)
    codes = model.transform(X)
    assert np.abs(codes.mean(0)).max() < 0.35
    assert np.abs(codes.std(0) - 1).max() < 0.35
    assert model.score(X) > 0.8
    assert hs.HiddenSpace(model, X).sample(5, method="prior", random_state=0).shape == (5, 6)


@pytest.mark.parametrize(
    ("params", "message"),
    [({"adversary": "none"}, "loss='none' is unknown"), ({"weight": 0}, "weight=0 is not possible")],
)
def test_bad_hyperparameters_are_told(params, message):
    with pytest.raises(UsageError, match=message):
        hs.AdversarialAutoencoder(**params).fit(np.zeros((5, 3)))


def test_each_adversary_has_its_own_penalty():
    """A linear critic of slope 3: |3|^2 about zero, (3 - 1)^2 about one."""
    critic = nn.Linear(1, 1)
    torch.nn.init.constant_(critic.weight, 3.0)
    for name, slopes in (("non-saturating", 9.0), ("wasserstein", 4.0)):
        game = AdversarialCoding(nn.Linear(2, 1), nn.Linear(1, 2), critic, adversarial_loss(name), 1.0)
        assert game.discriminator_loss(torch.randn(5, 2))["slopes"].item() == pytest.approx(PENALTY * slopes)
