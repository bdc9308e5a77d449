"""Items that are written as they are made: what cannot be is told before any is, and what breaks off leaves nothing."""

import numpy as np
import pytest
from PIL import Image

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import fit_format
from hiddenspace.errors import HiddenspaceError, UsageError
from hiddenspace.generation.streaming import write_items


def images_of(channels):
    return fit_format(Dataset(np.zeros((2, 4, 3, channels), np.uint8), "images"))


def drawn(channels, *, fails=None):
    yield np.full((2, channels, 4, 3), 0.5, np.float32)
    if fails is not None:
        raise fails
    yield np.ones((1, channels, 4, 3), np.float32)


@pytest.mark.parametrize("channels", [2, 5])
def test_channels_that_no_picture_has(tmp_path, channels):
    parts = drawn(channels)
    with pytest.raises(UsageError, match=rf"no image file holds {channels} channels; end .*new with \.npy"):
        write_items(parts, 3, images_of(channels), tmp_path / "new")
    assert len(next(parts)) == 2  # none was drawn
    assert not list(tmp_path.iterdir())
    write_items(drawn(channels), 3, images_of(channels), tmp_path / "new.npy")
    assert np.load(tmp_path / "new.npy").shape == (3, 4, 3, channels)


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_channels_that_pictures_have(tmp_path, channels, mode):
    write_items(drawn(channels), 3, images_of(channels), tmp_path / "deep" / "new")
    assert sorted(path.name for path in (tmp_path / "deep" / "new").iterdir()) == [f"000000{i}.png" for i in range(3)]
    with Image.open(tmp_path / "deep" / "new" / "0000002.png") as picture:
        assert picture.mode == mode


@pytest.mark.parametrize("fails", [KeyboardInterrupt(), RuntimeError("no"), OSError(28, "No space left on device")])
def test_what_breaks_off_leaves_nothing(tmp_path, fails):
    (tmp_path / "new.npy").write_bytes(b"before")
    with pytest.raises(HiddenspaceError if isinstance(fails, OSError) else type(fails)):
        write_items(drawn(1, fails=fails), 3, images_of(1), tmp_path / "new.npy")
    assert [path.name for path in tmp_path.iterdir()] == ["new.npy"]
    assert (tmp_path / "new.npy").read_bytes() == b"before"
