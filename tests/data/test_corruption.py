"""Distortions: same shape, input untouched, drawn from torch's generator, and as strong as they say."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from hiddenspace.data.corruption import Blur, Dropout, GaussianNoise, MaskingNoise, Occlusion, SaltAndPepper
from hiddenspace.errors import UsageError

ANY = [GaussianNoise(0.3), MaskingNoise(0.3), SaltAndPepper(0.2), Dropout(0.4)]
IMAGES = [*ANY, Blur(1.2), Occlusion(0.4)]
CASES = [(c, (6, 3, 9, 11)) for c in IMAGES] + [(c, (6, 1, 8, 8)) for c in IMAGES] + [(c, (6, 7)) for c in ANY]


def pictures(*shape: int) -> torch.Tensor:
    return 0.1 + 0.8 * torch.rand(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("corruption", "shape"), CASES, ids=str)
def test_contract(corruption, shape):
    x = pictures(*shape)
    before = x.clone()
    torch.manual_seed(3)
    first = corruption(x)
    second = corruption(x)
    torch.manual_seed(3)
    assert torch.equal(first, corruption(x))
    assert torch.equal(x, before)
    assert (first.shape, first.dtype, first.device) == (x.shape, x.dtype, x.device)
    assert not torch.equal(first, x)
    assert torch.equal(first, second) == isinstance(corruption, Blur)  # which alone draws nothing
    with torch.autocast("cpu", torch.bfloat16):
        torch.manual_seed(3)
        assert torch.equal(corruption(x), first)  # mixed precision does not reach the data


@pytest.mark.parametrize("sigma", [0.0, 0.3, 2.0])
def test_gaussian_noise_has_that_deviation(sigma):
    torch.manual_seed(0)
    x = torch.full((200, 500), 0.5)
    noise = GaussianNoise(sigma)(x) - x
    assert noise.std().item() == pytest.approx(sigma, rel=0.01, abs=1e-6)
    assert noise.mean().item() == pytest.approx(0.0, abs=0.02 * sigma + 1e-6)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_masking_hits_that_share_and_leaves_the_rest(share):
    torch.manual_seed(0)
    x = pictures(200, 500)
    y = MaskingNoise(share)(x)
    assert (y == 0).float().mean().item() == pytest.approx(share, abs=0.01)
    assert torch.equal(y[y != 0], x[y != 0])


def test_a_pixel_is_masked_in_all_its_channels():
    torch.manual_seed(0)
    hit = MaskingNoise(0.5)(pictures(4, 3, 20, 20)) == 0
    assert torch.equal(hit.all(1), hit.any(1))
    assert not torch.equal(hit[0], hit[1])


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_salt_and_pepper_are_the_extremes_evenly(share):
    torch.manual_seed(0)
    x = pictures(200, 500)
    y = SaltAndPepper(share)(x)
    for extreme in (x.min(), x.max()):
        assert (y == extreme).float().mean().item() == pytest.approx(share / 2, abs=0.01)
    untouched = (y != x.min()) & (y != x.max())
    assert torch.equal(y[untouched], x[untouched])


def test_a_pixel_is_salted_in_all_its_channels():
    torch.manual_seed(0)
    x = pictures(2, 3, 20, 20)
    changed = SaltAndPepper(0.5)(x) != x
    same = changed.all(1) == changed.any(1)
    assert same.float().mean() > 0.99  # but where a value was the extreme already


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_occlusion_covers_one_square(share):
    torch.manual_seed(0)
    x = pictures(50, 3, 10, 14)
    covered = Occlusion(share)(x) == 0
    side = round(share * 10)
    assert torch.equal(covered.all(1), covered.any(1))
    corners = set()
    for mask in covered[:, 0]:
        rows, columns = mask.any(1).nonzero().flatten(), mask.any(0).nonzero().flatten()
        assert int(mask.sum()) == side**2 == len(rows) * len(columns)
        assert rows[-1] - rows[0] == columns[-1] - columns[0] == side - 1
        corners.add((int(rows[0]), int(columns[0])))
    assert len(corners) > (5 if share < 1 else 1)
    assert {row for row, _ in corners} <= set(range(10 - side + 1))
    assert max(column for _, column in corners) == 14 - side  # every place can be hit, the last one too


def test_dropout_keeps_the_mean():
    torch.manual_seed(0)
    x = pictures(200, 500)
    y = Dropout(0.4)(x)
    assert (y == 0).float().mean().item() == pytest.approx(0.4, abs=0.01)
    assert torch.allclose(y[y != 0], x[y != 0] / 0.6)
    assert y.mean().item() == pytest.approx(x.mean().item(), rel=0.01)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.7])
def test_blur_is_scipys(sigma):
    x = pictures(2, 3, 12, 9)
    radius = int(np.ceil(3 * sigma))
    expected = gaussian_filter(
        x.numpy().astype(np.float64), (0, 0, sigma, sigma), mode="nearest", radius=(0, 0, radius, radius)
    )
    np.testing.assert_allclose(Blur(sigma)(x).numpy(), expected, atol=1e-6)


def test_blur_leaves_one_colour_as_it_is():
    x = torch.full((1, 2, 8, 8), 0.7)
    torch.testing.assert_close(Blur(2.0)(x), x, atol=1e-6, rtol=0)
    assert Blur(5.0)(pictures(1, 1, 1, 1)).shape == (1, 1, 1, 1)  # wider than the picture


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: GaussianNoise(-0.1), "sigma=-0.1 is negative; use"),
        (lambda: MaskingNoise(1.0), "share=1.0 is no share; use"),
        (lambda: MaskingNoise(-0.1), "share=-0.1 is no share; use"),
        (lambda: SaltAndPepper(1.1), "share=1.1 is no share; use"),
        (lambda: Blur(0.0), "sigma=0.0 is no width; use"),
        (lambda: Occlusion(0.0), "share=0.0 is no share; use"),
        (lambda: Dropout(1.0), "share=1.0 is no share; use"),
        (lambda: Blur(1.0)(torch.zeros(2, 5)), "Blur needs images; use GaussianNoise"),
        (lambda: Occlusion(0.5)(torch.zeros(2, 5)), "Occlusion needs images; use GaussianNoise"),
    ],
)
def test_what_makes_no_sense_is_refused(make, said):
    with pytest.raises(UsageError, match=said):
        make()
