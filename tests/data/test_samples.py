import socket

import numpy as np
import pytest

from hiddenspace.data.load import load_dataset
from hiddenspace.data.render import SHAPES, render_shapes
from hiddenspace.data.samples import SAMPLES, list_samples, load_sample
from hiddenspace.errors import UsageError

EXPECTED = {
    "digits": ("images", (1797, 8, 8, 1), 10),
    "photographs": ("images", (4000, 32, 32, 3), 2),
    "shapes": ("images", (4000, 32, 32, 3), 6),
    "chairs": ("images", (2000, 32, 32, 3), 10),
    "font-digits": ("images", (4000, 28, 28, 1), 10),
    "house-numbers": ("images", (4000, 32, 32, 3), 10),
    "wine": ("table", (178, 13), 3),
    "breast-cancer": ("table", (569, 30), 2),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_need_no_network(name, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", lambda *args, **kwargs: pytest.fail("reached for the network"))
    data = load_dataset(name)
    kind, shape, classes = EXPECTED[name]
    assert (data.kind, data.items.shape, len(np.unique(data.labels))) == (kind, shape, classes)
    assert data.name == name
    assert name in list_samples()
    if kind == "images":
        assert data.items.dtype == np.uint8
        assert np.array_equal(load_dataset(name).items, data.items)


def test_digits_span_the_bytes():
    assert (load_sample("digits").items.min(), load_sample("digits").items.max()) == (0, 255)


def test_tables_take_labels_and_columns():
    data = load_dataset("wine", columns=["alcohol", "ash"])
    assert data.items.columns.tolist() == ["alcohol", "ash"]
    assert len(np.unique(data.labels)) == 3
    assert "alcohol" not in load_dataset("wine", labels="alcohol").items.columns


def test_an_unknown_sample():
    with pytest.raises(UsageError, match="digits"):
        load_sample("none")


def test_a_local_path_wins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").mkdir()
    np.save("digits/x.npy", np.eye(3))
    with pytest.raises(ValueError, match=r"x.npy itself"):
        load_dataset("digits")


def test_shapes_depend_on_the_seed_alone():
    first, names = render_shapes(50, seed=1)
    again, _ = render_shapes(50, seed=1)
    other, _ = render_shapes(50, seed=2)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert set(names) <= set(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_inside_its_frame(name):
    axis = np.linspace(-2, 2, 81, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    inside = SHAPES[name](x, y) < 0
    assert 0.03 < inside.mean() < 0.3
    assert not inside[np.hypot(x, y) > 1.2].any()


def test_edges_are_smooth():
    pictures, names = render_shapes(400, side=64)
    discs = pictures[names == "circle"].astype(int)
    steps = np.abs(np.diff(discs, axis=2)).max(axis=(1, 2, 3))
    contrast = discs.max(axis=(1, 2)) - discs.min(axis=(1, 2))
    assert (steps < contrast.max(axis=1)).mean() > 0.9  # the whole step from ground to shape is never within a pixel
