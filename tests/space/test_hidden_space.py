"""The object: what it is made of, how items are pointed at, what it keeps, and what it refuses."""

import io
from dataclasses import replace
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
    known = frame.assign(label="what a model does not know")[["Kind", "label", "x.y", "id"]]
    np.testing.assert_allclose(made.code_of(known.iloc[2]), made.codes[2], atol=1e-6)
    np.testing.assert_allclose(made.code_of(dict(known.iloc[2])), made.codes[2], atol=1e-6)
    with pytest.raises(UsageError, match="holds 2 items"):
        made.code_of(frame.iloc[1:3])
    with pytest.raises(DataError, match=r"columns are missing: x.y, Kind;"):
        made.code_of({"id": 7})


def test_a_row_of_whole_numbers_is_no_sequence_of_ids() -> None:
    frame = pd.DataFrame({"a": [0, 1, 2, 3], "b": [3, 1, 0, 0], "c": [1, 0, 2, 2]})
    made = hs.HiddenSpace(hs.PCA(2, random_state=0).fit(frame), frame)
    np.testing.assert_allclose(made.codes_of(frame.iloc[2]), made.codes[[2]], atol=1e-6)
    np.testing.assert_array_equal(made.codes_of(frame["b"]), made.codes[[3, 1, 0, 0]])
    np.testing.assert_allclose(made.code_of(frame.to_numpy()[2]), made.codes[2], atol=1e-6)


def test_no_column_of_metadata_is_overwritten() -> None:
    frame = pd.DataFrame({"id": [5, 6], "id_": [1, 2], "label": [3, 4], "distance": [0.1, 0.2]})
    data = replace(hs.load_dataset(frame), labels=np.array(["a", "b"]))
    made = hs.HiddenSpace(np.eye(2), data, metadata={"extra": "same"}).metadata
    assert made.to_dict("list") == {
        "id__": [5, 6],
        "id_": [1, 2],
        "label_": [3, 4],
        "distance_": [0.1, 0.2],
        "label": ["a", "b"],
        "extra": ["same", "same"],
    }


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
        ("codes", None, {"metadata": {"a": [1, 2, 3], 1: 0, "1": 1}}, DataError, "two columns .* called '1'"),
        ("codes", pd.DataFrame({"a": list("xyz")}), {"metadata": {"a": 1}}, DataError, "has a column 'a' itself"),
        ("codes", None, {"decoder": nn.Linear(3, 2)}, UsageError, "decoder= needs to know what items look like"),
        ("pca", "digits", {"decoder": nn.Linear(6, 64)}, UsageError, "not with a PCA; leave it out"),
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

FORMS = ["id", "numpy id", "text id", "list of one id", "array", "stack of one", "batch of one", "tensor", "picture"]
FORMS += ["dataset", "code", "tensor of a code", "code as Codes"]


