import io
import os
import re
import struct
import sys
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hiddenspace.data import image_decode, image_header
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError, MissingExtraError, UsageError

RNG = np.random.default_rng(0)
SMOOTH = np.add.outer(np.arange(24) * 6, np.arange(32) * 3).astype(np.uint8)  # (24, 32), survives JPEG


def save(path: Path, array: np.ndarray, mode: str | None = None, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(path, **options)
    return path


def photo(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, shape, np.uint8)


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is large and holds nothing."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + b"\0\0\0\0IDAT"


# ------------------------------------------------------------------ every mode


@pytest.mark.parametrize(
    ("mode", "ending", "channels", "dtype"),
    [
        ("1", "png", 1, "uint8"),
        ("L", "png", 1, "uint8"),
        ("L", "jpg", 1, "uint8"),
        ("L", "pgm", 1, "uint8"),
        ("LA", "png", 4, "uint8"),
        ("P", "gif", 3, "uint8"),
        ("P", "png", 3, "uint8"),
        ("RGB", "png", 3, "uint8"),
        ("RGB", "jpg", 3, "uint8"),
        ("RGB", "bmp", 3, "uint8"),
        ("RGB", "tif", 3, "uint8"),
        ("RGB", "webp", 3, "uint8"),
        ("RGB", "ppm", 3, "uint8"),
        ("RGB", "tga", 3, "uint8"),
        ("RGBA", "png", 4, "uint8"),
        ("RGBA", "tif", 4, "uint8"),
        ("CMYK", "jpg", 3, "uint8"),
        ("CMYK", "tif", 3, "uint8"),
        ("YCbCr", "tif", 3, "uint8"),
        ("I;16", "png", 1, "uint16"),
        ("I;16", "tif", 1, "uint16"),
        ("I", "tif", 1, "float32"),
        ("F", "tif", 1, "float32"),
    ],
)
def test_every_mode(mode, ending, channels, dtype, tmp_path):
    image = Image.fromarray(SMOOTH.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(SMOOTH).convert(mode)
    image.save(tmp_path / f"a.{ending}")
    data = load_dataset(tmp_path)
    assert data.items.shape == (1, 24, 32, channels)
    assert data.items.dtype == dtype
    if mode not in ("1", "P"):
        exact = data.items[0, ..., 0].astype(float) / (257 if dtype == "uint16" else 1)
        assert np.abs(exact - SMOOTH).max() <= 8
    if channels == 4:
        assert (data.items[..., 3] == 255).all()


def test_sixteen_bits_are_kept_exactly(tmp_path):
    deep = RNG.integers(0, 65536, (20, 20)).astype(np.uint16)
    save(tmp_path / "a.png", deep)
    assert np.array_equal(load_dataset(tmp_path).items[0, ..., 0], deep)
    shrunk = load_dataset(tmp_path, size=10).items
    assert shrunk.dtype == np.uint16
    assert abs(float(shrunk.mean()) - deep.mean()) < 1500


def test_sixteen_bit_pgm(tmp_path):
    deep = RNG.integers(0, 65536, (5, 6)).astype(np.uint16)
    (tmp_path / "a.pgm").write_bytes(b"P5 6 5 65535\n" + deep.astype(">u2").tobytes())
    data = load_dataset(tmp_path)
    assert data.items.dtype == np.uint16
    assert np.array_equal(data.items[0, ..., 0], deep)


TURNS = {1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud, 5: np.transpose}
TURNS |= {6: lambda a: np.rot90(a, -1), 7: lambda a: np.rot90(a, 2).T, 8: np.rot90}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("dtype", "channels"), [("uint8", 1), ("uint8", 3), ("uint16", 1), ("uint16", 3)])
def test_a_tiff_is_turned_as_it_says(dtype, channels, orientation, tmp_path):
    import tifffile

    planes = [RNG.integers(0, 256, (6, 9)).astype(dtype) * np.array(257 if dtype == "uint16" else 1, dtype)] * channels
    tags = [(274, "H", 1, orientation, True)]
    stored = planes[0] if channels == 1 else np.stack(planes, axis=-1)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb" if channels == 3 else "minisblack", extratags=tags)
    data = load_dataset(tmp_path)
    assert data.items.dtype == dtype
    assert np.array_equal(data.items[0, ..., 0], TURNS[orientation](planes[0]))
    assert not data.notes


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_tiff_in_which_0_is_white(dtype, tmp_path):
    import tifffile

    grey = RNG.integers(0, np.iinfo(dtype).max, (6, 7)).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", grey, photometric="miniswhite")
    assert np.array_equal(load_dataset(tmp_path).items[0, ..., 0], np.iinfo(dtype).max - grey)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_cmyk_tiff_becomes_rgb(dtype, tmp_path):
    import tifffile

    most = np.iinfo(dtype).max
    inks = RNG.integers(0, most, (6, 7, 4)).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", inks, photometric="separated")
    data = load_dataset(tmp_path)
    light = 1 - inks / most
    assert data.items.shape == (1, 6, 7, 3)
    assert np.abs(data.items[0] / most - light[..., :3] * light[..., 3:]).max() < 1 / 255
    assert any("CMYK to RGB: 1 image." in note for note in data.notes)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_infrared_beside_rgb_is_kept_and_is_no_transparency(dtype, tmp_path):
    import tifffile

    stack = RNG.integers(0, 256, (6, 7, 4)).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="rgb", extrasamples=["unspecified"])
    assert np.array_equal(load_dataset(tmp_path).items[0], stack)
    assert np.array_equal(load_dataset(tmp_path, size=(6, 7, 3)).items[0], stack[..., :3])


