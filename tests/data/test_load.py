import struct

import datasets
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError, UsageError

GREY = np.arange(4 * 6 * 5, dtype=np.uint8).reshape(4, 6, 5)
PICTURE = Image.fromarray(GREY[0])
HUB = datasets.Dataset.from_dict({"x": GREY.tolist(), "y": [0, 1, 0, 1]})


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """One source of each kind, four items in each."""
    folder = tmp_path_factory.mktemp("sources")
    (folder / "images").mkdir()
    for i in range(4):
        Image.fromarray(GREY[i]).save(folder / "images" / f"{i}.png")
    np.save(folder / "x.npy", GREY)
    np.savez(folder / "x.npz", x=GREY, other=np.arange(4))
    (folder / "idx").mkdir()
    (folder / "idx" / "train-images").write_bytes(b"\0\0\x08\x03" + struct.pack(">III", *GREY.shape) + GREY.tobytes())
    pd.DataFrame({"a": [1, 2, 3, 4], "b": [5, 6, 7, 8]}).to_csv(folder / "x.csv", index=False)
    return {
        "array": GREY,
        "vectors": GREY.reshape(4, -1),
        ".npy": folder / "x.npy",
        ".npz": folder / "x.npz",
        "idx file": folder / "idx" / "train-images",
        "idx folder": folder / "idx",
        "Dataset": load_dataset(GREY),
        "image folder": folder / "images",
        "pictures": [Image.fromarray(grey) for grey in GREY],
        "table": folder / "x.csv",
        "Hub": HUB,
        "sample": "digits",
        "sample table": "wine",
    }


TAKES_LABELS = {"array", "vectors", ".npy", ".npz", "idx file", "image folder", "pictures", "table", "Hub"}
TAKES_NAMED_LABELS = {".npz": "other", "table": "a", "Hub": "y", "sample table": "ash"}
TAKES_COLUMNS = {"table": "b", "Hub": "x", "sample table": "alcohol"}
OTHERS = {"idx folder", "Dataset", "sample"}
EVERY = sorted(TAKES_LABELS | TAKES_NAMED_LABELS.keys() | OTHERS)


@pytest.mark.parametrize("kind", EVERY)
def test_labels_are_taken_or_refused(kind, sources):
    labels = list(range(178 if kind == "sample table" else 4))
    if kind in OTHERS:
        with pytest.raises(UsageError, match="labels= makes no sense for"):
            load_dataset(sources[kind], labels=labels)
    else:
        assert load_dataset(sources[kind], labels=labels).labels.tolist() == labels


@pytest.mark.parametrize("kind", EVERY)
def test_a_column_of_labels_is_taken_or_refused(kind, sources):
    if kind not in TAKES_NAMED_LABELS:
        with pytest.raises(UsageError, match=r"'a' names a column, and .* has none|labels= makes no sense for"):
            load_dataset(sources[kind], labels="a")
    else:
        data = load_dataset(sources[kind], labels=TAKES_NAMED_LABELS[kind])
        assert len(data.labels) == len(data)


@pytest.mark.parametrize("kind", EVERY)
def test_columns_are_taken_or_refused(kind, sources):
    if kind not in TAKES_COLUMNS:
        with pytest.raises(UsageError, match="columns= makes no sense for"):
            load_dataset(sources[kind], columns=["a"])
    else:
        assert len(load_dataset(sources[kind], columns=[TAKES_COLUMNS[kind]]))


@pytest.mark.parametrize("kind", EVERY)
def test_a_size_is_taken_or_refused_or_there_already(kind, sources):
    if kind in ("image folder", "pictures"):
        assert load_dataset(sources[kind], size=4).items.shape == (4, 4, 4, 1)
    elif kind in ("vectors", "table", "sample table"):
        with pytest.raises(UsageError, match=r"size=4 is for images, but .* holds (vectors|table)"):
            load_dataset(sources[kind], size=4)
    else:
        with pytest.raises(UsageError, match=r"size=4 is what image files are brought to, but .* is an array of"):
            load_dataset(sources[kind], size=4)
        has = load_dataset(sources[kind]).items.shape[1:3]
        assert load_dataset(sources[kind], size=has).items.shape[1:3] == has


@pytest.mark.parametrize("kind", EVERY)
def test_a_split_that_is_not_there_is_refused(kind, sources):
    with pytest.raises(UsageError, match="has no split 'other'"):
        load_dataset(sources[kind], split="other")


def test_one_image_file_has_no_splits(sources):
    with pytest.raises(UsageError, match=r"0\.png has no split 'test'"):
        load_dataset(sources["image folder"] / "0.png", split="test")


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("", UsageError, "The source is an empty text"),
        ("~nobody-of-this-name/x", DataError, "~nobody-of-this-name/x is in the home folder of somebody unknown"),
    ],
)
def test_texts_that_lead_nowhere(source, error, message):
    with pytest.raises(error, match=message):
        load_dataset(source)
