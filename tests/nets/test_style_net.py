import pytest
import torch
from torch import nn

from hiddenspace.nets.style_net import InstanceNorm, StyleNet, keeping_statistics


def test_instance_normalisation_is_that_of_torch() -> None:
    x = 3 + 2 * torch.randn(2, 5, 7, 9)
    ours, theirs = InstanceNorm(5), nn.InstanceNorm2d(5, affine=True)
    with torch.no_grad():
        ours.weight.copy_(torch.rand(5))
        ours.bias.copy_(torch.rand(5))
        theirs.weight.copy_(ours.weight)
        theirs.bias.copy_(ours.bias)
    torch.testing.assert_close(ours(x), theirs(x))


def test_kept_statistics_are_those_of_the_whole_first_batch_and_forgotten_afterwards() -> None:
    norm, first, second = InstanceNorm(3), 4 * torch.randn(2, 3, 8, 8) + 1, torch.randn(1, 3, 6, 6)
    with keeping_statistics(norm):
        made = norm(first)
        torch.testing.assert_close(made.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
        torch.testing.assert_close(made.var((0, 2, 3), correction=0), torch.ones(3), atol=1e-4, rtol=0)
        mean, variance = first.mean((0, 2, 3), keepdim=True), first.var((0, 2, 3), correction=0, keepdim=True)
        torch.testing.assert_close(norm(second), (second - mean) / (variance + 1e-5).sqrt())
    torch.testing.assert_close(norm(second).mean((2, 3)), torch.zeros(1, 3), atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (40, 23)])
def test_any_size_comes_out_as_it_went_in(size) -> None:
    net = StyleNet(width=4, blocks=1)
    made = net(torch.rand(2, 3, *size))
    assert made.shape == (2, 3, *size)
    assert made.min() > 0
    assert made.max() < 1


def test_pictures_of_a_batch_do_not_normalise_each_other() -> None:
    net, x = StyleNet(width=4, blocks=2), torch.rand(3, 3, 24, 24)
    torch.testing.assert_close(net(x)[1:2], net(x[1:2]))