def test_the_first_page_of_a_deep_tiff_is_taken_and_that_is_said(tmp_path):
    import tifffile

    pages = RNG.integers(0, 65536, (3, 6, 7, 3)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="rgb")
    data = load_dataset(tmp_path)
    assert np.array_equal(data.items[0], pages[0])
    assert data.notes == ("Only the first frame was taken of 1 image with several.",)


@pytest.mark.parametrize("width", [56, 72])
def test_an_ordinary_bitmap_is_not_taken_for_16_bits(width, tmp_path):
    save(tmp_path / "a.bmp", photo(6, width, 3))
    assert not load_dataset(tmp_path).notes


@pytest.mark.parametrize(("channels", "planar"), [(3, "contig"), (3, "separate"), (4, "contig")])
def test_sixteen_bit_colour_tiff_keeps_its_bits(channels, planar, tmp_path):
    import tifffile

    deep = RNG.integers(0, 65536, (6, 7, channels)).astype(np.uint16)
    stored = deep if planar == "contig" else np.moveaxis(deep, -1, 0)
    extra = ["unassalpha"] if channels == 4 else []
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planar, extrasamples=extra)
    data = load_dataset(tmp_path)
    assert np.array_equal(data.items[0], deep)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_tiff_of_many_channels(dtype, tmp_path):
    import tifffile

    stack = (RNG.random((6, 7, 5)) * 200).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack", planarconfig="contig")
    data = load_dataset(tmp_path)
    assert data.items.dtype == dtype
    assert np.array_equal(data.items[0], stack)
    assert load_dataset(tmp_path, size=3).items.shape == (1, 3, 3, 5)


def test_without_tifffile_the_error_says_how_to_get_it(tmp_path, monkeypatch):
    import tifffile

    tifffile.imwrite(tmp_path / "a.tif", np.zeros((6, 7, 3), np.uint16), photometric="rgb")
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(MissingExtraError, match="pip install tifffile"):
        load_dataset(tmp_path)


def test_sixteen_bit_colour_png_is_read_at_eight_bits_and_that_is_said(tmp_path):
    rows = b"".join(b"\0" + np.full((4, 3), 0x8040, ">u2").tobytes() for _ in range(4))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks]
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    data = load_dataset(tmp_path)
    assert (data.items == 0x80).all()
    assert "8 of their 16 bits" in data.notes[0]


