from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from hiddenspace.nets.blocks import Halve
from hiddenspace.nets.conv import ConvDecoder, ConvEncoder
from hiddenspace.nets.mlp import MLP, vector_decoder, vector_encoder
from hiddenspace.nets.resnet import Convolution, ResNetEncoder

PICTURES = [(1, 28, 28), (1, 8, 8), (3, 32, 32), (3, 64, 64), (3, 33, 17), (1, 1, 1), (5, 1, 9), (2, 7, 1), (13, 6, 10)]
VECTORS = [(1,), (2,), (13,), (64,), (784,)]
CODE = 4
Pair = tuple[nn.Module, nn.Module]


def pair(shape: tuple[int, ...], depth: int | None = None, width: int | None = None) -> Pair:
    torch.manual_seed(0)
    if len(shape) == 3:
        return ConvEncoder(shape, CODE, depth, width), ConvDecoder(CODE, shape, depth, width)
    return vector_encoder(shape[0], CODE, depth, width), vector_decoder(CODE, shape[0], depth, width)


def parameters(nets: Pair) -> int:
    return sum(p.numel() for net in nets for p in net.parameters())


@pytest.mark.parametrize("depth", [None, 1, 2, 3, 4])
@pytest.mark.parametrize("shape", PICTURES + VECTORS, ids=str)
def test_there_and_back_in_shape_and_with_gradients_everywhere(shape: tuple[int, ...], depth: int | None) -> None:
    encoder, decoder = pair(shape, depth)
    x = torch.rand(6, *shape)
    code = encoder(x)
    back = decoder(code)
    assert code.shape == (6, CODE)
    assert back.shape == x.shape
    (back - x).square().mean().backward()
    for net in (encoder, decoder):
        for name, parameter in net.named_parameters():
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all(), name


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 9, 5), (64,)], ids=str)
def test_a_first_step_moves_every_weight(shape: tuple[int, ...]) -> None:
    encoder, decoder = pair(shape)
    x = torch.rand(32, *shape)
    (decoder(encoder(x)) - x).square().mean().backward()
    still = [n for net in (encoder, decoder) for n, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert still == []


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 9, 5), (13,)], ids=str)
def test_a_code_does_not_depend_on_its_batch(shape: tuple[int, ...]) -> None:
    encoder, decoder = (net.eval() for net in pair(shape))
    x = torch.rand(9, *shape)
    with torch.no_grad():
        codes = encoder(x)
        torch.testing.assert_close(torch.cat([encoder(one[None]) for one in x]), codes, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(decoder(codes[4:5]), decoder(codes)[4:5], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 9, 5), (13,)], ids=str)
def test_one_item_can_be_trained_on(shape: tuple[int, ...]) -> None:
    encoder, decoder = (net.train() for net in pair(shape))
    decoder(encoder(torch.rand(1, *shape))).sum().backward()


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (13,)], ids=str)
def test_bf16_autocast_is_near_float32(shape: tuple[int, ...]) -> None:
    encoder, decoder = (net.eval() for net in pair(shape))
    x = torch.rand(4, *shape)
    with torch.no_grad():
        exact = decoder(encoder(x))
        with torch.autocast("cpu", torch.bfloat16):
            rough = decoder(encoder(x))
    assert (rough.float() - exact).square().mean() < 1e-3 * exact.square().mean()


@pytest.mark.parametrize("shape", [(1, 28, 28), (13,)], ids=str)
def test_the_seed_decides_the_weights_and_a_state_dict_carries_them(shape: tuple[int, ...]) -> None:
    first, again = pair(shape), pair(shape)
    for one, two in zip(first, again, strict=True):
        for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True):
            assert torch.equal(a, b)
    torch.manual_seed(1)
    other = ConvEncoder(shape, CODE) if len(shape) == 3 else vector_encoder(shape[0], CODE)
    x = torch.rand(3, *shape)
    assert not torch.equal(other.eval()(x), first[0].eval()(x))
    other.load_state_dict(first[0].state_dict())
    assert torch.equal(other(x), first[0](x))


