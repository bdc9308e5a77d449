"""Augmentations: what they change, by how much at most, and what they leave."""

import math

import pytest
import torch

from hiddenspace.data.augment import ImageAugmentation, RowAugmentation
from hiddenspace.errors import UsageError

NOTHING = {"crop": 1.0, "rotation": 0.0, "brightness": 0.0, "contrast": 0.0, "colour": 0.0, "erase": 0.0}
SIDE = 24


def only(**changed):
    return ImageAugmentation(**{**NOTHING, **changed})


def ramp(count, along):
    """Images whose value is the place along one axis: 0 for columns, 1 for rows; (count, 1, side, side)."""
    at = torch.arange(SIDE, dtype=torch.float32)
    grid = at.expand(SIDE, SIDE) if along == 0 else at[:, None].expand(SIDE, SIDE)
    return grid.expand(count, 1, SIDE, SIDE).clone()


@pytest.fixture
def pictures():
    torch.manual_seed(0)
    return torch.rand(64, 3, SIDE, SIDE)


def test_without_any_change_a_view_is_the_image(pictures):
    torch.testing.assert_close(only()(pictures), pictures, rtol=1e-5, atol=1e-5)


def test_half_of_the_views_are_mirrored(pictures):
    views = only(flip=True)(pictures)
    same = torch.isclose(views, pictures, atol=1e-4).flatten(1).all(1)
    mirrored = torch.isclose(views, pictures.flip(3), atol=1e-4).flatten(1).all(1)
    assert (same ^ mirrored).all()
    assert 16 < same.sum() < 48