def test_palette_with_transparency_is_rgba(tmp_path):
    image = Image.fromarray(photo(8, 8, 3)).quantize(8)
    image.save(tmp_path / "a.png", transparency=bytes([0] * 4 + [255] * 4))
    data = load_dataset(tmp_path)
    assert data.items.shape == (1, 8, 8, 4)
    assert set(np.unique(data.items[..., 3])) == {0, 255}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation(orientation, tmp_path):
    quadrants = np.kron(np.array([[0, 80], [160, 240]], np.uint8), np.ones((8, 16), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    save(tmp_path / "a.jpg", quadrants, exif=exif, quality=95)
    shown = load_dataset(tmp_path).items[0, ..., 0]
    expected = TURNS[orientation](quadrants)
    assert shown.shape == expected.shape
    assert np.abs(shown.astype(int) - expected).max() < 12


def test_first_frame_of_an_animation(tmp_path):
    frames = [Image.fromarray(np.full((8, 8), value, np.uint8)) for value in (10, 200, 90)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "b.tif", save_all=True, append_images=frames[1:])
    data = load_dataset(tmp_path)
    assert (data.items == 10).all()
    assert any("first frame" in note and "2 images" in note for note in data.notes)


def test_a_note_on_cmyk(tmp_path):
    save(tmp_path / "a.jpg", photo(8, 8, 3), "CMYK")
    assert any("CMYK to RGB: 1 image." in note for note in load_dataset(tmp_path).notes)


# ------------------------------------------------------------------ one mode and one size for all


@pytest.mark.parametrize(
    ("modes", "channels", "dtype", "said"),
    [
        (["L", "L"], 1, "uint8", None),
        (["L", "RGB"], 3, "uint8", "1 grey and 1 RGB; all were made RGB"),
        (["RGBA", "RGBA"], 4, "uint8", None),
        (["RGB", "RGBA"], 3, "uint8", "1 RGB and 1 RGBA; all were made RGB, transparent parts on white"),
        (["L", "LA"], 3, "uint8", "1 grey and 1 RGBA"),
        (["L", "P", "RGB"], 3, "uint8", "1 grey and 2 RGB"),
        (["I;16", "I;16"], 1, "uint16", None),
        (["I;16", "L"], 1, "uint8", "all were made 8 bits"),
        (["I;16", "RGB"], 3, "uint8", "all were made 8 bits"),
    ],
)
def test_mixed_modes(modes, channels, dtype, said, tmp_path):
    for i, mode in enumerate(modes):
        grey = Image.fromarray(np.full((6, 6), 100, np.uint8))
        image = Image.fromarray(np.full((6, 6), 25700, np.uint16)) if mode == "I;16" else grey.convert(mode)
        image.save(tmp_path / f"{i}.png")
    data = load_dataset(tmp_path)
    assert data.items.shape[-1] == channels
    assert data.items.dtype == dtype
    assert (data.items[..., :3] == (25700 if dtype == "uint16" else 100)).all()
    notes = [note for note in data.notes if "copies" not in note]
    assert said in " ".join(notes) if said else not notes


def test_transparent_parts_become_white(tmp_path):
    save(tmp_path / "a.png", np.zeros((4, 4, 4), np.uint8))
    save(tmp_path / "b.png", np.zeros((4, 4, 3), np.uint8))
    data = load_dataset(tmp_path)
    assert (data.items[0] == 255).all()
    assert (data.items[1] == 0).all()


def test_a_float_image_among_ordinary_ones_is_left_out(tmp_path):
    for i in range(3):
        save(tmp_path / f"{i}.png", photo(6, 6))
    save(tmp_path / "x.tif", np.ones((6, 6), np.float32))
    data = load_dataset(tmp_path)
    assert len(data) == 3
    assert data.broken[0].reason == "1 channel of float32, where the others have 1 of uint8"


@pytest.mark.parametrize(
    ("sizes", "size", "expected", "said"),
    [
        ([(20, 30)] * 3, None, (20, 30), False),  # equal and small: kept
        ([(128, 128)] * 2, None, (128, 128), False),
        ([(1, 1)] * 2, None, (1, 1), False),
        ([(129, 140)] * 2, None, (64, 64), True),  # equal and large
        ([(20, 30), (30, 40), (50, 60)], None, (30, 30), True),  # the median shorter side
        ([(100, 200), (300, 200)], None, (64, 64), True),  # at most 64
        ([(1, 1), (9, 5), (9, 9)], None, (5, 5), True),
        ([(20, 30)] * 2, 16, (16, 16), True),
        ([(20, 30)] * 2, (10, 40), (10, 40), True),
        ([(20, 30)] * 2, (20, 30), (20, 30), False),
    ],
)
def test_sizes(sizes, size, expected, said, tmp_path):
    for i, (height, width) in enumerate(sizes):
        save(tmp_path / f"{i}.png", photo(height, width, 3))
    data = load_dataset(tmp_path, size=size)
    assert data.items.shape[1:3] == expected
    assert any("cropped" in note for note in data.notes) is said


def test_channels_by_size(tmp_path):
    save(tmp_path / "a.png", np.full((6, 6, 4), 255, np.uint8))
    assert load_dataset(tmp_path, size=(6, 6, 3)).items.shape == (1, 6, 6, 3)
    assert load_dataset(tmp_path, size=(6, 6, 1)).items.shape == (1, 6, 6, 1)


def test_the_crop_is_at_the_centre(tmp_path):
    wide = np.zeros((10, 30), np.uint8)
    wide[:, 10:20] = 255
    save(tmp_path / "a.png", wide)
    assert (load_dataset(tmp_path, size=10).items == 255).all()


@pytest.mark.parametrize("size", [0, -3, (4,), (4, 4, 3, 1), (0, 4)])
def test_sizes_that_are_none(size, tmp_path):
    save(tmp_path / "a.png", photo(6, 6))
    with pytest.raises(UsageError, match="give one side"):
        load_dataset(tmp_path, size=size)


@pytest.mark.parametrize(("channels", "dtype", "asked"), [(3, "uint8", 2), (5, "uint8", 3), (1, "float32", 3)])
def test_channels_that_images_cannot_have(channels, dtype, asked, tmp_path):
    import tifffile

    how = {1: {}, 3: {"photometric": "rgb"}, 5: {"photometric": "minisblack", "planarconfig": "contig"}}[channels]
    tifffile.imwrite(tmp_path / "a.tif", np.ones((6, 6, channels), dtype).squeeze(), **how)
    with pytest.raises(UsageError, match=rf"asks for {asked} channels, but the images have {channels} of {dtype}"):
        load_dataset(tmp_path, size=(6, 6, asked))


# ------------------------------------------------------------------ broken files


def make_broken(path: Path, kind: str) -> None:
    whole = io.BytesIO()
    Image.fromarray(photo(40, 40, 3)).save(whole, "PNG" if "png" in kind else "JPEG")
    contents = {
        "empty.jpg": b"",
        "text.jpg": b"this is not an image",
        "truncated.jpg": whole.getvalue()[: len(whole.getvalue()) // 2],
        "truncated.png": whole.getvalue()[: len(whole.getvalue()) // 2],
        "stub.jpg": b"\xff\xd8\xff",
        "stub.tif": b"II*\0\x08\0\0\0",
        "header.png": whole.getvalue()[:20],
        "bomb.png": png_header(20_000, 20_000),
        "large.png": png_header(10_000, 10_000),
        "eps.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    }
    path.write_bytes(contents[kind])


BROKEN = {
    "empty.jpg": "empty file",
    "text.jpg": "not an image",
    "truncated.jpg": "truncated",
    "truncated.png": "truncated",
    "stub.jpg": "not an image|cannot be decoded|truncated",
    "stub.tif": "cannot be decoded|not an image",
    "header.png": "not an image|cannot be decoded|truncated",
    "bomb.png": "too many pixels",
    "large.png": "10000x10000 are too many pixels",
    "eps.png": "not an image",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_skipped_counted_and_named(kind, tmp_path):
    for i in range(3):
        save(tmp_path / f"good{i}.png", photo(40, 40, 3))
    make_broken(tmp_path / kind, kind)
    data = load_dataset(tmp_path)
    assert data.ids == ("good0.png", "good1.png", "good2.png")
    assert len(data.items) == 3
    assert [b.name for b in data.broken] == [kind]
    assert re.search(BROKEN[kind], data.broken[0].reason), data.broken[0].reason
    assert f"skipped: 1 file ({kind}" in data.describe()


@pytest.mark.parametrize("kind", BROKEN)
def test_a_single_broken_file_is_an_error(kind, tmp_path):
    make_broken(tmp_path / kind, kind)
    with pytest.raises(DataError, match=r"empty|cannot be read"):
        load_dataset(tmp_path / kind)


@pytest.mark.parametrize(("good", "bad", "fine"), [(2, 2, True), (2, 3, False), (0, 1, False)])
def test_more_than_half_broken_is_an_error(good, bad, fine, tmp_path):
    for i in range(good):
        save(tmp_path / f"good{i}.jpg", photo(8, 8))
    for i in range(bad):
        make_broken(tmp_path / f"bad{i}.jpg", "truncated.jpg")
    if fine:
        assert len(load_dataset(tmp_path).broken) == bad
    else:
        with pytest.raises(DataError, match=r"bad0.jpg: truncated"):
            load_dataset(tmp_path)


def test_a_large_jpeg_is_read_at_an_eighth(tmp_path, monkeypatch):
    monkeypatch.setattr(image_header, "MAX_PIXELS", 400 * 400)
    monkeypatch.setattr(image_decode, "MAX_PIXELS", 400 * 400)
    for i in range(3):
        save(tmp_path / f"{i}.jpg", np.full((50, 50), 77, np.uint8))
    save(tmp_path / "large.jpg", np.full((600, 600), 77, np.uint8))
    save(tmp_path / "progressive.jpg", np.full((600, 600), 77, np.uint8), progressive=True)
    data = load_dataset(tmp_path)
    assert data.items.shape == (4, 50, 50, 1)
    assert np.abs(data.items.astype(int) - 77).max() <= 1
    assert [b.name for b in data.broken] == ["progressive.jpg"]
    assert [b.name for b in load_dataset(tmp_path, size=500).broken] == ["progressive.jpg", "large.jpg"]


@pytest.mark.slow
def test_twenty_thousand_pixels_a_side(tmp_path):
    Image.new("L", (20_000, 20_000), 77).save(tmp_path / "a.jpg")
    data = load_dataset(tmp_path)
    assert data.items.shape == (1, 64, 64, 1)
    assert (data.items == 77).all()


def test_pillow_is_left_as_it_was(tmp_path):
    limit, filters = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    make_broken(tmp_path / "bomb.png", "bomb.png")
    save(tmp_path / "a.png", photo(6, 6))
    load_dataset(tmp_path)
    assert limit == Image.MAX_IMAGE_PIXELS
    assert warnings.filters == filters


def test_copies_are_counted(tmp_path):
    for i in range(3):
        save(tmp_path / f"{i}.png", np.zeros((4, 4), np.uint8))
    assert "Exact copies of other images: 2; they were kept." in load_dataset(tmp_path).notes


# ------------------------------------------------------------------ folders and archives


def test_class_folders_are_labels(tmp_path):
    for name in ("cat/1.png", "cat/2.png", "dog/1.png"):
        save(tmp_path / name, photo(6, 6))
    data = load_dataset(tmp_path)
    assert data.labels.tolist() == ["cat", "cat", "dog"]
    assert data.ids == ("cat/1.png", "cat/2.png", "dog/1.png")
    assert data.name == tmp_path.name


@pytest.mark.parametrize("names", [["1.png", "cat/1.png"], ["cat/1.png", "cat/2.png"], ["1.png", "2.png"]])
def test_folders_that_are_no_classes(names, tmp_path):
    for name in names:
        save(tmp_path / name, photo(6, 6))
    assert load_dataset(tmp_path).labels is None


def test_train_and_test_folders_are_splits(tmp_path):
    for name in ("train/cat/1.png", "train/dog/1.png", "train/dog/2.png", "test/cat/1.png", "test/dog/1.png"):
        save(tmp_path / "set" / name, photo(6, 6))
    save(tmp_path / "set/val/cat/1.png", photo(6, 6))
    data = load_dataset(tmp_path)
    assert data.labels.tolist() == ["cat", "dog", "dog"]
    assert data.test.labels.tolist() == ["cat", "dog"]
    assert any("split='validation'" in note for note in data.notes)
    assert len(load_dataset(tmp_path, split="validation")) == 1
    assert load_dataset(tmp_path, split="train").test is None
    with pytest.raises(UsageError, match="'extra'; it has train, test, validation"):
        load_dataset(tmp_path, split="extra")


def test_the_test_part_is_brought_to_the_size_and_kind_of_the_training_part(tmp_path):
    save(tmp_path / "train/1.png", photo(12, 12))
    save(tmp_path / "val/1.png", photo(30, 20, 3))
    assert load_dataset(tmp_path).test.items.shape == (1, 12, 12, 1)


@pytest.mark.parametrize("stray", ["set/cover.png", "set/extra/1.png", "cover.png"])
def test_what_lies_beside_train_and_test_is_left_out_and_that_is_said(stray, tmp_path):
    for name in ("set/train/1.png", "set/train/2.png", "set/test/1.png", stray):
        save(tmp_path / name, photo(6, 6))
    data = load_dataset(tmp_path)
    assert data.ids == ("set/train/1.png", "set/train/2.png")
    assert data.test.ids == ("set/test/1.png",)
    assert data.notes == (f"Left out, as outside of the folders train, test of {tmp_path.name}: 1 image.",)


def test_a_class_called_train_is_no_split(tmp_path):
    for name in ("train/1.png", "plane/1.png"):
        save(tmp_path / name, photo(6, 6))
    assert load_dataset(tmp_path).labels.tolist() == ["plane", "train"]


def test_links_to_folders_are_followed_but_not_in_circles(tmp_path):
    for name in ("elsewhere/cat/1.png", "elsewhere/dog/1.png"):
        save(tmp_path / name, photo(6, 6))
    (tmp_path / "set").mkdir()
    for name in ("cat", "dog"):
        (tmp_path / "set" / name).symlink_to(tmp_path / "elsewhere" / name)
    (tmp_path / "set" / "back").symlink_to(tmp_path / "set")
    (tmp_path / "elsewhere" / "cat" / "around").symlink_to(tmp_path / "elsewhere" / "dog")
    (tmp_path / "elsewhere" / "dog" / "around").symlink_to(tmp_path / "elsewhere" / "cat")
    data = load_dataset(tmp_path / "set")
    assert data.ids == ("cat/1.png", "cat/around/1.png", "dog/1.png", "dog/around/1.png")
    assert data.labels.tolist() == ["cat", "cat", "dog", "dog"]


def test_a_folder_that_cannot_be_read_is_not_called_empty(tmp_path, monkeypatch):
    save(tmp_path / "cat/1.png", photo(6, 6))
    save(tmp_path / "dog/1.png", photo(6, 6))
    whole = os.scandir

    def scandir(path):
        if str(path).endswith("dog"):
            raise PermissionError(13, "Permission denied", str(path))
        return whole(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(DataError, match=r"dog cannot be read \(Permission denied\); check its rights"):
        load_dataset(tmp_path)


def test_other_and_hidden_files_are_left_out(tmp_path):
    save(tmp_path / "a.PNG", photo(6, 6))
    save(tmp_path / ".hidden/b.png", photo(6, 6))
    (tmp_path / ".DS_Store").write_text("x")
    (tmp_path / "notes.txt").write_text("x")
    data = load_dataset(tmp_path)
    assert data.ids == ("a.PNG",)
    assert data.notes == (f"Of {tmp_path.name} 1 file that are not images were left out.",)


def test_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for name in ("set/cat/1.png", "set/dog/1.png", "set/dog/2.png", "__MACOSX/dog/._2.png"):
            buffer = io.BytesIO()
            Image.fromarray(photo(6, 6, 3)).save(buffer, "PNG")
            archive.writestr(name, buffer.getvalue())
        archive.writestr("set/dog/3.png", b"broken")
        archive.writestr("readme.txt", "x")
    data = load_dataset(tmp_path / "set.zip")
    assert data.labels.tolist() == ["cat", "dog", "dog"]
    assert data.broken[0].name == "set/dog/3.png"
    assert data.items.shape == (3, 6, 6, 3)


@pytest.mark.parametrize("content", [b"PK\x03\x04broken", None])
def test_bad_zip(content, tmp_path):
    path = tmp_path / "x.zip"
    if content is None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.txt", "x")
    else:
        path.write_bytes(content)
    with pytest.raises(DataError, match="zip"):
        load_dataset(path)


def test_one_file_and_lists(tmp_path):
    path = save(tmp_path / "a.png", photo(6, 6, 3))
    one = load_dataset(path)
    assert one.name == "a.png"
    assert np.array_equal(one.items[0], np.asarray(Image.open(path)))
    assert len(load_dataset([path, str(path)])) == 2
    pictures = [Image.open(path), Image.fromarray(photo(6, 6))]
    assert load_dataset(pictures).items.shape == (2, 6, 6, 3)
    assert load_dataset(pictures[1]).items.shape == (1, 6, 6, 1)
    assert pictures[1].mode == "L"


def test_a_picture_in_memory_is_not_changed(tmp_path):
    path = save(tmp_path / "a.jpg", photo(400, 400, 3))
    picture = Image.open(path)
    load_dataset([picture], size=10)
    assert picture.size == (400, 400)
    picture.close()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "is empty; put images in it"),
        (["a.txt", "b.md"], r"None of the 2 files of .* is an image \(.md, .txt\); give a folder of images"),
        (["a.txt", "data.csv"], r"give .*data.csv itself"),
        ([".hidden"], "is empty"),
    ],
)
def test_folders_without_images(files, message, tmp_path):
    for name in files:
        (tmp_path / name).write_text("some words\n")
    with pytest.raises(DataError, match=message):
        load_dataset(tmp_path)


def test_real_photographs(shared_data):
    data = load_dataset(shared_data / "bsds500" / "train", size=32)
    assert data.items.shape[1:] == (32, 32, 3)
    assert not data.broken
