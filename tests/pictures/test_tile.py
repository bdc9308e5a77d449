import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from hiddenspace.errors import UsageError
from hiddenspace.pictures import as_pixels, grid, rows, signed_pixels, tile


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def cell(picture, i, columns, side, scale, gap):
    """Cut item i out again, one sample per input pixel, and check that each enlarged pixel is uniform."""
    step = side * scale + gap
    top, left = i // columns * step, i % columns * step
    block = np.asarray(picture)[top : top + side * scale, left : left + side * scale]
    squares = block.reshape(side, scale, side, scale, -1)
    assert (squares == squares[:, :1, :, :1]).all()
    return squares[:, 0, :, 0]


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
@pytest.mark.parametrize("scale", [1, 3])
def test_tile_keeps_every_pixel(rng, channels, scale):
    images = rng.integers(0, 256, (7, 5, 5, *channels), dtype=np.uint8)
    picture = tile(images, columns=3, scale=scale, gap=2)
    assert picture.size == (3 * 5 * scale + 4, 3 * 5 * scale + 4)
    for i, image in enumerate(images):
        shown = cell(picture, i, 3, 5, scale, 2)
        assert (shown[..., :-1] == image.reshape(5, 5, -1)).all()
        assert (shown[..., -1] == 255).all()


def test_gaps_and_empty_places_are_transparent(rng):
    alpha = np.asarray(tile(rng.random((3, 4, 4)), columns=2, scale=1, gap=1))[..., -1]
    assert alpha.sum() == 3 * 16 * 255
    assert not alpha[:, 4].any()
    assert not alpha[5:, 5:].any()


def test_small_images_grow_and_large_ones_stay(rng):
    assert tile(rng.random((1, 8, 8))).size == (64, 64)
    assert tile(rng.random((1, 70, 90))).size == (90, 70)


def test_floats_are_clipped_and_nan_is_black():
    images = np.array([[[-0.5, 0.0, 0.5], [1.0, 1.5, np.nan]]])
    assert as_pixels(images).tolist() == [[[0, 0, 128], [255, 255, 0]]]


def test_channels_fold_sensibly(rng):
    images = rng.integers(0, 256, (2, 4, 4, 6), dtype=np.uint8)
    assert (as_pixels(images) == images[..., :3]).all()
    assert (as_pixels(images[..., :2]) == np.rint(images[..., :2].mean(-1))).all()
    assert (as_pixels(images[..., :1]) == images[..., 0]).all()
    assert as_pixels(np.eye(3, dtype=bool)[None]).tolist() == (np.eye(3, dtype=int) * 255)[None].tolist()


@pytest.mark.parametrize("images", [np.zeros((0, 4, 4)), np.zeros((4, 4)), np.zeros((2, 4, 4), np.int64)])
def test_what_is_no_image_is_refused_with_the_mend(images):
    with pytest.raises(UsageError, match="images"):
        tile(images)


def test_grid_shows_the_tile_pixel_for_pixel(rng):
    images = rng.integers(0, 256, (4, 6, 6, 3), dtype=np.uint8)
    canvas = FigureCanvasAgg(grid(images, scale=2))
    canvas.draw()
    drawn = np.asarray(canvas.buffer_rgba())
    expected = np.asarray(tile(images, scale=2))
    assert drawn.shape == expected.shape
    assert (drawn[:12, :12, :3] == expected[:12, :12, :3]).all()


def test_rows_have_their_names_and_the_same_items(rng):
    images = {"original": rng.random((12, 8, 8)), "PCA": rng.random((12, 8, 8))}
    figure = rows(images, columns=5)
    assert [axes.texts[0].get_text() for axes in figure.axes] == ["original", "PCA"]
    for axes, array in zip(figure.axes, images.values(), strict=True):
        assert (axes.images[0].get_array() == np.asarray(tile(array[:5], columns=5).convert("RGBA"))).all()


def test_rows_need_a_row():
    with pytest.raises(UsageError, match="no row"):
        rows({})


def test_signed_is_symmetric_about_white(rng):
    filters = np.array([[[-2.0, 0.0, 2.0]], [[-0.1, 0.0, 0.05]]])
    pixels = signed_pixels(filters).astype(int)
    assert (pixels[:, 0, 1] == pixels[0, 0, 1]).all()
    assert pixels[0, 0, 1].min() > 240
    assert (pixels[0, 0, 0] == pixels[1, 0, 0]).all(), "each is scaled on its own"
    assert pixels[0, 0, 0, 2] > pixels[0, 0, 0, 0], "negative is blue"
    assert pixels[0, 0, 2, 0] > pixels[0, 0, 2, 2], "positive is red"


def test_signed_colours_lie_about_grey():
    one = np.zeros((1, 1, 2, 3))
    one[0, 0, 0] = 4, -4, 0
    assert signed_pixels(one)[0, 0].tolist() == [[255, 0, 128], [128, 128, 128]]


def test_signed_survives_zeros_and_nan():
    assert np.unique(signed_pixels(np.full((1, 2, 2), np.nan))).size <= 3
    assert (signed_pixels(np.ones((1, 2, 2, 5))) == signed_pixels(np.ones((1, 2, 2)))).all()
