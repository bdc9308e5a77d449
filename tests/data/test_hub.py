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


def test_labels_by_array_are_those_of_the_training_part():
    source = datasets.DatasetDict({"train": of_images(), "test": of_images(2)})
    data = load_dataset(source, labels=[3, 1, 4, 1])
    assert data.labels.tolist() == [3, 1, 4, 1]
    assert data.test.labels is None
    assert load_dataset(source, labels="note").test.labels.tolist() == ["x", "x"]


def test_labels_by_array_leave_the_same_columns_in_both_parts():
    features = datasets.Features({"a": datasets.Value("int64"), "b": datasets.ClassLabel(names=["u", "v"])})
    part = datasets.Dataset.from_dict({"a": [1, 2, 3], "b": [0, 1, 0]}, features=features)
    data = load_dataset(datasets.DatasetDict({"train": part, "test": part}), labels=[7, 8, 9])
    assert data.items.columns.tolist() == data.test.items.columns.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("names", "test", "left_out"),
    [
        (["train", "validation"], 2, None),
        (["train", "test", "validation"], 1, "validation"),
        (["train", "unlabelled"], None, "unlabelled"),
    ],
)
def test_the_validation_split_stands_in_for_a_missing_test_split(names, test, left_out):
    sizes = {"train": 4, "test": 1, "validation": 2, "unlabelled": 3}
    data = load_dataset(datasets.DatasetDict({name: of_images(sizes[name]) for name in names}))
    assert len(data) == 4
    assert (data.test and len(data.test)) == test
    said = [note for note in data.notes if "splits" in note]
    assert said == ([f"Of dataset the splits {left_out} were left out; split= loads one."] if left_out else [])


@pytest.mark.parametrize("feature", [datasets.List(datasets.Value("int64")), datasets.Image()])
def test_lists_and_pictures_are_not_taken_for_labels(feature):
    features = datasets.Features({"image": datasets.Image(), "labels": feature})
    values = PICTURES[:3] if isinstance(feature, datasets.Image) else [[1], [1, 2], []]
    source = datasets.Dataset.from_dict({"image": PICTURES[:3], "labels": values}, features=features)
    data = load_dataset(source)
    assert data.labels is None
    assert any("labels were left out" in note for note in data.notes)
    with pytest.raises(UsageError, match=r"'labels' holds .*, not one value a row"):
        load_dataset(source, labels="labels")


def test_columns_of_pictures_are_not_mixed_up_on_disk(tmp_path):
    features = datasets.Features({"before": datasets.Image(), "after": datasets.Image()})
    source = datasets.Dataset.from_dict({"before": PICTURES[:2], "after": PICTURES[2:]}, features=features)
    for column, expected in (("before", [0, 20]), ("after", [40, 60])):
        data = load_dataset(source, columns=[column], memory_limit=1, cache_dir=tmp_path)
        assert data.items[:, 0, 0, 0].tolist() == expected


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
        (lambda: datasets.DatasetDict(), {}, DataError, "has no splits"),
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


@pytest.mark.parametrize("content", ["{}", "broken"])
def test_state_json_alone_does_not_make_a_saved_dataset(content, tmp_path):
    (tmp_path / "state.json").write_text(content)
    PICTURES[1].save(tmp_path / "1.png")
    assert load_dataset(tmp_path).ids == ("1.png",)


@pytest.mark.parametrize("content", ["{}", "broken"])
def test_a_damaged_saved_folder(content, tmp_path):
    of_images().save_to_disk(str(tmp_path / "one"))
    (tmp_path / "one" / "state.json").write_text(content)
    with pytest.raises(DataError, match=r"cannot be loaded \(.+\); save it again with save_to_disk"):
        load_dataset(tmp_path / "one")


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
