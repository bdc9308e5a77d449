import torch

from hiddenspace.nets.style_net import StyleNet
from hiddenspace.style.tiled import painted, sampled


def a_picture(height: int, width: int) -> torch.Tensor:
    """Of several frequencies, brighter to the right."""
    down, across = torch.arange(height)[:, None] / 9, torch.arange(width)[None] / 13
    waves = torch.stack([torch.sin(k * down) * torch.cos(k * across) for k in (1.0, 2.5, 6.0)])
    return (0.5 + 0.3 * waves + 0.2 * torch.linspace(-1, 1, width))[None].clamp(0, 1)


def test_tiles_fit_together_where_nothing_is_normalised_by_the_whole() -> None:
    blur = torch.nn.Conv2d(3, 3, 31, padding=15, padding_mode="replicate")
    x = a_picture(230, 410)
    torch.testing.assert_close(painted(blur, blur, x, 200), blur(x), atol=1e-5, rtol=0)


def test_a_large_picture_in_tiles_is_nearly_the_whole_one() -> None:
    torch.manual_seed(0)
    net, x = StyleNet(width=4, blocks=2).eval(), a_picture(400, 600)
    whole, tiled = painted(net, net, x, 600), painted(net, net, x, 256)
    right = net(x[..., -256:]).detach()  # a tile by its own statistics
    apart = (tiled - whole).abs().mean()
    assert 0 < apart < 0.1 * whole.std()
    assert apart < 0.5 * (right[..., 96:] - whole[..., -160:]).abs().mean()


def test_samples_come_from_all_over_the_picture() -> None:
    x = torch.arange(40.0).expand(1, 3, 30, 40)
    some = sampled(x, 8)
    assert some.shape == (16, 3, 8, 8)
    assert some.min() == 0
    assert some.max() == 39
    assert sampled(x[..., :5, :], 8).shape == (16, 3, 5, 8)
