import numpy as np
import pandas as pd
import pytest

from hiddenspace.data.dataset import Broken, Dataset
from hiddenspace.data.rows import Rows
from hiddenspace.errors import DataError, UsageError


def images(count: int = 10) -> Dataset:
    items = np.arange(count * 12, dtype=np.uint8).reshape(count, 2, 2, 3)
    return Dataset(items, "images", np.arange(count), ids=tuple(f"{i}.png" for i in range(count)), layout="hwc")


@pytest.mark.parametrize("indices", [[3, 1], np.arange(10) < 2, np.array([], int)])
def test_take_keeps_items_labels_and_ids_together(indices):
    data = images()
    part = data.take(indices)
    assert np.array_equal(part.items, data.items[np.asarray(indices)])
    assert part.ids == tuple(f"{label}.png" for label in part.labels)


def test_take_of_a_table():
    part = Dataset(pd.DataFrame({"a": [1, 2, 3]}), "table").take([2, 0])
    assert part.items["a"].tolist() == [3, 1]


def test_take_of_a_memory_map_copies_nothing(tmp_path):
    array = np.arange(40.0).reshape(10, 4)
    np.save(tmp_path / "x.npy", array)
    part = Dataset(np.load(tmp_path / "x.npy", mmap_mode="r"), "vectors").take([9, 2, 5]).take([2, 0])
    assert isinstance(part.items, Rows)
    assert part.items.shape == (2, 4)
    assert part.items.ndim == 2
    assert part.items.dtype == array.dtype
    assert np.array_equal(part.items, array[[5, 9]])
    assert np.array_equal(part.items[1:], array[[9]])
    assert np.array_equal(part.items.source, array)  # a selection of a selection still reads the map itself


@pytest.mark.parametrize(("fraction", "held"), [(0.1, 1), (0.5, 5), (0.001, 1), (0.999, 9)])
def test_split_is_disjoint_complete_and_deterministic(fraction, held):
    kept, out = images().split(fraction, seed=3)
    again, _ = images().split(fraction, seed=3)
    assert len(out) == held
    assert sorted([*kept.labels, *out.labels]) == list(range(10))
    assert np.array_equal(kept.labels, again.labels)
    assert (np.diff(kept.labels) > 0).all()


def test_split_depends_on_the_seed():
    assert not np.array_equal(images(100).split(0.3, 0)[1].labels, images(100).split(0.3, 1)[1].labels)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -1.0, 3])
def test_split_refuses_fractions_that_are_none(fraction):
    with pytest.raises(UsageError, match="between 0 and 1"):
        images().split(fraction, 0)


def test_one_item_cannot_be_split():
    with pytest.raises(DataError, match="at least two"):
        images(1).split(0.5, 0)


def test_labels_of_another_length_are_refused():
    with pytest.raises(DataError, match="3 labels for 10 items"):
        Dataset(np.zeros((10, 2)), "vectors", np.arange(3))


def test_describe_says_what_is_there():
    data = Dataset(
        np.full((5, 8, 6, 3), 7, np.uint8),
        "images",
        np.array(["a", "b", "a", "a", "b"]),
        "photos",
        test=images(),
        broken=(Broken("bad.jpg", "truncated"),),
        notes=("Made square.",),
    )
    assert data.describe().splitlines() == [
        "photos: 5 images of 8x6 (height x width), RGB, uint8, values 7 to 7",
        "labels: 2 classes (a, b)",
        "test part: 10 items",
        "skipped: 1 file (bad.jpg: truncated)",
        "note: Made square.",
    ]


def test_describe_of_tables_and_vectors():
    frame = pd.DataFrame({"a": [1.0, None], "b": ["x", "y"], "when": pd.to_datetime(["2020-01-01", "2020-01-02"])})
    assert Dataset(frame, "table").describe() == (
        "array: 2 rows of 3 columns: 1 numeric, 1 categorical, 1 of time; 1 with missing values"
    )
    assert Dataset(np.eye(3), "vectors").describe() == "array: 3 vectors of 3 numbers, float64, values 0 to 1"


def test_describe_counts_every_column_once_as_what_a_fit_makes_of_it():
    frame = pd.DataFrame(
        {"a": pd.to_timedelta([1, 2], unit="h"), "b": ["13/02/2020", "01/02/2020"], "c": [True, False]}
    )
    assert "3 columns: 0 numeric, 1 categorical, 2 of time" in Dataset(frame, "table").describe()


def test_describe_of_many_classes_is_short():
    data = Dataset(np.zeros((50, 2)), "vectors", np.arange(50))
    assert data.describe().endswith("50 classes (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, and 40 more)")
