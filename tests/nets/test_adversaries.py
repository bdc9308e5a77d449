"""Generators and discriminators for items of any size."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from hiddenspace.nets.adversaries import default_critic, default_generator
from hiddenspace.nets.discriminators import Critic, ResidualBody, RowBody
from hiddenspace.nets.features import FourierFeatures
from hiddenspace.nets.generators import LeakyResidual, RowGenerator

SHAPES = [(1, 28, 28), (3, 32, 32), (3, 64, 64), (1, 8, 8), (4, 17, 5), (1, 1, 1), (2, 1, 9), (5,), (1,)]


@pytest.mark.parametrize("family", ["residual", "dcgan"])
@pytest.mark.parametrize("shape", SHAPES)
def test_items_of_any_shape_are_made_and_judged(family, shape):
    generator = default_generator(family, 6, shape, width=4 if len(shape) == 3 else None)
    critic = default_critic(family, shape, width=4 if len(shape) == 3 else None)
    made = generator(torch.randn(3, 6))
    assert made.shape == (3, *shape)
    if len(shape) == 3:
        assert ((made > 0) & (made < 1)).all()
    logits = critic(made)
    assert logits.shape == (3,)
    logits.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in generator.parameters())


@pytest.mark.parametrize("shape", [(1, 28, 28), (5,)])
def test_a_residual_critic_judges_each_item_by_itself(shape):
    critic, x = default_critic("residual", shape, blocks=1), torch.rand(6, *shape)
    torch.testing.assert_close(critic(x)[:2], critic(x[:2]), rtol=1e-4, atol=1e-5)


def test_a_condition_is_projected_on_the_features():
    critic = Critic(nn.Linear(4, 3), 3, condition=2)
    x, c = torch.randn(5, 4), torch.randn(5, 2)
    f = critic.body(x)
    expected = f @ critic.head.weight[0] + critic.head.bias + (c @ critic.projection.weight.T * f).sum(1)
    torch.testing.assert_close(critic(x, c), expected)


def test_spectral_norm_bounds_every_layer():
    critic = default_critic("residual", (1, 12, 12), width=8, blocks=1, spectral=True)
    for _ in range(30):
        critic(torch.rand(4, 1, 12, 12))  # each pass is a step of the power iteration
    critic.eval()
    layers = [m for m in critic.modules() if is_parametrized(m)]
    assert len(layers) > 3
    for layer in layers:
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.15)


def test_fourier_features_tell_sets_of_the_same_moments_apart():
    torch.manual_seed(0)
    plain = torch.randn(4000, 1)
    two = torch.where(torch.rand(4000, 1) < 0.5, -1.0, 1.0)
    features = FourierFeatures(1)
    a, b, c = (features(x).mean(0) for x in (plain, two, torch.randn(4000, 1)))
    assert (a - b).abs().max() > 10 * (a - c).abs().max()


@pytest.mark.parametrize(("side", "width", "halvings"), [(28, None, 1), (64, 64, 2), (128, None, 3), (8, 16, 1)])
def test_residual_blocks_stand_before_every_halving(side, width, halvings):
    with torch.device("meta"):
        stages = ResidualBody((1, side, side), width=width, blocks=1).stages
    strides = [layer.stride[0] for layer in stages if isinstance(layer, nn.Conv2d)]
    assert strides == [1, *[2] * halvings]
    assert sum(isinstance(layer, LeakyResidual) for layer in stages) == halvings


@pytest.mark.parametrize(("spectral", "inputs"), [(False, 2 * 9), (True, 2)])
def test_a_judge_of_rows_sees_waves_only_beside_a_penalty(spectral, inputs):
    critic = default_critic("residual", (2,), spectral=spectral)
    assert next(m for m in critic.modules() if isinstance(m, nn.Linear)).in_features == inputs


def test_a_judge_of_rows_sees_fine_differences_soon():
    """Two rows a hundredth apart differ in what it sees by a sixteenth at the finest octave (derivative 4 pi)."""
    body = RowBody(1, octaves=4)
    seen: list[torch.Tensor] = []
    body.net.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    body(torch.tensor([[0.0], [0.01]]))
    assert seen[0].shape == (2, 9)
    torch.testing.assert_close(seen[0][1, 1:5], torch.sin(0.01 * torch.pi * torch.tensor([0.5, 1.0, 2.0, 4.0])))
    torch.testing.assert_close(seen[0][1, 5:], torch.cos(0.01 * torch.pi * torch.tensor([0.5, 1.0, 2.0, 4.0])))


def test_a_generator_of_rows_switches_between_places():
    net = RowGenerator(2, 3, width=8, depth=3, places=4)
    z = torch.randn(50, 2)
    hidden = net.body(z)
    weights = (net.choice(hidden)).exp()
    wanted = (weights / weights.sum(1, keepdim=True)) @ net.places.weight.T + net.places.bias + net.around(hidden)
    torch.testing.assert_close(net(z), wanted)
    with torch.no_grad():
        net.choice.weight.mul_(1e4)  # as steep as it likes
        net.around.weight.zero_()
        net.around.bias.zero_()
    gaps = (net(z)[:, None] - (net.places.weight.T + net.places.bias)).norm(dim=2).min(1).values
    assert (gaps < 0.01).float().mean() > 0.9


@pytest.mark.parametrize(("columns", "width"), [(2, 64), (32, 64), (100, 200), (5_000, 512)])
def test_nets_of_many_columns_are_wider(columns, width):
    assert default_generator("residual", 3, (columns,)).choice.in_features == width
    assert default_critic("residual", (columns,)).head.in_features == width