@pytest.mark.parametrize("form", FORMS)
def test_an_item_by_every_name_has_its_code(space: HiddenSpace, digits: hs.Dataset, form: str) -> None:
    pixels = np.asarray(digits.items)[17]
    item = {
        "id": 17,
        "numpy id": np.int64(17),
        "text id": "17",
        "array": pixels.squeeze(),
        "stack of one": pixels,
        "batch of one": pixels.squeeze()[None],
        "tensor": torch.from_numpy(pixels.squeeze()),
        "dataset": digits.take([17]),
        "list of one id": [17],
        "picture": Image.fromarray(pixels.squeeze()),
        "code": space.codes[17],
        "tensor of a code": torch.tensor(space.codes[17], requires_grad=True),
        "code as Codes": hs.Codes(space.codes[17]),
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


def test_a_row_of_the_width_of_a_code_is_neither_until_it_is_said() -> None:
    rows = np.random.default_rng(0).normal(size=(30, 4))
    made = hs.HiddenSpace(hs.PCA(4, random_state=0).fit(rows), rows)
    with pytest.raises(
        UsageError, match=r"a code or an item .* say hs.Codes\(x\) .* hs.Codes\(space.encode\(\[x\]\)\)"
    ):
        made.code_of(rows[5])
    with pytest.raises(UsageError, match="codes or items"):
        made.codes_of(rows[5:7])
    np.testing.assert_array_equal(made.code_of(hs.Codes(made.codes[5])), made.codes[5])
    np.testing.assert_array_equal(made.codes_of(hs.Codes(made.codes[5:7])), made.codes[5:7])
    np.testing.assert_allclose(made.code_of(hs.Codes(made.encode([rows[5]]))), made.codes[5], atol=1e-5)
    assert made.similar(5, 3)["id"].tolist() == made.similar(hs.Codes(made.codes[5]), 4)["id"].tolist()[1:]


def test_a_row_of_another_width_is_a_row(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(30, 4))
    model = hs.PCA(3, random_state=0).fit(rows)
    made = hs.HiddenSpace(model, rows)
    for form in (rows[5], rows[5:6], rows[5].tolist(), torch.tensor(rows[5], requires_grad=True), [rows[5]]):
        np.testing.assert_allclose(made.code_of(form), made.codes[5], atol=1e-5)
    np.testing.assert_allclose(made.codes_of(rows[5:7]), made.codes[5:7], atol=1e-5)
    with pytest.raises(UsageError, match="holds 2 items"):
        made.code_of(rows[5:7])
    with pytest.raises(DataError, match=r"shape \(7,\) are no code: this space has codes of 3, nor an item"):
        made.code_of(np.zeros(7))


def test_without_an_encoder_numbers_are_codes(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    ready = hs.HiddenSpace(-rows, rows)
    np.testing.assert_array_equal(ready.code_of(rows[5]), rows[5])
    made = hs.HiddenSpace(hs.PCA(4, random_state=0).fit(rows), rows)
    made.save(tmp_path)
    opened = hs.HiddenSpace.open(tmp_path)
    np.testing.assert_array_equal(opened.codes_of(made.codes[3:5]), made.codes[3:5])


def test_a_picture_as_wide_as_a_code(digits: hs.Dataset) -> None:
    made = hs.HiddenSpace(hs.PCA(8, random_state=0).fit(digits), digits)
    picture = np.asarray(digits.items)[3].squeeze()
    with pytest.raises(UsageError, match="codes or an item"):
        made.codes_of(picture)
    np.testing.assert_allclose(made.code_of(picture), made.codes[3], atol=1e-4)  # one is asked for
    np.testing.assert_allclose(made.codes_of(picture[None]), made.codes[[3]], atol=1e-4)
    np.testing.assert_allclose(made.codes_of(digits.take([3, 4])), made.codes[3:5], atol=1e-4)


def test_several_items(space: HiddenSpace, digits: hs.Dataset) -> None:
    label = space.metadata["label"].to_numpy()
    np.testing.assert_array_equal(space.codes_of("label = 3"), space.codes[label == 3])
    for mask in (label == 3, space.metadata["label"] == 3, (label == 3).tolist()):
        np.testing.assert_array_equal(space.codes_of(mask), space.codes[label == 3])
        assert space.similar(7, 2, where=mask).equals(space.similar(7, 2, where="label = 3"))
    np.testing.assert_array_equal(space.codes_of(space.similar(7, 2)["id"]), space.codes[space.similar(7, 2)["id"]])
    np.testing.assert_array_equal(space.codes_of([4, 9, 4]), space.codes[[4, 9, 4]])
    np.testing.assert_array_equal(space.codes_of(np.array([4, 9])), space.codes[[4, 9]])
    np.testing.assert_array_equal(space.codes_of("4"), space.codes[[4]])
    np.testing.assert_array_equal(space.codes_of(4), space.codes[[4]])
    np.testing.assert_array_equal(space.codes_of(space.codes[:3]), space.codes[:3])
    np.testing.assert_array_equal(space.codes_of(space.codes[3]), space.codes[[3]])
    np.testing.assert_allclose(space.codes_of(list(np.asarray(digits.items)[:2])), space.codes[:2], atol=1e-5)


def test_row_numbers_of_items_with_names(named: tuple[HiddenSpace, Path]) -> None:
    with pytest.raises(DataError, match=r"its ids are names, that of row 3 is 'd03\.png'"):
        named[0].similar(3, 2)


@pytest.mark.parametrize(
    ("item", "error", "says"),
    [
        (999, DataError, "no item with the id 999 .* from 0 to 119"),
        (-1, DataError, "no item with the id -1"),
        ("nowhere.png", DataError, "neither an id .* nor a file"),
        (np.zeros(5), DataError, "codes of 6"),
        ("table.csv", ModelError, "takes images of 8x8 .* but was given table"),
        (np.zeros((2, 8, 8), np.uint8), UsageError, "holds 2 items"),
        (np.full(6, np.nan), DataError, "NaN"),
        (np.zeros((9, 9), np.uint8), ModelError, "9x9"),
        (Path("nowhere.png"), DataError, "neither"),
        (None, DataError, "None is neither an item nor a code"),
    ],
)
def test_items_that_are_none(
    space: HiddenSpace,
    item: object,
    error: type[Exception],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("table.csv").write_text("a,b\n1,x\n2,y\n")
    with pytest.raises(error, match=says):
        space.similar(item, 3)


@pytest.mark.parametrize("nothing", [[], "label = 77", np.zeros(120, bool), np.zeros((0, 6)), np.zeros(3, bool)])
def test_empty_selections(space: HiddenSpace, nothing: object) -> None:
    with pytest.raises(UsageError, match=r"empty|no item of this space|a mask over"):
        space.codes_of(nothing)


# kept -----------------------------------------------------------------------------------------------------------


def test_opened_with_its_items_a_space_does_what_needs_them(
    own: HiddenSpace, digits: hs.Dataset, tmp_path: Path
) -> None:
    own.save(tmp_path / "space.lance")
    model, items = own.coding.model, digits.take(np.arange(len(own)))
    bare = hs.HiddenSpace.open(tmp_path / "space.lance", model)
    opened = hs.HiddenSpace.open(tmp_path / "space.lance", model, data=items)
    step = own.direction("label = 3", "label = 5")
    asked = {
        "relevance": lambda space: space.relevance(),
        "detail": lambda space: space.move([3], step, detail=True),
        "both": lambda space: space.score_samples(items, method="both"),
    }
    for name, ask in asked.items():
        np.testing.assert_allclose(ask(opened), ask(own), rtol=1e-5, atol=1e-5, err_msg=name)
        with pytest.raises(HiddenspaceError, match=r"give the items|data="):
            ask(bare)
    with pytest.raises(DataError, match="the data 20"):
        hs.HiddenSpace.open(tmp_path / "space.lance", model, data=digits.take(np.arange(20)))
    with pytest.raises(DataError, match="in their order"):
        hs.HiddenSpace.open(tmp_path / "space.lance", model, data=digits.take(np.arange(len(own))[::-1]))


def test_what_is_shown_beside_a_stored_space_changes_nothing_of_where_it_is_kept(
    own: HiddenSpace, digits: hs.Dataset, tmp_path: Path
) -> None:
    hs.HiddenSpace(own.codes).save(tmp_path / "bare.lance")
    with pytest.raises(DataError, match="of another kind"):
        hs.HiddenSpace.open(tmp_path / "bare.lance", data=digits)
    own.save(tmp_path / "space.lance")
    opened = hs.HiddenSpace.open(tmp_path / "space.lance", own.coding.model, data=digits)
    opened.update("label = 3", {"label": 30})
    step = opened.direction("label = 30", "label = 5")
    assert opened.move([3], step, detail=True).shape == (1, 8, 8), "the items are the same as before"
    opened.delete([0, 1])
    assert len(hs.HiddenSpace.open(tmp_path / "space.lance")) == len(opened) == len(digits) - 2
    with pytest.raises(DataError, match="open it with data="):
        opened.move([3], step, detail=True)


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
        (lambda s: s.delete("label = 77"), "no item of this space has label = 77"),
        (lambda s: s.delete(["nope"]), "no item with the id 'nope'"),
        (lambda s: s.delete(3.5), r"no item with the id 3\.5"),
        (lambda s: s.delete(np.ones(3, bool)), "a mask over this space has 120 entries"),
        (lambda s: s.add(np.zeros((1, 8, 8), np.uint8), data="digits"), "data= goes with ready codes"),
        (lambda s: s.update([500], [1]), "no item with the id 500"),
        (lambda s: s.update([1, 2], [1]), "1 values for 2 items"),
        (lambda s: s.add(np.zeros((2, 8, 8), np.uint8), ids=[1, 2]), "in the space already"),
    ],
)
def test_changes_that_cannot_be(own: HiddenSpace, change: object, says: str) -> None:
    with pytest.raises((DataError, UsageError), match=says):
        change(own)  # type: ignore[operator]
    assert len(own) == 120


def test_items_to_change_are_named_in_every_way(own: HiddenSpace) -> None:
    label = own.metadata["label"].to_numpy()
    own.update(7, {"label": 50})
    own.update("label = 3", {"label": 53})
    assert own.metadata["label"].to_numpy().tolist() == [
        50 if i == 7 else 53 if v == 3 else v for i, v in enumerate(label)
    ]
    own.delete(7)
    own.delete(own.metadata["label"] == 53)
    assert own.ids.tolist() == [i for i, v in enumerate(label) if i != 7 and v != 3]


def test_ready_codes_of_pictures_are_added_with_their_pictures(digits: hs.Dataset, tmp_path: Path) -> None:
    codes = np.random.default_rng(0).normal(size=(120, 3))
    made = hs.HiddenSpace(codes[:100], digits.take(np.arange(100)))
    with pytest.raises(DataError, match=r"are pictures; .* add\(codes, data=...\)"):
        made.add(codes[100:])
    with pytest.raises(DataError, match="20 codes for 19 items"):
        made.add(codes[100:], data=digits.take(np.arange(101, 120)))
    assert len(made) == 100
    made.add(codes[100:], data=digits.take(np.arange(100, 120)))
    assert made.thumbnails() == hs.HiddenSpace(codes, digits).thumbnails()
    np.testing.assert_array_equal(made.metadata["label"], digits.labels)
    with pytest.raises(DataError, match="without pictures"):
        hs.HiddenSpace(codes).add(codes[:1], data=np.zeros((1, 8, 8), np.uint8))


@pytest.mark.parametrize(
    "use",
    [
        lambda s: s.map(),
        lambda s: s.morph(s.codes, s.codes),
        lambda s: s.analogy([0], [1]),
        lambda s: s.direction([0], [1]),
        lambda s: s.sample(3),
        lambda s: s.density(),
        lambda s: s.score_samples(np.zeros((1, 8, 8), np.uint8)),
        lambda s: s.compress(np.zeros((1, 8, 8), np.uint8), "x.hs"),
    ],
)
def test_an_emptied_space_says_so(pca: hs.PCA, digits: hs.Dataset, use: object) -> None:
    space = hs.HiddenSpace(pca, digits.take([0, 1]))
    space.delete([0, 1])
    with pytest.raises(UsageError, match="no items left"):
        use(space)  # type: ignore[operator]


# decoders of one's own ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ready", [False, True])
@pytest.mark.parametrize("shape", [(64,), (1, 8, 8), (8, 8)])
def test_a_decoder_gives_items_in_their_shape_or_flat(digits: hs.Dataset, shape: tuple[int, ...], ready: bool) -> None:
    torch.manual_seed(0)
    encoder, linear = nn.Sequential(nn.Flatten(), nn.Linear(64, 5)), nn.Linear(5, 64)
    decoder = nn.Sequential(linear, nn.Unflatten(1, shape)) if len(shape) > 1 else linear
    with torch.inference_mode():
        codes = encoder(torch.from_numpy(np.asarray(digits.items)).squeeze(-1).float() / 255).numpy()
        expected = linear(torch.from_numpy(codes[:2])).clamp(0, 1).reshape(2, 8, 8).numpy() * 255
    space = hs.HiddenSpace(codes if ready else encoder, digits, decoder=decoder)
    np.testing.assert_allclose(np.asarray(space.decode(space.codes[:2])).reshape(2, 8, 8), expected, atol=1e-3)
    assert len(space.morph(0, 1, 4)) == 4
    if not ready:
        assert space.score_samples(digits).shape == (120,)


@pytest.mark.parametrize(
    ("decoder", "says"),
    [
        (nn.Linear(5, 61), r"gives items of \(61,\), but the data are \(3, 4, 5\)"),
        (nn.Sequential(nn.Linear(5, 60), nn.Unflatten(1, (4, 5, 3))), r"gives items of \(4, 5, 3\)"),
        (nn.Linear(4, 60), "the decoder does not take"),
        (nn.LSTM(5, 60), "the decoder gives a tuple"),
    ],
)
def test_decoders_that_do_not_fit(decoder: nn.Module, says: str) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (6, 4, 5, 3), np.uint8)
    space = hs.HiddenSpace(nn.Sequential(nn.Flatten(), nn.Linear(60, 5)), pictures, decoder=decoder)
    with pytest.raises(UsageError, match=says):
        space.decode(space.codes[:2])


# codes of others ------------------------------------------------------------------------------------------------


def test_a_space_of_other_embeddings_is_refused(tmp_path: Path) -> None:
    codes = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    made = hs.HiddenSpace(codes)
    made.add(codes[:2] + 1, ids=[20, 21])
    made.save(tmp_path)
    assert len(hs.HiddenSpace.open(tmp_path, codes)) == 22
    for other in (codes[:, ::-1], codes[::-1], codes[:19]):
        with pytest.raises(ModelError, match="made by another model"):
            hs.HiddenSpace.open(tmp_path, other)


def test_gradients_and_precisions_of_tensors_do_not_matter() -> None:
    codes = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    expected = hs.HiddenSpace(codes.numpy())
    for given in (codes.clone().requires_grad_(), codes.double()):
        np.testing.assert_allclose(hs.HiddenSpace(given).codes, expected.codes)
    assert hs.HiddenSpace(codes.bfloat16()).codes.dtype == np.float32
