import pytest
import torch

from hiddenspace.nets.adain import AdaIN, MapDecoder, looks_of, mixed_looks
from hiddenspace.nets.style_net import keeping_statistics


def maps_of(count: int, scale: float = 1.0) -> list[torch.Tensor]:
    return [scale * torch.randn(count, 4, 12, 10) + 2, scale * torch.randn(count, 6, 6, 5) - 1]


def test_maps_get_the_means_and_deviations_of_the_style() -> None:
    content, style = maps_of(2), maps_of(2, scale=3.0)
    made = AdaIN(2)(content, looks_of(style))
    for one, wanted in zip(made, style, strict=True):
        torch.testing.assert_close(one.mean((2, 3)), wanted.mean((2, 3)), atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(one.std((2, 3)), wanted.std((2, 3)), atol=1e-3, rtol=1e-3)
    own = AdaIN(2)(content, looks_of(content))
    torch.testing.assert_close(own[0], content[0], atol=1e-4, rtol=1e-4)


def test_strength_and_mixtures_are_linear() -> None:
    adain, content, looks = AdaIN(2), maps_of(1), [looks_of(maps_of(1, scale)) for scale in (0.5, 4.0)]
    first, second = (adain(content, of_one) for of_one in looks)
    half, mixed = adain(content, looks[0], 0.5), adain(content, mixed_looks(looks, (0.25, 0.75)))
    torch.testing.assert_close(half[1], (content[1] + first[1]) / 2)
    torch.testing.assert_close(mixed[0], 0.25 * first[0] + 0.75 * second[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(adain(content, looks[0], 0.0)[0], content[0])


def test_pieces_are_adapted_by_the_statistics_of_the_whole() -> None:
    adain, content, looks = AdaIN(2), maps_of(1), looks_of(maps_of(1, 2.0))
    whole = adain(content, looks)
    with keeping_statistics(adain):
        adain(content, looks)
        piece = adain([one[..., :4, :4] for one in content], looks)
    torch.testing.assert_close(piece[1], whole[1][..., :4, :4])


@pytest.mark.parametrize("size", [(32, 48), (33, 41), (30, 47)])
@pytest.mark.parametrize("rounding", [torch.ceil, torch.floor])
def test_pictures_of_any_size_are_decoded_however_layers_round(size, rounding) -> None:
    decoder = MapDecoder((5, 7), (2, 8), width=2)
    sizes = [[int(rounding(torch.tensor(side / stride))) for side in size] for stride in (2, 8)]
    made = decoder([torch.rand(2, c, *of) for c, of in zip((5, 7), sizes, strict=True)], size)
    assert made.shape == (2, 3, *size)
    made.sum().backward()
    assert all(parameter.grad is not None for parameter in decoder.parameters())
