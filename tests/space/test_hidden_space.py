"""The object: what it is made of, how items are pointed at, what it keeps, and what it refuses."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn

import hiddenspace as hs
from hiddenspace.errors import DataError, HiddenspaceError, ModelError, UsageError
from hiddenspace.space.hidden_space import HiddenSpace


@pytest.fixture(scope="module")
def digits() -> hs.Dataset:
    return hs.load_dataset("digits").take(np.arange(120))


@pytest.fixture(scope="module")
def pca(digits: hs.Dataset) -> hs.PCA:
    return hs.PCA(6, random_state=0).fit(digits)


@pytest.fixture(scope="module")
def space(pca: hs.PCA, digits: hs.Dataset) -> HiddenSpace:
    """Not to be changed."""
    return hs.HiddenSpace(pca, digits)


@pytest.fixture
def own(pca: hs.PCA, digits: hs.Dataset) -> HiddenSpace:
    return hs.HiddenSpace(pca, digits)


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory, digits: hs.Dataset) -> tuple[HiddenSpace, Path]:
    """A folder of pictures, whose ids are file names."""
    folder = tmp_path_factory.mktemp("pictures")
    for i in range(12):
        Image.fromarray(np.asarray(digits.items)[i].squeeze()).save(folder / f"d{i:02}.png")
    return hs.HiddenSpace(hs.PCA(3, random_state=0).fit(folder), folder), folder


# made of --------------------------------------------------------------------------------------------------------


def test_of_a_model_and_data(space: HiddenSpace, pca: hs.PCA, digits: hs.Dataset) -> None:
    np.testing.assert_array_equal(space.codes, pca.transform(digits))
    assert space.codes.dtype == np.float32
    assert space.ids.tolist() == list(range(120))
    np.testing.assert_array_equal(space.metadata["label"], digits.labels)
    assert (len(space), space.code_size, space.kind) == (120, 6, "images")


def test_of_a_saved_model(tmp_path: Path, pca: hs.PCA, space: HiddenSpace) -> None:
    pca.save_pretrained(tmp_path / "m")
    np.testing.assert_array_equal(hs.HiddenSpace(tmp_path / "m", "digits").codes[:120], space.codes)


def test_of_a_network_whose_maps_are_averaged(digits: hs.Dataset) -> None:
    torch.manual_seed(0)
    network = nn.Conv2d(1, 5, 3)
    made = hs.HiddenSpace(network, digits)
    with torch.inference_mode():
        x = torch.from_numpy(np.asarray(digits.items)).permute(0, 3, 1, 2).float() / 255
        expected = network(x).mean((2, 3)).numpy()
    np.testing.assert_allclose(made.codes, expected, atol=1e-6)
    with pytest.raises(ModelError, match="no decoder"):
        made.decode(made.codes[:1])


def test_of_ready_codes_with_pictures_and_names(digits: hs.Dataset) -> None:
    codes = np.random.default_rng(0).normal(size=(120, 3))
    made = hs.HiddenSpace(codes, digits, ids=[f"n{i}" for i in range(120)], metadata={"odd": np.arange(120) % 2})
    assert list(made.metadata) == ["label", "odd"]
    assert made.similar("n5", 1, where="odd = 0")["id"][0] != "n5"
    pictures = made.thumbnails([7])
    assert pictures is not None
    np.testing.assert_array_equal(Image.open(io.BytesIO(pictures[0])), np.asarray(digits.items)[7].squeeze())
    with pytest.raises(ModelError, match="has no encoder"):
        made.encode(digits)


def test_of_a_table_whose_columns_are_known() -> None:
    frame = pd.DataFrame({"id": [5, 6, 7, 8], "x.y": [0.1, 0.2, 0.9, 1.0], "Kind": list("abab")})
    made = hs.HiddenSpace(hs.PCA(2, random_state=0).fit(frame), frame, metadata={"price": [1, 2, 3, 4]})
    assert list(made.metadata) == ["id_", "x.y", "Kind", "price"]
    assert made.ids.tolist() == [0, 1, 2, 3]
    assert made.similar(0, 1, where="kind = 'a' AND price > 1")["id"].tolist() == [2]
    assert made.thumbnails() is None
    np.testing.assert_allclose(made.code_of(frame.iloc[2]), made.codes[2], atol=1e-6)
    np.testing.assert_allclose(made.code_of(frame.iloc[[2]]), made.codes[2], atol=1e-6)
    np.testing.assert_allclose(made.code_of(dict(frame.iloc[2])), made.codes[2], atol=1e-6)
    np.testing.assert_allclose(made.codes_of(frame.iloc[1:3]), made.codes[1:3], atol=1e-6)


@pytest.mark.parametrize(
    ("model", "data", "more", "error", "says"),
    [
        ("pca", None, {}, UsageError, "give HiddenSpace"),
        ("pca", np.zeros((3, 5, 5), np.uint8), {}, ModelError, "5x5"),
        ("pca", "wine", {}, ModelError, "images"),
        ("pca", "digits", {"ids": [1, 2]}, DataError, "2 ids for 1797 items"),
        ("codes", None, {"ids": [1, 2, 1]}, DataError, "the id 1 stands for 2 items"),
        ("codes", None, {"ids": ["a", "b", "a"]}, DataError, "the id a stands for 2 items"),
        ("codes", None, {"metadata": [1, 2]}, DataError, "2 values for 3 items"),
        ("codes", None, {"metadata": {"distance": [1, 2, 3]}}, DataError, "cannot be called 'distance'"),
        ("codes", "digits", {}, DataError, "3 codes for 1,797 items"),
        ("nan", None, {}, DataError, "1 of 3 codes hold NaN"),
        ("unfitted", "digits", {}, ModelError, "not fitted"),
        ("none", "digits", {}, UsageError, "is no model"),
        ("nowhere", "digits", {}, HiddenspaceError, "no/such/folder"),
    ],
)
def test_what_makes_no_space(
    pca: hs.PCA, model: str, data: object, more: dict[str, object], error: type[Exception], says: str
) -> None:
    codes = np.eye(3)
    models = {
        "pca": pca,
        "codes": codes,
        "nan": np.where(codes > 0, np.nan, 0) if model != "nan" else np.array([[0, 1], [np.nan, 1], [2, 3]]),
        "unfitted": hs.PCA(2),
        "none": 3,
        "nowhere": "no/such/folder",
    }
    with pytest.raises(error, match=says):
        hs.HiddenSpace(models[model], data, **more)


# pointed at -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["id", "numpy id", "text id", "array", "stack of one", "tensor", "picture", "code"])
def test_an_item_by_every_name_has_its_code(space: HiddenSpace, digits: hs.Dataset, form: str) -> None:
    pixels = np.asarray(digits.items)[17]
    item = {
        "id": 17,
        "numpy id": np.int64(17),
        "text id": "17",
        "array": pixels.squeeze(),
        "stack of one": pixels,
        "tensor": torch.from_numpy(pixels.squeeze()),
        "picture": Image.fromarray(pixels.squeeze()),
        "code": space.codes[17],
    }[form]
    np.testing.assert_allclose(space.code_of(item), space.codes[17], atol=1e-5)
    assert (17 in space.similar(item, 3)["id"].tolist()) == ("id" not in form)


def test_a_file_by_its_name_and_by_its_path(named: tuple[HiddenSpace, Path]) -> None:
    space, folder = named
    name = space.ids[3]
    np.testing.assert_array_equal(space.code_of(name), space.codes[3])
    np.testing.assert_allclose(space.code_of(folder / "d03.png"), space.codes[3], atol=1e-5)
    assert name not in space.similar(name, 5)["id"].tolist()
    assert name in space
    assert "else.png" not in space


def test_a_row_of_the_width_of_a_code_is_a_row() -> None:
    rows = np.random.default_rng(0).normal(size=(30, 4))
    made = hs.HiddenSpace(hs.PCA(4, random_state=0).fit(rows), rows)
    np.testing.assert_allclose(made.code_of(rows[5]), made.codes[5], atol=1e-5)
    np.testing.assert_allclose(made.codes_of(rows[5:7]), made.codes[5:7], atol=1e-5)


def test_several_items(space: HiddenSpace, digits: hs.Dataset) -> None:
    label = space.metadata["label"].to_numpy()
    np.testing.assert_array_equal(space.codes_of("label = 3"), space.codes[label == 3])
    np.testing.assert_array_equal(space.codes_of(label == 3), space.codes[label == 3])
    np.testing.assert_array_equal(space.codes_of([4, 9, 4]), space.codes[[4, 9, 4]])
    np.testing.assert_array_equal(space.codes_of(np.array([4, 9])), space.codes[[4, 9]])
    np.testing.assert_array_equal(space.codes_of("4"), space.codes[[4]])
    np.testing.assert_array_equal(space.codes_of(4), space.codes[[4]])
    np.testing.assert_array_equal(space.codes_of(space.codes[:3]), space.codes[:3])
    np.testing.assert_array_equal(space.codes_of(space.codes[3]), space.codes[[3]])
    np.testing.assert_allclose(space.codes_of(list(np.asarray(digits.items)[:2])), space.codes[:2], atol=1e-5)


@pytest.mark.parametrize(
    ("item", "error", "says"),
    [
        (999, DataError, "no item with the id 999 .* from 0 to 119"),
        (-1, DataError, "no item with the id -1"),
        ("nowhere.png", DataError, "neither an id .* nor a file"),
        (np.zeros(5), DataError, "codes of 6"),
        (np.full(6, np.nan), DataError, "NaN"),
        (np.zeros((9, 9), np.uint8), ModelError, "9x9"),
        (Path("nowhere.png"), DataError, "neither"),
    ],
)
def test_items_that_are_none(space: HiddenSpace, item: object, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        space.similar(item, 3)


@pytest.mark.parametrize("nothing", [[], "label = 77", np.zeros(120, bool), np.zeros((0, 6)), np.zeros(3, bool)])
def test_empty_selections(space: HiddenSpace, nothing: object) -> None:
    with pytest.raises(UsageError, match=r"empty|no item of this space|a mask over"):
        space.codes_of(nothing)


# kept -----------------------------------------------------------------------------------------------------------


def test_saved_and_opened(own: HiddenSpace, pca: hs.PCA, tmp_path: Path) -> None:
    own.save(tmp_path / "space.lance")
    opened = hs.HiddenSpace.open(tmp_path / "space.lance", pca)
    np.testing.assert_array_equal(opened.codes, own.codes)
    np.testing.assert_array_equal(opened.ids, own.ids)
    pd.testing.assert_frame_equal(opened.metadata, own.metadata)
    pd.testing.assert_frame_equal(opened.similar(3, 5, where="label > 2"), own.similar(3, 5, where="label > 2"))
    assert opened.thumbnails([5, 2]) == own.thumbnails([5, 2])
    np.testing.assert_array_equal(opened.decode(opened.codes[:2]), own.decode(own.codes[:2]))
    opened.save(tmp_path / "copy.lance")
    assert hs.HiddenSpace.open(tmp_path / "copy.lance").thumbnails([5]) == own.thumbnails([5])


def test_a_run_folder_brings_its_model(own: HiddenSpace, pca: hs.PCA, tmp_path: Path) -> None:
    pca.save_pretrained(tmp_path / "model")
    own.save(tmp_path)
    opened = hs.HiddenSpace.open(tmp_path)
    assert opened.kind == "images"
    np.testing.assert_allclose(opened.encode("digits")[:120], own.codes, atol=1e-5)


def test_without_the_model_there_is_still_search(own: HiddenSpace, tmp_path: Path) -> None:
    own.save(tmp_path)
    opened = hs.HiddenSpace.open(tmp_path)
    assert opened.similar(3, 2)["id"].tolist() == own.similar(3, 2)["id"].tolist()
    with pytest.raises(ModelError, match="no decoder"):
        opened.decode(opened.codes[:1])


def test_a_space_of_another_model_is_refused(own: HiddenSpace, digits: hs.Dataset, tmp_path: Path) -> None:
    own.save(tmp_path)
    with pytest.raises(ModelError, match=r"made by another model \(fingerprint \w{16}, this one has \w{16}\)"):
        hs.HiddenSpace.open(tmp_path, hs.PCA(6, random_state=0).fit(digits.take(np.arange(60))))


def test_a_network_of_ones_own_reads_rows_as_before(tmp_path: Path) -> None:
    rows = 5 + 3 * np.random.default_rng(0).normal(size=(40, 4))
    torch.manual_seed(0)
    network = nn.Linear(4, 2)
    hs.HiddenSpace(network, rows).save(tmp_path)
    opened = hs.HiddenSpace.open(tmp_path, network)
    np.testing.assert_allclose(opened.encode(rows[:3]), opened.codes[:3], atol=1e-5)


# changed --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("saved", [False, True])
def test_add_update_delete(own: HiddenSpace, digits: hs.Dataset, tmp_path: Path, saved: bool) -> None:
    if saved:
        own.save(tmp_path)
    before = own.thumbnails()
    own.add(np.asarray(digits.items)[:2], metadata={"label": [70, 71]})
    assert own.ids.tolist() == list(range(122))
    np.testing.assert_allclose(own.codes[120:], own.codes[:2], atol=1e-5)
    assert own.similar(0, 1)["id"].tolist() == [120]
    assert before is not None
    assert own.thumbnails() == before + before[:2]
    own.update([120], {"label": [5]})
    assert own.metadata["label"][120] == 5
    own.delete([121])
    own.delete("label = 3")
    assert len(own) == 121 - int((digits.labels == 3).sum())
    assert 3 not in own
    with pytest.raises(UsageError, match="k=1 is too many"):
        own.similar(0, 1, where="label = 3")
    if saved:
        np.testing.assert_array_equal(hs.HiddenSpace.open(tmp_path).ids, own.ids)


def test_ready_codes_can_be_added() -> None:
    made = hs.HiddenSpace(np.eye(3), ids=["a", "b", "c"])
    made.add(np.ones((1, 3)), ids=["d"])
    assert made.similar("d", 3)["id"].tolist() == ["a", "b", "c"]
    with pytest.raises(DataError, match="in the space already"):
        made.add(np.ones((1, 3)), ids=["d"])
    with pytest.raises(DataError, match="codes of 3"):
        made.add(np.ones((1, 2)), ids=["e"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s.delete([]), "empty"),
        (lambda s: s.delete([500]), "no item with the id 500"),
        (lambda s: s.delete("label = 77"), "empty"),
        (lambda s: s.update([500], [1]), "no item with the id 500"),
        (lambda s: s.update([1, 2], [1]), "1 values for 2 items"),
        (lambda s: s.add(np.zeros((2, 8, 8), np.uint8), ids=[1, 2]), "in the space already"),
    ],
)
def test_changes_that_cannot_be(own: HiddenSpace, change: object, says: str) -> None:
    with pytest.raises((DataError, UsageError), match=says):
        change(own)  # type: ignore[operator]
    assert len(own) == 120
