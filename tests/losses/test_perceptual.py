import pytest
import torch
from torch import nn

import hiddenspace as hs
from hiddenspace.errors import UsageError
from hiddenspace.losses.perceptual import perceptual_distances, perceptual_loss


class Two(nn.Module):
    """A layer of scale 10 and one that shrinks to a number."""

    def activations(self, x):
        return {"ten": 10 * x, "mean": x.mean((1, 2, 3))[:, None]}


@pytest.fixture
def pictures():
    return torch.rand(2, 5, 3, 4, 4, generator=torch.Generator().manual_seed(0))


def test_of_pixels_it_is_the_relative_squared_error(pictures):
    x, target = pictures
    expected = ((x - target) ** 2).sum((1, 2, 3)) / (target**2).sum((1, 2, 3))
    torch.testing.assert_close(perceptual_distances(x, target, nn.Identity()), expected)
    torch.testing.assert_close(perceptual_loss(x, target, nn.Identity()), expected.mean())


@pytest.mark.parametrize(
    "weights", [None, {"ten": 1.0}, {"mean": 2.0}, {"ten": 3.0, "mean": 1.0}, {"ten": 1, "mean": 0}]
)
def test_layers_are_weighted_whatever_their_scale(pictures, weights):
    x, target = pictures
    ten = ((x - target) ** 2).sum((1, 2, 3)) / (target**2).sum((1, 2, 3))
    mean = (x.mean((1, 2, 3)) / target.mean((1, 2, 3)) - 1) ** 2
    w = weights or {"ten": 1, "mean": 1}
    expected = (w.get("ten", 0) * ten + w.get("mean", 0) * mean) / sum(w.values())
    torch.testing.assert_close(perceptual_distances(x, target, Two(), weights), expected, rtol=1e-4, atol=1e-6)


def test_nothing_differs_from_itself_and_silence_costs_one(pictures):
    x = pictures[0]
    assert perceptual_loss(x, x, Two()) == 0
    assert float(perceptual_loss(torch.zeros_like(x), x, Two())) == pytest.approx(1, abs=1e-4)
    assert torch.isfinite(perceptual_loss(x, torch.zeros_like(x), Two()))


def test_pictures_do_not_depend_on_those_beside_them(pictures):
    x, target = pictures
    net = hs.feature_net("random", seed=1, layers=["relu1_2", "relu2_2"])
    whole = perceptual_distances(x, target, net)
    alone = torch.cat([perceptual_distances(a[None], b[None], net) for a, b in zip(x, target, strict=True)])
    torch.testing.assert_close(whole, alone, rtol=1e-3, atol=1e-5)


def test_gradients_flow_to_the_picture_alone(pictures):
    x, target = pictures[0].clone().requires_grad_(), pictures[1].clone().requires_grad_()
    hs.losses.perceptual_loss(x, target, nn.Conv2d(3, 2, 3)).backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
    assert target.grad is None


def test_descent_finds_the_picture(pictures):
    x, target = pictures[0].clone().requires_grad_(), pictures[1]
    net = nn.Conv2d(3, 8, 1).requires_grad_(False)  # injective: the only picture with its features is the target
    optimizer = torch.optim.Adam([x], 0.05)
    for _ in range(300):
        optimizer.zero_grad()
        perceptual_loss(x, target, net).backward()
        optimizer.step()
    torch.testing.assert_close(x.detach(), target, atol=0.02, rtol=0)


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ({"nine": 1.0}, "no layer 'nine'; it has ten, mean"),
        ({"ten": 0.0}, "weights"),
        ({"ten": 2.0, "mean": -1.0}, "weights"),
    ],
)
def test_bad_weights(pictures, weights, says):
    with pytest.raises(UsageError, match=says):
        perceptual_loss(*pictures, Two(), weights)