@pytest.mark.parametrize(
    ("shape", "at_most"),
    [((13,), 20_000), ((64,), 50_000), ((784,), 4_000_000), ((1, 8, 8), 150_000), ((1, 28, 28), 5_000_000)],
    ids=str,
)
def test_small_data_get_small_nets(shape: tuple[int, ...], at_most: int) -> None:
    assert parameters(pair(shape)) <= at_most


@pytest.mark.parametrize("shape", [(3, 32, 32), (64,)], ids=str)
def test_width_scales_the_net(shape: tuple[int, ...]) -> None:
    assert parameters(pair(shape, width=128)) > 2 * parameters(pair(shape, width=32))


def test_two_sizes_are_one_linear_layer() -> None:
    net = MLP([5, 3])
    (linear,) = [m for m in net.modules() if isinstance(m, nn.Linear)]
    x = torch.rand(2, 5)
    torch.testing.assert_close(net(x), x @ linear.weight.T + linear.bias)


def test_hidden_layers_are_gaussian_error_linear_units() -> None:
    net = MLP([5, 4, 3])
    first, last = (m for m in net.modules() if isinstance(m, nn.Linear))
    x = torch.randn(20, 5)
    hidden = x @ first.weight.T + first.bias
    hidden = hidden * (1 + torch.erf(hidden / 2**0.5)) / 2  # x times the normal distribution function of x
    torch.testing.assert_close(net(x), hidden @ last.weight.T + last.bias)


def test_a_signal_survives_many_layers() -> None:
    torch.manual_seed(0)
    hidden = MLP([256] * 10).layers[:-1](torch.randn(500, 256))
    assert 0.2 < hidden.square().mean() < 5  # with torch's own weights it would be 1e-7


@pytest.mark.parametrize("width", [None, 20])
@pytest.mark.parametrize(("features", "code"), [(6, 6), (6, 12), (1500, 1500)])
def test_nothing_is_narrower_than_data_of_an_overcomplete_code(features: int, code: int, width: int | None) -> None:
    for net in (vector_encoder(features, code, 3, width), vector_decoder(code, features, 3, width)):
        linear = [layer for layer in net.layers if isinstance(layer, nn.Linear)]
        hidden = {layer.out_features for layer in linear[:-1]}
        assert hidden == {width} if width else min(hidden) >= features


@pytest.mark.parametrize("shape", [(3, 8, 1), (16, 8, 1), (3, 1, 8)])
def test_gradients_in_bfloat16_are_those_in_float32(shape):
    torch.manual_seed(0)
    halve, x = Halve(shape[0], 16), torch.rand(8, *shape).contiguous(memory_format=torch.channels_last)
    gradients = []
    for enabled in [False] + [True] * 10:
        halve.zero_grad()
        junk = [torch.full((size,), float("nan")) for size in (100, 1000, 10_000, 100_000)]
        del junk  # what is read without having been written is then seen
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            y = halve(x)
        y.float().square().mean().backward()
        gradients.append(halve.convolution.weight.grad.clone())
    for gradient in gradients[1:]:
        assert (gradient - gradients[0]).norm() < 0.02 * gradients[0].norm()


@pytest.mark.parametrize(("size", "kernel", "stride"), [((2, 2), 3, 1), ((2, 2), 1, 1), ((2, 2), 3, 2), ((3, 2), 3, 1)])
def test_small_maps_are_convolved_as_large_ones(size, kernel, stride):
    torch.manual_seed(0)
    small = Convolution(3, 5, kernel, stride).double()
    x = torch.randn(4, 3, *size, dtype=torch.float64, requires_grad=True)
    parts = x, small.weight
    ways = small(x), F.conv2d(x, small.weight, stride=stride, padding=kernel // 2)
    assert torch.allclose(*ways)
    for found, wanted in zip(*(torch.autograd.grad(way.square().sum(), parts) for way in ways), strict=True):
        assert torch.allclose(found, wanted)


def test_features_of_one_pixel_are_as_many():
    assert ResNetEncoder((1, 1, 1))(torch.rand(2, 1, 1, 1)).shape == (2, 512)
