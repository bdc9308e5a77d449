"""Images in the looks of others."""

import pytest
import torch

import hiddenspace as hs
from hiddenspace.data.restyling import looks_of, vary_unlike
from hiddenspace.errors import UsageError


def images(count: int, seed: int, light: float = 0.0) -> torch.Tensor:
    """Noise, each image with its own light and contrast, which vary by so much."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(count, 3, 8, 8, generator=generator)
    return noise * 0.2 + light * torch.rand(count, 3, 1, 1, generator=generator)


def test_with_no_share_and_no_mixing_nothing_happens():
    x = images(4, 0)
    torch.testing.assert_close(hs.Restyling(share=0, mixing=0)(x, images(5, 1)), x, rtol=0, atol=0)


@pytest.mark.parametrize(("negatives", "sign"), [(0.0, 1.0), (1.0, -1.0)])
def test_channels_get_means_and_deviations_of_another_image_and_keep_what_they_show(negatives, sign):
    torch.manual_seed(0)
    x, others = images(6, 0), images(5, 1, light=1.0)
    made = hs.Restyling(share=1, negatives=negatives, mixing=0)(x, others)
    apart = torch.cdist(looks_of(made), looks_of(others)).min(1).values
    assert apart.max() < 0.02  # but for the 1e-3 that keeps contrasts from being divided by nothing
    assert len(torch.cdist(looks_of(made), looks_of(others)).argmin(1).unique()) > 1  # not all alike
    for channel, original in zip(made.flatten(0, 1), x.flatten(0, 1), strict=True):
        pair = torch.stack([channel.flatten(), original.flatten()])
        assert torch.corrcoef(pair)[0, 1] == pytest.approx(sign, abs=1e-4)


def test_no_more_than_the_mixing_shows_through():
    torch.manual_seed(0)
    x, others = torch.zeros(200, 1, 2, 2), torch.ones(3, 1, 2, 2)
    parts = hs.Restyling(share=0, mixing=0.3)(x, others)[:, 0, 0, 0]
    assert 0.0 <= parts.min() < 0.02
    assert 0.28 < parts.max() < 0.3


def test_looks_that_vary_more_than_twice_as_much():
    looks = torch.tensor([[0.0, 1.0], [2.0, 1.0]])
    assert not vary_unlike(looks, 2.0 * looks)
    assert vary_unlike(looks, 2.1 * looks)
    assert vary_unlike(2.1 * looks, looks)
    assert vary_unlike(torch.zeros(2, 2), looks)


def test_what_makes_no_sense():
    with pytest.raises(UsageError, match="mixing=1 is no share"):
        hs.Restyling(mixing=1)
    with pytest.raises(UsageError, match=r"share=1\.5"):
        hs.Restyling(share=1.5)
    with pytest.raises(UsageError, match="Restyling needs images"):
        hs.Restyling()(torch.rand(3, 4), torch.rand(3, 4))
