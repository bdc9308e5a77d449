"""Films are read back with other eyes: Pillow's and PyAV's."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hiddenspace.errors import HiddenspaceError, MissingExtraError, UsageError
from hiddenspace.pictures.animation import animate
from hiddenspace.pictures.morphs import equation

SHADES = np.array([0, 60, 120, 180, 240], np.uint8)
THERE_AND_BACK = [0, 60, 120, 180, 240, 180, 120, 60]


def flat(*size: int) -> np.ndarray:
    return np.ones(size, np.uint8) * SHADES.reshape(-1, *[1] * len(size))


def test_a_gif_goes_there_and_back_for_ever(tmp_path: Path) -> None:
    animate(flat(6, 5), tmp_path / "new" / "x.gif", seconds=4, scale=3)
    with Image.open(tmp_path / "new" / "x.gif") as film:
        assert (film.n_frames, film.size, film.info["loop"], film.info["duration"]) == (8, (15, 18), 0, 500)
        shades = []
        for number in range(film.n_frames):
            film.seek(number)
            shades.append(int(np.asarray(film.convert("L")).mean()))
    np.testing.assert_allclose(shades, THERE_AND_BACK, atol=1)


@pytest.mark.parametrize("size", [(6, 5), (7, 8, 3)])
def test_an_mp4_shows_the_same(tmp_path: Path, size: tuple[int, ...]) -> None:
    import av

    animate(flat(*size), tmp_path / "x.mp4", seconds=2, scale=9)
    with av.open(str(tmp_path / "x.mp4")) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == 4
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(stream)]
    assert all(frame.shape[0] - 9 * size[0] in (0, 1) for frame in frames)
    assert all(frame.shape[1] - 9 * size[1] in (0, 1) for frame in frames)
    np.testing.assert_allclose([frame.mean() for frame in frames], THERE_AND_BACK, atol=4)


def test_small_images_become_as_large_as_fits_and_large_ones_stay(tmp_path: Path) -> None:
    for side, shown in ((10, 250), (300, 300)):
        animate(flat(side, side), tmp_path / "x.gif")
        with Image.open(tmp_path / "x.gif") as film:
            assert film.size == (shown, shown)


@pytest.mark.parametrize(
    ("images", "name", "options", "named"),
    [
        (flat(4, 4), "x.avi", {}, ".avi"),
        (flat(4, 4), "x", {}, "without an ending"),
        (flat(4, 4)[:1], "x.gif", {}, "one image"),
        (flat(4, 4), "x.gif", {"seconds": 0}, "seconds"),
        (flat(4, 4), "x.gif", {"scale": 0}, "scale"),
        (flat(4), "x.gif", {}, "shape"),
    ],
)
def test_wrong_usage(tmp_path: Path, images: np.ndarray, name: str, options: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        animate(images, tmp_path / name, **options)
    assert not list(tmp_path.iterdir())


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"hiddenspace\[video\]"):
        animate(flat(4, 4), tmp_path / "x.mp4")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HiddenspaceError, match="file"):
        animate(flat(4, 4), tmp_path / "file" / "x.gif")


def test_an_equation_shows_every_pixel_of_its_terms() -> None:
    figure = equation(flat(4, 3)[:2], flat(4, 3)[2:3], flat(4, 3)[4], scale=5)
    assert [text.get_text() for text in figure.texts if text.get_text()] == ["+", "−", "="]
    file = io.BytesIO()
    figure.savefig(file, dpi=100)
    pixels = np.asarray(Image.open(file))
    assert pixels.shape[0] == 20
    lefts = [round(axes.get_position().x0 * pixels.shape[1]) for axes in figure.axes]
    assert [int(pixels[10, left + 7, 0]) for left in lefts] == [0, 60, 120, 240]


def test_an_equation_of_other_sizes_is_refused() -> None:
    with pytest.raises(UsageError, match="one size"):
        equation(flat(4, 3)[:1], flat(4, 3)[:1], flat(3, 4)[0])
    with pytest.raises(UsageError, match="at least one"):
        equation(flat(4, 3)[:0], flat(4, 3)[:1], flat(4, 3)[0])