def test_crops_are_magnified_parts():
    """Of a ramp a crop is a flatter ramp: its slope is the crop's side, and its ends lie within the image's."""
    crop = 0.3
    views = only(crop=crop)(ramp(256, along=0))
    slopes = (views[:, :, :, 1:] - views[:, :, :, :-1])[:, 0, SIDE // 2, 2:-2]
    torch.testing.assert_close(slopes.amax(1), slopes.amin(1), rtol=0, atol=1e-3)
    assert slopes.max() <= 1 + 1e-4
    assert slopes.min() >= math.sqrt(crop * 9 / 10) - 1e-4
    assert slopes.min() < 0.6
    assert views.min() >= 0
    assert views.max() <= SIDE - 1
    middles = views[:, 0, SIDE // 2, SIDE // 2]
    assert middles.std() > 1  # crops are taken everywhere


@pytest.mark.parametrize("cut", [0, 8])
def test_turns_stay_within_the_angle(cut):
    """The middle of a turned ramp rises by 1 a pixel, in a direction that is turned; in narrow images as in square."""
    rows, columns = (slice(size // 2 - 3, size // 2 + 3) for size in (SIDE, SIDE - cut))
    views = only(rotation=30.0)(ramp(256, along=0)[..., cut:])[:, 0, rows, columns]
    right, down = (views.diff(dim=axis).mean((1, 2)) for axis in (2, 1))
    angles = torch.rad2deg(torch.atan2(down, right))
    torch.testing.assert_close(right.hypot(down), torch.ones(256), rtol=0, atol=0.02)
    assert 25 < angles.max() <= 30.5
    assert -30.5 <= angles.min() < -25


def test_light_is_scaled_and_contrast_stretched_about_the_mean(pictures):
    pictures = 0.5 + pictures / 2  # not near 0: it is divided by
    bright = only(brightness=0.4)(pictures) / pictures
    factors = bright.flatten(1)
    torch.testing.assert_close(factors.amax(1), factors.amin(1), rtol=1e-3, atol=1e-3)
    assert 0.6 <= factors.min() < 0.7 < 1.3 < factors.max() <= 1.4 + 1e-3
    views = only(contrast=0.5)(pictures)
    torch.testing.assert_close(views.mean((1, 2, 3)), pictures.mean((1, 2, 3)), rtol=1e-4, atol=1e-4)
    spread = views.flatten(1).std(1) / pictures.flatten(1).std(1)
    assert 0.5 <= spread.min() < 0.6 < 1.4 < spread.max() <= 1.5 + 1e-3


def test_colour_turns_about_grey(pictures):
    """The mean of the channels stays; the distance from it is the same for all pixels but for one factor."""
    views = only(colour=0.5)(pictures)
    torch.testing.assert_close(views.mean(1), pictures.mean(1), rtol=1e-4, atol=1e-4)
    before, after = ((x - x.mean(1, keepdim=True)).norm(dim=1).flatten(1) for x in (pictures, views))
    saturation = after / before
    torch.testing.assert_close(saturation.amax(1), saturation.amin(1), rtol=1e-2, atol=1e-2)
    assert 0.5 <= saturation.min() < 0.6 < 1.4 < saturation.max() <= 1.5 + 1e-2
    grey = pictures[:, :1].expand(-1, 3, -1, -1)
    torch.testing.assert_close(only(colour=1.0)(grey), grey, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(only(colour=1.0)(pictures[:, :1]), pictures[:, :1], rtol=1e-4, atol=1e-4)


def test_hue_goes_all_the_way_round():
    red = torch.zeros(512, 3, 2, 2)
    red[:, 0] = 1
    strongest = only(colour=1.0)(red)[:, :, 0, 0].argmax(1)
    assert torch.bincount(strongest, minlength=3).min() > 100


def test_rectangles_are_erased_in_a_share_of_the_views():
    ones = torch.ones(400, 1, SIDE, SIDE)
    gone = only(erase=0.5)(ones)[:, 0] < 0.5
    touched = gone.flatten(1).any(1)
    assert 160 < touched.sum() < 240
    rows, columns = gone.any(2).sum(1), gone.any(1).sum(1)
    torch.testing.assert_close(gone.flatten(1).sum(1), rows * columns)  # all of a rectangle and nothing else
    assert rows[touched].min() >= int(0.15 * SIDE)
    assert max(rows.max(), columns.max()) <= math.ceil(0.45 * SIDE)


def test_views_are_exact_under_autocast(pictures):
    torch.manual_seed(1)
    expected = ImageAugmentation(flip=True)(pictures)
    torch.manual_seed(1)
    with torch.autocast("cpu", torch.bfloat16):
        views = ImageAugmentation(flip=True)(pictures)
    assert views.dtype == torch.float32
    torch.testing.assert_close(views, expected, rtol=0, atol=0)


@pytest.mark.parametrize("augmentation", [ImageAugmentation(), RowAugmentation(noise=0.1)])
def test_the_argument_stays_and_items_differ(augmentation):
    torch.manual_seed(0)
    one = torch.rand(1, 1, 8, 6) if isinstance(augmentation, ImageAugmentation) else torch.rand(1, 6)
    x = one.repeat(5, *[1] * (one.ndim - 1))
    before = x.clone()
    views = augmentation(x)
    assert views.shape == x.shape
    assert torch.equal(x, before)
    assert len({view.numpy().tobytes() for view in views}) == 5


def test_columns_come_from_other_rows():
    torch.manual_seed(0)
    x = torch.arange(200.0)[:, None] + 1000 * torch.arange(7.0)  # the value says which row and column it is of
    views = RowAugmentation(share=0.4)(x)
    assert torch.equal(views // 1000, x // 1000)
    assert abs(float((views != x).float().mean()) - 0.4) < 0.05
    assert torch.equal(RowAugmentation(share=0.0)(x), x)


def test_the_values_of_a_column_stay_together():
    torch.manual_seed(0)
    groups = (0, 1, 1, 1, 2)
    x = torch.arange(100.0)[:, None].expand(100, 5).contiguous()
    views = RowAugmentation(share=0.5, groups=groups)(x)
    assert torch.equal(views[:, 1], views[:, 2])
    assert torch.equal(views[:, 1], views[:, 3])
    assert not torch.equal(views[:, 0], views[:, 1])
    assert not torch.equal(views[:, 3], views[:, 4])


def test_noise_has_its_deviation():
    torch.manual_seed(0)
    noise = RowAugmentation(share=0.0, noise=0.3)(torch.zeros(2000, 10))
    assert abs(float(noise.std()) - 0.3) < 0.01


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ImageAugmentation(crop=0), "crop=0 is no share"),
        (lambda: ImageAugmentation(rotation=-1), "rotation=-1 is negative"),
        (lambda: ImageAugmentation(erase=1.5), "erase=1.5 is no share"),
        (lambda: RowAugmentation(share=2), "share=2 is no share"),
        (lambda: RowAugmentation(noise=-1), "noise=-1 is negative"),
        (lambda: ImageAugmentation()(torch.zeros(2, 3)), "use RowAugmentation"),
        (lambda: RowAugmentation()(torch.zeros(2, 1, 3, 3)), "use ImageAugmentation"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()
