"""Losses of a discriminator and a generator against their formulas, and penalties against closed forms."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import hiddenspace as hs
from hiddenspace.errors import UsageError
from hiddenspace.losses.adversarial import LOSSES

torch.manual_seed(0)
REAL, FAKE = torch.randn(7), torch.randn(7)
ONES, ZEROS = torch.ones(7), torch.zeros(7)
BCE = F.binary_cross_entropy_with_logits
FORMULAS = {
    "minimax": (BCE(REAL, ONES) + BCE(FAKE, ZEROS), torch.log(1 - torch.sigmoid(FAKE)).mean()),
    "non-saturating": (BCE(REAL, ONES) + BCE(FAKE, ZEROS), BCE(FAKE, ONES)),
    "least-squares": (F.mse_loss(REAL, ONES) / 2 + F.mse_loss(FAKE, ZEROS) / 2, F.mse_loss(FAKE, ONES) / 2),
    "hinge": ((1 - REAL).clamp(min=0).mean() + (1 + FAKE).clamp(min=0).mean(), -FAKE.mean()),
    "wasserstein": (FAKE.mean() - REAL.mean(), -FAKE.mean()),
    "relativistic": (BCE(REAL - FAKE, ONES), BCE(FAKE - REAL, ONES)),
}


def test_every_loss_has_its_formula_here():
    assert set(FORMULAS) == set(LOSSES)


@pytest.mark.parametrize("name", FORMULAS)
def test_losses_are_their_formulas(name):
    loss, (discriminator, generator) = hs.losses.adversarial_loss(name), FORMULAS[name]
    torch.testing.assert_close(loss.discriminator(REAL, FAKE), discriminator)
    torch.testing.assert_close(loss.generator(FAKE, REAL), generator)


@pytest.mark.parametrize("name", FORMULAS)
def test_both_pull_the_logits_of_generated_items_in_opposite_directions(name):
    loss = hs.losses.adversarial_loss(name)
    real, fake = torch.zeros(5), torch.zeros(5, requires_grad=True)
    (down,) = torch.autograd.grad(loss.discriminator(real, fake), fake)
    (up,) = torch.autograd.grad(loss.generator(fake, real), fake)
    if name == "least-squares":  # 0 is where its discriminator wants them
        (down,) = torch.autograd.grad(loss.discriminator(real, fake + 0.5), fake)
    assert (down > 0).all()
    assert (up < 0).all()


def test_minimax_gives_the_generator_nothing_where_the_discriminator_is_sure_and_non_saturating_does():
    gradients = {}
    for name in ("minimax", "non-saturating"):
        fake = torch.tensor([-12.0], requires_grad=True)
        (gradients[name],) = torch.autograd.grad(hs.losses.adversarial_loss(name).generator(fake), fake)
    assert abs(gradients["minimax"].item()) < 1e-4
    assert abs(gradients["non-saturating"].item()) > 0.99


def test_at_the_equilibrium_the_minimax_game_is_worth_two_log_two():
    loss = hs.losses.adversarial_loss("minimax")
    assert loss.discriminator(ZEROS, ZEROS).item() == pytest.approx(2 * math.log(2))


def test_logits_of_shape_b_1_give_the_same():
    for name in FORMULAS:
        loss = hs.losses.adversarial_loss(name)
        torch.testing.assert_close(loss.discriminator(REAL[:, None], FAKE[:, None]), loss.discriminator(REAL, FAKE))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hs.losses.adversarial_loss("wgan"), "loss='wgan' is unknown; use one of 'minimax'"),
        (lambda: hs.losses.adversarial_loss("relativistic").generator(FAKE), "real items too; give both"),
    ],
)
def test_bad_use_is_told(call, message):
    with pytest.raises(UsageError, match=message):
        call()


# penalties --------------------------------------------------------------------------------------------------------


def test_zero_centred_penalty_of_a_linear_critic_is_the_square_of_its_weights():
    critic = nn.Linear(6, 1)
    x = torch.randn(9, 2, 3)
    logits, penalty = hs.losses.zero_centred_penalty(lambda items: critic(items.flatten(1)), x)
    torch.testing.assert_close(logits, critic(x.flatten(1)))
    torch.testing.assert_close(penalty, critic.weight.square().sum())
    (gradient,) = torch.autograd.grad(penalty, critic.weight)
    torch.testing.assert_close(gradient, 2 * critic.weight)


def test_zero_centred_penalty_of_a_quadratic_critic():
    x = torch.randn(9, 4)
    _, penalty = hs.losses.zero_centred_penalty(lambda items: items.square().sum(1), x)
    torch.testing.assert_close(penalty, (4 * x.square().sum(1)).mean())


def test_zero_centred_penalty_reaches_no_generator():
    z = torch.randn(5, 3, requires_grad=True)
    _, penalty = hs.losses.zero_centred_penalty(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), 2 * z)
    penalty.backward()
    assert z.grad is None


@pytest.mark.parametrize("length", [0.0, 0.5, 1.0, 3.0])
def test_one_centred_penalty_of_a_linear_critic(length):
    direction = F.normalize(torch.randn(6), dim=0)
    penalty = hs.losses.one_centred_penalty(
        lambda items: length * items @ direction, torch.randn(8, 6), torch.randn(8, 6)
    )
    assert penalty.item() == pytest.approx((length - 1) ** 2, abs=1e-4)


def test_one_centred_penalty_looks_between_the_two():
    seen = []

    def critic(items):
        seen.append(items.detach())
        return items.sum(1)

    hs.losses.one_centred_penalty(critic, torch.zeros(200, 2), torch.ones(200, 2))
    (places,) = seen
    assert ((places >= 0) & (places <= 1)).all()
    torch.testing.assert_close(places[:, 0], places[:, 1])  # on the straight line
    assert places.std() > 0.2


def test_pairs_are_not_crossed():
    """(b,) and (b, 1) would be broadcast to (b, b)."""
    loss = hs.losses.adversarial_loss("relativistic")
    for call in (loss.discriminator, loss.generator):
        with pytest.raises(UsageError, match="come in pairs"):
            call(torch.zeros(4), torch.zeros(4, 1))
    with pytest.raises(UsageError, match=r"of the shapes \(4, 1, 2\) and \(4, 3, 2\); make them of one"):
        hs.losses.one_centred_penalty(lambda items: items.sum((1, 2)), torch.zeros(4, 1, 2), torch.zeros(4, 3, 2))
