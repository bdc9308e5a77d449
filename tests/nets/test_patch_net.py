import numpy as np
import pytest
import torch

import hiddenspace as hs
from hiddenspace.errors import UsageError
from hiddenspace.nets.patch_net import KERNELS, WIDTHS, patch_net


def stripes(angle: float, side: int = 48) -> torch.Tensor:
    down, across = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    phase = np.cos(angle) * across + np.sin(angle) * down
    return (0.5 + 0.4 * torch.sin(2 * np.pi * phase / 5)).expand(1, 3, side, side).float()


def noise(side: int = 40, seed: int = 0) -> torch.Tensor:
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(seed))


def test_filters_have_mean_0_and_deviation_1_on_the_pictures() -> None:
    x = noise(64)
    first = patch_net([x], seed=0).conv1(x).detach()
    assert float(first.mean((0, 2, 3)).abs().max()) < 0.1
    assert float((first.std((0, 2, 3)) - 1).abs().max()) < 0.1


def test_filters_are_what_the_patches_have_in_common() -> None:
    """Of stripes of one direction each filter has this direction; of noise they have all."""
    for angle in (0.0, np.pi / 2):
        weight = patch_net([stripes(angle)], seed=0).conv1.weight.detach()
        spectrum = torch.fft.fftshift(torch.fft.fft2(weight.sum(1), s=(32, 32)), dim=(1, 2)).abs()
        spectrum[:, 16, 16] = 0
        peaks = spectrum.flatten(1).argmax(1)
        down, across = peaks // 32 - 16, peaks % 32 - 16
        found = torch.atan2(down.float(), across.float()) % np.pi
        apart = torch.minimum((found - angle) % np.pi, (angle - found) % np.pi)
        assert float((apart < 0.2).float().mean()) > 0.7  # 0.13 by chance; the border bends some


def test_layers_are_half_as_large_each() -> None:
    net = hs.feature_net("patches", data=noise())
    made = net.activations(torch.rand(1, 3, 50, 34))
    shapes = [(3, 50, 34), (WIDTHS[0], 50, 34), (WIDTHS[1], 25, 17), (WIDTHS[2], 13, 9), (WIDTHS[3], 7, 5)]
    assert [tuple(one.shape[1:]) for one in made.values()] == shapes
    assert tuple(made) == ("colors", "relu1", "relu2", "relu3", "relu4")
    assert len(KERNELS) == len(WIDTHS)


def test_the_same_seed_gives_the_same_net_and_nothing_else_is_drawn() -> None:
    x = noise()
    torch.manual_seed(3)
    first = hs.feature_net("patches", data=x, seed=1)(x)
    drawn = torch.rand(2)
    torch.manual_seed(4)
    assert torch.equal(hs.feature_net("patches", data=x, seed=1)(x), first)
    assert not torch.equal(hs.feature_net("patches", data=x, seed=2)(x), first)
    torch.manual_seed(3)
    assert torch.equal(torch.rand(2), drawn)


def test_pictures_of_several_sizes_flat_and_tiny_ones_are_taken() -> None:
    pictures = [noise(24), (255 * noise(40)).byte().numpy(), torch.zeros(1, 3, 30, 18)]
    assert hs.feature_net("patches", data=pictures)(noise(16)).isfinite().all()
    assert hs.feature_net("patches", data=torch.full((1, 3, 16, 16), 0.3))(noise(16)).isfinite().all()
    assert hs.feature_net("patches", data=torch.rand(3, 20, 20))(torch.rand(2, 1, 16, 16)).isfinite().all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "learns its filters from pictures"),
        ({"data": []}, "no pictures"),
        ({"data": [noise(), torch.rand(1, 1, 20, 20)]}, "some grey and some in colours"),
        ({"data": noise(), "layers": "relu5"}, "no layer 'relu5' in this net; it has colors, conv1"),
        ({"data": noise(), "preprocessing": "caffe"}, "not for the net of patches"),
    ],
)
def test_what_cannot_be_is_said(settings, message) -> None:
    with pytest.raises(UsageError, match=message):
        hs.feature_net("patches", **settings)
