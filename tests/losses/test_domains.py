"""What brings domains together, against formulas, other libraries' definitions and finite differences."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import hiddenspace as hs
from hiddenspace.errors import UsageError
from hiddenspace.losses.domains import domain_loss
from hiddenspace.nets.statistics import by_the_batch, gather_statistics

torch.manual_seed(0)
SOURCE, TARGET = torch.randn(7, 5), 2 * torch.randn(9, 5) + 1
ANSWERS = torch.randn(11, 4) * 3


@pytest.mark.parametrize("scale", [0.0, 0.3, 1.0])
def test_reversal_is_the_identity_and_turns_the_gradient_round(scale):
    x = torch.randn(3, 4, requires_grad=True)
    torch.testing.assert_close(hs.losses.gradient_reversal(x, scale), x)
    (plain,) = torch.autograd.grad(x.square().sum(), x)
    (turned,) = torch.autograd.grad(hs.losses.gradient_reversal(x, scale).square().sum(), x)
    torch.testing.assert_close(turned, -scale * plain)


def test_reversal_leaves_what_follows_to_minimise():
    features, judge = torch.randn(8, 3, requires_grad=True), nn.Linear(3, 1)
    with_, without = (
        torch.autograd.grad(judge(f).square().mean(), judge.weight)[0]
        for f in (hs.losses.gradient_reversal(features, 0.7), features)
    )
    torch.testing.assert_close(with_, without)


@pytest.mark.parametrize(("progress", "strength"), [(0.0, 0.0), (0.5, 2 / (1 + math.exp(-5)) - 1), (1.0, 0.9999092)])
def test_the_strength_is_that_of_the_paper(progress, strength):
    assert hs.losses.reversal_strength(progress) == pytest.approx(strength, abs=1e-7)


def test_domain_loss_is_the_lectures_pair():
    on_source, on_target = torch.randn(6), torch.randn(8, 1)
    real, fake = torch.sigmoid(on_target[:, 0]), torch.sigmoid(on_source)  # P(real | h)
    expected = -real.log().mean() - (1 - fake).log().mean()
    torch.testing.assert_close(domain_loss(on_source, on_target), expected)


def test_weights_count_by_their_proportions():
    on_source, on_target = torch.randn(6), torch.randn(8)
    weights = torch.tensor([0.0, 0.0, 2.0, 0.0, 0.0, 0.0])
    expected = F.softplus(on_source[2]) + F.softplus(-on_target).mean()
    torch.testing.assert_close(domain_loss(on_source, on_target, weights), expected)
    torch.testing.assert_close(domain_loss(on_source, on_target, 3 * weights), expected)
    even = domain_loss(on_source, on_target, torch.ones(6), torch.full((8,), 5.0))
    torch.testing.assert_close(even, domain_loss(on_source, on_target))


def test_multilinear_map_is_the_outer_product():
    chances = ANSWERS[:7].softmax(1)
    made = hs.losses.multilinear_map(SOURCE, chances)
    expected = torch.stack([torch.outer(p, f).flatten() for p, f in zip(chances, SOURCE, strict=True)])
    torch.testing.assert_close(made, expected)


def test_entropies_and_their_weights():
    expected = torch.distributions.Categorical(logits=ANSWERS).entropy()
    torch.testing.assert_close(hs.losses.entropies(ANSWERS), expected)
    answers = ANSWERS.clone().requires_grad_()
    weights = hs.losses.entropy_weights(answers)
    torch.testing.assert_close(weights, 1 + torch.exp(-expected))
    assert not weights.requires_grad
    sure = torch.tensor([[200.0, 0.0, 0.0]], requires_grad=True)  # where p log p is 0 log 0
    (gradient,) = torch.autograd.grad(hs.losses.entropies(sure).sum(), sure)
    assert torch.isfinite(gradient).all()


def test_coral_is_the_distance_of_numpys_covariances():
    difference = np.cov(SOURCE.numpy().T) - np.cov(TARGET.numpy().T)
    expected = (difference**2).sum() / (4 * 5**2)
    assert hs.losses.coral_loss(SOURCE, TARGET).item() == pytest.approx(expected, rel=1e-5)
    assert hs.losses.coral_loss(SOURCE, SOURCE + 3).item() == pytest.approx(0, abs=1e-9)  # means do not count
    with pytest.raises(UsageError, match="at least two items"):
        hs.losses.coral_loss(SOURCE[:1], TARGET)


def test_information_loss_is_minus_the_mutual_information():
    entropy, diversity = hs.losses.information_loss(ANSWERS)
    p = ANSWERS.softmax(1)
    mean = p.mean(0)
    by_divergence = (p * (p.log() - mean.log())).sum(1).mean()  # E KL(p(y | x), p(y))
    torch.testing.assert_close(-(entropy + diversity), by_divergence)


def test_layers_of_any_network_by_name_with_gradients():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 36, 3))
    x = torch.randn(4, 1, 8, 8)
    made = hs.losses.layer_outputs(network, x, ["1", "output"])
    torch.testing.assert_close(made["1"], network[1](network[0](x)).flatten(1))
    torch.testing.assert_close(made["output"], network(x))
    made["1"].sum().backward()
    assert network[0].weight.grad is not None
    assert network[3].weight.grad is None
    with pytest.raises(UsageError, match="no layer 'fc'; use one of 0, 1, 2, 3, output"):
        hs.losses.layer_outputs(network, x, ["fc"])


# normalisation -------------------------------------------------------------------------------------------------------


def normalising():
    net = nn.Sequential(nn.Linear(5, 3), nn.BatchNorm1d(3))
    net(SOURCE)
    return net


def test_inside_by_the_batch_nothing_is_remembered():
    net = normalising().eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with by_the_batch(net):
        made = net(TARGET)
    torch.testing.assert_close(made.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    assert not net[1].training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert net(TARGET).mean(0).abs().max() > 0.1  # by what it remembers of the source


def test_gathered_statistics_are_those_of_all_batches():
    net = normalising()
    gather_statistics(net, TARGET[:8].split(4))
    inner = net[0](TARGET[:8])
    torch.testing.assert_close(net[1].running_mean, inner.mean(0))
    halves = torch.stack([half.var(0) for half in inner.split(4)])
    torch.testing.assert_close(net[1].running_var, halves.mean(0))
    assert net[1].momentum == 0.1
    assert not net.training
