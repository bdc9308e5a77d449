"""Domains of digits that are made: in typefaces, on houses, on photographs; and images seen otherwise."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

import hiddenspace as hs
from hiddenspace.data.domain_shifts import SHIFTS, _turned
from hiddenspace.data.paints import MOST, luminance, pairs
from hiddenspace.data.typefaces import CELL, FILES, SPAN, typefaces
from hiddenspace.errors import DataError, UsageError

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (6, 10, 12), np.uint8)
COLOUR = RNG.integers(0, 256, (6, 10, 12, 3), np.uint8)
DRAWN = {"font_digits": ((28, 28), (9, 9)), "house_numbers": ((32, 32, 3), (9, 9, 3))}
"""Shapes of a picture by default, and with side=9."""


def edges(images):
    """How steep brightness is from pixel to pixel, whatever is dark or bright: (n, h * w) of length 1."""
    bright = images.astype(float) if images.ndim == 3 else images.astype(float).mean(3)
    steep = np.hypot(*np.gradient(bright, axis=(1, 2))).reshape(len(images), -1)
    return steep / np.linalg.norm(steep, axis=1, keepdims=True)


# pictures that are drawn --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DRAWN)
def test_the_seed_decides_on_everything(name):
    draw = getattr(hs.data, name)
    (images, labels), (again, same), (other, others) = draw(150, seed=1), draw(150, seed=1), draw(150, seed=2)
    assert np.array_equal(images, again)
    assert np.array_equal(labels, same)
    assert not np.array_equal(images, other)
    assert not np.array_equal(labels, others)
    assert len(np.unique(images, axis=0)) == 150


@pytest.mark.parametrize("name", DRAWN)
def test_shapes_types_and_equally_many_of_each_digit(name):
    default, small = DRAWN[name]
    images, labels = getattr(hs.data, name)(203)
    assert (images.shape, images.dtype, labels.dtype) == ((203, *default), np.uint8, np.int64)
    assert sorted(np.bincount(labels, minlength=10)) == [20] * 7 + [21] * 3
    assert getattr(hs.data, name)(1, side=9)[0].shape == (1, *small)


@pytest.mark.parametrize(("name", "right"), [("font_digits", 0.5), ("house_numbers", 0.3)])
def test_half_of_the_pictures_tell_the_digits_of_the_others(name, right):
    """By the nearest mean of edges, to which each tenth would be right by chance."""
    images, labels = getattr(hs.data, name)(800)
    seen, held_out = edges(images[:400]), edges(images[400:])
    means = np.stack([seen[labels[:400] == digit].mean(0) for digit in range(10)])
    guesses = ((held_out[:, None] - means) ** 2).sum(2).argmin(1)
    assert (guesses == labels[400:]).mean() > right


BLOCKS = {
    "font_digits": [38.4, 34.3, 37.7, 57.6],
    "house_numbers": [153.6, 146.4, 134.6, 128.1],
}
"""Means of the quarters of the first picture, by which a change of what is drawn is noticed."""


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_drawn_stays_what_it_was(name):
    image = getattr(hs.data, name)(1, seed=0)[0][0].astype(float)
    side = len(image) // 2
    means = image.reshape(2, side, 2, side, -1).mean((1, 3, 4)).ravel()
    assert means == pytest.approx(BLOCKS[name], abs=2)


def test_font_digits_are_white_on_black_and_within_the_picture():
    images, _ = hs.data.font_digits(500)
    frame = np.ones((28, 28), bool)
    frame[1:-1, 1:-1] = False
    assert images[:, frame].mean() < 1
    assert 0.08 < (images > 127).mean() < 0.25
    assert (images.max((1, 2)) > 200).all()


def test_house_numbers_have_either_brighter_and_neighbours():
    images, _ = hs.data.house_numbers(600)
    steep = edges(images).reshape(600, 32, 32)
    assert steep[:, :, :4].sum((1, 2)).std() > 0.5  # with and without a digit that is cut off at the side
    bright = images.astype(float).mean(3)
    middle, whole = bright[:, 8:24, 10:22], bright.reshape(600, -1)
    darker = (whole.mean(1) - middle.min((1, 2))) > (middle.max((1, 2)) - whole.mean(1))
    assert 0.3 < darker.mean() < 0.7
    assert images.std(3).mean() > 5  # and colours


def test_pairs_of_colours_can_be_told_apart():
    first, second = pairs(np.random.default_rng(0), 4000, 0.3)
    apart = luminance(first) - luminance(second)
    assert np.abs(apart).min() > 0.3 - 1e-5
    assert np.abs(apart).max() < MOST + 1e-5
    assert (apart > 0).mean() == pytest.approx(0.5, abs=0.05)
    for colours in (first, second):
        assert colours.min() >= 0
        assert colours.max() <= 1 + 1e-6


# typefaces ----------------------------------------------------------------------------------------------------------


def test_fields_are_distances_from_digits_of_one_height():
    faces = typefaces()
    assert faces.fields.shape == (len(FILES), 10, CELL, CELL)
    rows = (faces.fields < 0).any(3)
    assert np.median(rows.sum(2)) * SPAN / CELL == pytest.approx(1, abs=0.05)
    columns = (faces.fields < 0).any(2).sum(2) * SPAN / CELL
    assert np.abs(columns - faces.widths).max() < 0.05
    down, right = np.gradient(faces.fields, SPAN / CELL, axis=(2, 3))
    assert np.median(np.hypot(down, right)) == pytest.approx(1, abs=0.02)  # a step away is a step more


def test_a_field_between_its_points():
    faces = typefaces([FONTS / "DejaVuSans.ttf"])
    middles = (np.arange(CELL, dtype=np.float32) + 0.5) / CELL * SPAN - SPAN / 2
    exact = faces.distances(np.array([[7]]), middles[None, :-1], middles[:-1, None])
    assert exact == pytest.approx(faces.fields[0, 7, :-1, :-1], abs=1e-5)
    between = faces.distances(np.array([[7]]), middles[None, :-1] + SPAN / CELL / 2, middles[:-1, None])
    assert between == pytest.approx((faces.fields[0, 7, :-1, 1:] + faces.fields[0, 7, :-1, :-1]) / 2, abs=1e-5)


@pytest.mark.parametrize("name", DRAWN)
def test_fonts_of_ones_own(name):
    draw = getattr(hs.data, name)
    thin, bold = (draw(100, fonts=[str(FONTS / f"DejaVuSans{style}.ttf")])[0] for style in ("", "-Bold"))
    assert not np.array_equal(thin, bold)
    if name == "font_digits":
        assert bold.mean() > 1.3 * thin.mean()


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ({"count": 0}, UsageError, "count=0"),
        ({"side": 0}, UsageError, "side=0"),
        ({"seed": -1}, UsageError, "seed=-1"),
        ({"fonts": []}, UsageError, "no list of font files"),
        ({"fonts": "DejaVuSans.ttf"}, UsageError, "no list of font files"),
        ({"fonts": [__file__]}, DataError, "no font that can be read .*; give .ttf or .otf"),
        ({"fonts": ["none.ttf"]}, DataError, "none.ttf is no font"),
        ({"fonts": [FONTS / "DejaVuSansDisplay.ttf"]}, DataError, "not all ten digits"),
        ({"fonts": [FONTS / "LastResortHE-Regular.ttf"]}, DataError, "not all ten digits"),
    ],
)
def test_what_cannot_be_drawn(name, wrong, error, says):
    with pytest.raises(error, match=says):
        getattr(hs.data, name)(**{"count": 2, "side": 8, **wrong})


# blended with photographs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("images", [GREY, GREY[..., None], GREY / 255, (GREY / 255).astype(np.float32)])
def test_a_blended_image_is_the_difference_from_the_patch(images):
    paint = np.array([10, 128, 250], np.uint8)
    result = hs.data.blended(images, [np.tile(paint, (20, 20, 1))])
    assert result.dtype == np.uint8
    assert np.array_equal(result, np.abs(GREY[..., None].astype(int) - paint))


def test_a_hard_digit_inverts_the_patch():
    result = hs.data.blended(GREY, [np.full((10, 12, 3), 70, np.uint8)], hard=True)
    assert np.array_equal(result, np.repeat(np.where(GREY > 0, 185, 70)[..., None], 3, 3))


def test_patches_are_cut_anywhere_in_any_photograph():
    number = np.arange(3 * 5 * 6 * 3, dtype=np.uint8).reshape(3, 5, 6, 3)  # no two pixels are the same
    result = hs.data.blended(np.zeros((400, 4, 4)), list(number))
    views = np.lib.stride_tricks.sliding_window_view(number, (4, 4), (1, 2)).transpose(0, 1, 2, 4, 5, 3)
    places = {view.tobytes() for view in views.reshape(-1, 4, 4, 3)}
    assert {patch.tobytes() for patch in result} == places
    assert len(places) == 3 * 2 * 3


def test_photographs_that_come_along():
    photographs = load_sample_images().images
    assert np.array_equal(hs.data.blended(GREY), hs.data.blended(GREY, photographs))
    assert not np.array_equal(hs.data.blended(GREY), hs.data.blended(GREY, seed=1))


@pytest.mark.parametrize(
    ("photographs", "says"),
    [
        ([], "no photographs"),
        ([np.zeros((9, 12, 3), np.uint8)], "photograph 0 of 9x12 pixels is smaller"),
        ([np.zeros((20, 20, 3), np.uint8), np.zeros((20, 20), np.uint8)], "photograph 1 is uint8 of shape"),
        ([np.zeros((20, 20, 3))], "photograph 0 is float64"),
    ],
)
def test_photographs_that_are_none(photographs, says):
    with pytest.raises(DataError, match=says):
        hs.data.blended(GREY, photographs)


def test_the_real_ones_look_the_same(shared_data):
    """MNIST-M as it goes round, and what the two digits beside it make: how bright, how much contrast."""
    real = np.load(shared_data / "mnist-m" / "mnist_m.npz")["images"]
    digits = np.pad(hs.load_dataset(shared_data / "mnist").test.items[:3000, ..., 0], ((0, 0), (2, 2), (2, 2)))
    files = sorted((shared_data / "bsds500" / "train").glob("*.jpg"))[::4]
    photographs = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    made = hs.data.blended(digits, photographs, hard=True)
    assert made.mean() == pytest.approx(real.mean(), rel=0.1)
    assert made.std() == pytest.approx(real.std(), rel=0.1)
    assert edges_of(made) == pytest.approx(edges_of(real), rel=0.2)


def edges_of(images):
    return np.abs(np.diff(images.astype(float), axis=2)).mean()


# images seen otherwise ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SHIFTS)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("images", [GREY, GREY[..., None], COLOUR], ids=["grey", "one channel", "colour"])
def test_every_shift(kind, dtype, images):
    given = images if dtype == np.uint8 else (images / 255).astype(dtype)
    before = given.copy()
    if kind in ("blended", "coloured") and images.shape[-1] == 3:
        with pytest.raises(DataError, match="give grey ones"):
            hs.data.shifted(given, kind)
        return
    result = hs.data.shifted(given, kind, seed=1)
    assert result.shape == ((*GREY.shape, 3) if kind in ("blended", "coloured") else images.shape)
    assert result.dtype == (np.uint8 if kind == "blended" else dtype)
    assert np.array_equal(given, before)
    assert np.array_equal(result, hs.data.shifted(given, kind, seed=1))
    assert np.array_equal(result, hs.data.shifted(given, kind, seed=2)) == (kind == "inverted")
    unit = result / 255 if result.dtype == np.uint8 else result
    assert 0 <= unit.min() < unit.max() <= 1
    of_bytes = hs.data.shifted(images, kind, seed=1) / 255  # of the same pictures
    assert unit == pytest.approx(of_bytes, abs=0.5 / 255 + 1e-6)


def test_an_unknown_shift():
    with pytest.raises(
        UsageError, match="'tilted' is no shift; use one of blended, coloured, inverted, noisy, rotated"
    ):
        hs.data.shifted(GREY, "tilted")


@pytest.mark.parametrize("images", [GREY, COLOUR])
def test_inverted_twice_is_what_it_was(images):
    assert np.array_equal(hs.data.inverted(images), 255 - images)
    assert np.array_equal(hs.data.inverted(hs.data.inverted(images)), images)


def test_noise_is_as_strong_as_said():
    grey = np.full((50, 20, 20), 0.5)
    noise = hs.data.noisy(grey, sigma=0.1) - grey
    assert noise.std() == pytest.approx(0.1, rel=0.03)
    assert noise.mean() == pytest.approx(0, abs=0.003)
    assert np.array_equal(hs.data.noisy(GREY, sigma=0), GREY)


def test_colours_of_black_and_white():
    images = np.zeros((300, 1, 3), np.uint8)
    images[:, 0, 1], images[:, 0, 2] = 255, 102
    black, white, grey = np.moveaxis(hs.data.coloured(images, contrast=0.4)[:, 0].astype(float), 1, 0)
    assert np.abs(luminance(black) - luminance(white)).min() > 0.4 * 255 - 1.5
    assert 0.3 < (luminance(black) > luminance(white)).mean() < 0.7
    assert grey == pytest.approx(0.6 * black + 0.4 * white, abs=1.5)


@pytest.mark.parametrize("images", [GREY[:, :10, :10] / 255, COLOUR[:, :10, :10] / 255])
def test_a_quarter_of_a_turn(images):
    turned = _turned(images.astype(np.float32), np.full(6, np.pi / 2, np.float32))
    assert turned == pytest.approx(np.rot90(images, axes=(1, 2)), abs=1e-4)


def test_turns_are_as_large_as_said():
    bar = np.zeros((200, 41, 41), np.uint8)
    bar[:, 20, 5:36] = 255
    turned = hs.data.rotated(bar, degrees=30) / 255.0
    y, x = np.mgrid[-20:21, -20:21]
    angles = np.rad2deg(0.5 * np.arctan2(-2 * (turned * x * y).sum((1, 2)), (turned * (x**2 - y**2)).sum((1, 2))))
    assert np.abs(angles).max() == pytest.approx(30, abs=2)
    assert angles.mean() == pytest.approx(0, abs=4)
    assert np.array_equal(hs.data.rotated(bar, degrees=0), bar)


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (GREY.astype(int), "are int64; give uint8"),
        (GREY.astype(float), "beyond 0 to 1"),
        (np.full((2, 3, 3), np.nan), "beyond 0 to 1"),
        (GREY[0], "have shape \\(10, 12\\)"),
        (GREY[:0], "have shape"),
    ],
)
@pytest.mark.parametrize("kind", SHIFTS)
def test_images_that_are_none(kind, images, says):
    with pytest.raises(DataError, match=says):
        hs.data.shifted(images, kind)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("blended", {"seed": -1}),
        ("coloured", {"seed": 0.5}),
        ("coloured", {"contrast": 0.85}),
        ("noisy", {"sigma": -0.1}),
        ("noisy", {"seed": True}),
        ("rotated", {"degrees": -1}),
        ("rotated", {"seed": None}),
    ],
)
def test_numbers_that_make_no_sense(kind, wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        getattr(hs.data, kind)(GREY, **wrong)
