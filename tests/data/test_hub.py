import datasets
import numpy as np
import pytest
from PIL import Image

from hiddenspace.data import hub
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError, UsageError

PICTURES = [Image.fromarray(np.full((6, 6, 3), i * 20, np.uint8)) for i in range(4)]


def of_images(count: int = 4) -> "datasets.Dataset":
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=["cat", "dog"]),
            "note": datasets.Value("string"),
        }
    )
    columns = {"image": PICTURES[:count], "label": [0, 1, 1, 0][:count], "note": ["x"] * count}
    return datasets.Dataset.from_dict(columns, features=features)


def test_images_with_classes():
    data = load_dataset(of_images())
    assert data.kind == "images"
    assert data.items[:, 0, 0, 0].tolist() == [0, 20, 40, 60]
    assert data.labels.tolist() == ["cat", "dog", "dog", "cat"]
    assert any("note were left out" in note for note in data.notes)


def test_selected_and_formatted_rows():
    chosen = of_images().select([3, 1]).with_format("torch")
    assert load_dataset(chosen).items[:, 0, 0, 0].tolist() == [60, 20]


def test_rows_without_an_image_are_broken():
    features = datasets.Features({"image": datasets.Image()})
    source = datasets.Dataset.from_dict({"image": [PICTURES[0], None, PICTURES[2]]}, features=features)
    data = load_dataset(source)
    assert len(data) == 2
    assert data.broken[0].reason == "cannot be decoded (there is no image)"


def test_splits():
    source = datasets.DatasetDict({"train": of_images(), "test": of_images(2)})
    data = load_dataset(source)
    assert (len(data), len(data.test)) == (4, 2)
    assert len(load_dataset(source, split="test")) == 2
    assert load_dataset(source, split="train").test is None
    with pytest.raises(UsageError, match="no split 'other'; it has train, test"):
        load_dataset(source, split="other")


@pytest.mark.parametrize(
    ("feature", "shape"),
    [("Array2D", (4, 5)), ("Array3D", (3, 4, 5)), ("List", (7,)), ("nested", (4, 5))],
)
def test_columns_of_arrays(feature, shape):
    values = np.random.default_rng(0).random((6, *shape)).astype(np.float32)
    if feature in ("List", "nested"):
        source = datasets.Dataset.from_dict({"x": values.tolist(), "y": [0, 1] * 3})
    else:
        kind = getattr(datasets, feature)(shape=shape, dtype="float32")
        features = datasets.Features({"x": kind, "y": datasets.Value("int64")})
        source = datasets.Dataset.from_dict({"x": list(values), "y": [0, 1] * 3}, features=features)
    data = load_dataset(source)
    expected = {1: values, 2: values[..., None], 3: np.moveaxis(values, 1, -1)}[len(shape)]
    np.testing.assert_allclose(data.items, expected, rtol=1e-6)
    assert data.labels.tolist() == [0, 1] * 3


def test_ragged_columns():
    with pytest.raises(DataError, match=r"different length|differ"):
        load_dataset(datasets.Dataset.from_dict({"x": [[1.0, 2.0], [3.0]]}))


def test_plain_columns_are_a_table():
    source = datasets.Dataset.from_dict({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5]})
    data = load_dataset(source, columns=["b"], labels="a")
    assert data.kind == "table"
    assert data.items.columns.tolist() == ["b"]
    assert data.labels.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("source", "arguments", "error", "message"),
    [
        (lambda: datasets.Dataset.from_dict({"a": []}), {}, DataError, "has no rows"),
        (lambda: datasets.Dataset.from_dict({"a": [1]}).to_iterable_dataset(), {}, DataError, "without streaming=True"),
        (lambda: datasets.Dataset.from_dict({"a": [1]}), {"columns": ["b"]}, UsageError, "no column 'b'"),
        (lambda: datasets.Dataset.from_dict({"a": [1]}), {"labels": "b"}, UsageError, "no column 'b'"),
    ],
)
def test_bad_objects(source, arguments, error, message):
    with pytest.raises(error, match=message):
        load_dataset(source(), **arguments)


def test_saved_folders(tmp_path):
    datasets.DatasetDict({"train": of_images(), "test": of_images(2)}).save_to_disk(str(tmp_path / "both"))
    of_images().save_to_disk(str(tmp_path / "one"))
    assert len(load_dataset(tmp_path / "both").test) == 2
    assert load_dataset(tmp_path / "one").name == "one"


def test_image_folders_read_by_datasets(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        PICTURES[2].save(tmp_path / name / "1.png")
    source = datasets.load_dataset("imagefolder", data_dir=str(tmp_path), cache_dir=str(tmp_path / "cache"))
    data = load_dataset(source)
    assert data.items.shape == (2, 6, 6, 3)
    assert sorted(data.labels) == ["cat", "dog"]


def test_names_go_to_the_hub(monkeypatch):
    asked = []
    monkeypatch.setattr(hub, "_check_reach", lambda path: None)
    monkeypatch.setattr(datasets, "load_dataset", lambda *args, **kwargs: asked.append((args, kwargs)) or of_images())
    data = load_dataset("owner/name:small", split="train[:50%]")
    assert asked == [(("owner/name", "small"), {"split": "train[:50%]"})]
    assert data.name == "owner/name:small"
    assert len(data) == 4


@pytest.mark.parametrize("name", ["digts", "owner/name"])
def test_without_network_the_error_says_what_to_do(name, monkeypatch):
    from huggingface_hub import HfApi

    def unreachable(*args, **kwargs):
        raise OSError("Name or service not known. Try later.")

    monkeypatch.setattr(HfApi, "dataset_info", unreachable)
    with pytest.raises(DataError, match=r"Name or service not known.; check the spelling and the network") as caught:
        load_dataset(name)
    assert ("did you mean digits?" in str(caught.value)) == (name == "digts")
