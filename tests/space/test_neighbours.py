"""The table of neighbours: what is kept, what is found, what is refused, and who may die or read meanwhile."""

import datetime
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import lancedb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import hiddenspace as hs
from hiddenspace.errors import DataError, UsageError
from hiddenspace.space import search
from hiddenspace.space.items import Items
from hiddenspace.space.neighbour_table import KEY
from hiddenspace.space.neighbours import Neighbours


def some(
    count: int = 60, width: int = 4, *, seed: int = 0, named: bool = False, start: int = 0, **columns: object
) -> Items:
    rng = np.random.default_rng(seed)
    ids = np.arange(start, start + count)
    if named:
        ids = np.array([f"n{i}.png" for i in ids], object)
    metadata = pd.DataFrame(columns or {"label": np.arange(count) % 3}, index=pd.RangeIndex(count))
    return Items(ids, rng.normal(size=(count, width)).astype(np.float32), metadata, [b"%d" % i for i in range(count)])


def ids_where(store: Neighbours, condition: str) -> np.ndarray:
    return store.read().ids[store.positions_where(condition)]


@pytest.fixture(params=["folder", "memory"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Neighbours:
    if request.param == "memory":
        return Neighbours.temporary(some(), "f")
    return Neighbours.create(str(tmp_path / "space.lance"), some(), "f")


# kept -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [False, True])
def test_what_is_stored_comes_back(tmp_path: Path, named: bool) -> None:
    items = some(named=named)
    Neighbours.create(str(tmp_path / "space.lance"), items, "0123abcd", {"kind": "images"})
    opened = Neighbours.open(str(tmp_path / "space.lance"))
    read = opened.read()
    np.testing.assert_array_equal(read.ids, items.ids)
    assert read.ids.dtype == items.ids.dtype
    np.testing.assert_array_equal(read.codes, items.codes)
    pd.testing.assert_frame_equal(read.metadata, items.metadata)
    assert (opened.fingerprint, opened.format, opened.recall) == ("0123abcd", {"kind": "images"}, None)
    assert opened.thumbnails(items.ids[[7, 3, 7]]) == [b"7", b"3", b"7"]


COLUMNS = {
    "bool": np.array([True, False, True]),
    "int8": np.array([1, -2, 3], np.int8),
    "int64": np.array([1, -2, 2**60]),
    "float32": np.array([0.5, np.nan, 1], np.float32),
    "float64": np.array([0.1, np.nan, -np.inf]),
    "text": np.array(["a", "", "ü'\"`"]),
    "dates": np.array(["2020-01-01", "NaT", "2021-02-03T04:05:06"], "datetime64[us]"),
    "zones": pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02", None]).tz_localize("Europe/Berlin")),
    "category": pd.Series(["x", None, "y"], dtype="category"),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_columns_keep_their_kind(tmp_path: Path, kind: str) -> None:
    items = some(3, column=COLUMNS[kind])
    read = Neighbours.create(str(tmp_path), items, "f").read()
    pd.testing.assert_frame_equal(read.metadata, items.metadata)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, "a", None], ["1", "a", None]),
        ([1, 2, None], [1.0, 2.0, np.nan]),
        ([(1, 2), (3,), ()], ["(1, 2)", "(3,)", "()"]),
        ([b"x", b"y", b"z"], ["b'x'", "b'y'", "b'z'"]),
        ([None, None, None], [None, None, None]),
        ([datetime.date(2020, 1, 2)] * 3, [datetime.date(2020, 1, 2)] * 3),
    ],
)
def test_the_policy_for_other_columns(values: list[object], expected: list[object]) -> None:
    read = Neighbours.temporary(some(3, column=pd.Series(values, dtype=object)), "f").read()
    column = read.metadata["column"].astype(object)
    assert column.isna().tolist() == pd.isna(pd.Series(expected, dtype=object)).tolist()
    assert [v for v in column if not pd.isna(v)] == [v for v in expected if not pd.isna(v)]


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("hours-per-week", "`hours-per-week` > 1"),
        ("a b=c", "`a b=c` > 1"),
        ("a.b", "a_b > 1"),
        ("a`b", "a_b > 1"),
        ("Upper", "upper > 1"),
        ("ID", "ID_2 > 1"),
        ("_distance", "_distance_2 > 1"),
        ("hs_position", "hs_position_2 > 1"),
        ("größe", "`größe` > 1"),
        ("", "_ > 1"),
    ],
)
def test_odd_names(tmp_path: Path, name: str, condition: str) -> None:
    place = str(tmp_path / "x.lance")
    Neighbours.create(place, some(3, **{name: np.arange(3)}), "f")
    opened = Neighbours.open(place)
    assert list(opened.read().metadata) == [name]
    assert ids_where(opened, condition).tolist() == [2]
    assert list(opened.nearest(np.zeros((1, 4), np.float32), 1)) == ["id", "distance", name]


def test_names_that_differ_only_in_case() -> None:
    store = Neighbours.temporary(some(4, Size=[1, 2, 3, 4], size=[4, 3, 2, 1]), "f")
    assert ids_where(store, "Size = 4").tolist() == [3]
    assert ids_where(store, "size_2 = 4").tolist() == [0]


@pytest.mark.parametrize("place", ["space.lance", "other-name.lance", "folder", "deep/er/space.lance"])
def test_places(tmp_path: Path, place: str) -> None:
    Neighbours.create(str(tmp_path / place), some(), "f")
    folder = tmp_path / place if place.endswith(".lance") else tmp_path / place / "space.lance"
    assert (folder / "_versions").is_dir()
    assert len(Neighbours.open(str(tmp_path / place)).read()) == 60


def test_a_uri_is_a_place_too(tmp_path: Path) -> None:
    uri = f"file://{tmp_path}/space.lance"
    Neighbours.create(uri, some(), "f")
    assert len(Neighbours.open(uri).read()) == 60


@pytest.fixture
def bucket() -> Iterator[dict[str, str]]:
    """An S3 server on this machine with a bucket `spaces`; what a client needs to know."""
    boto3, server = pytest.importorskip("boto3"), pytest.importorskip("moto.server")
    running = server.ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    access = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1", **access).create_bucket(
        Bucket="spaces"
    )
    yield access | {"aws_region": "us-east-1", "aws_endpoint": f"http://{host}:{port}", "allow_http": "true"}
    running.stop()


def test_object_storage(bucket: dict[str, str]) -> None:
    digits, pca = hs.load_dataset("digits"), hs.PCA(6).fit("digits")
    made = hs.HiddenSpace(pca, digits)
    made.save("s3://spaces/of/digits", storage_options=bucket)
    made.save("s3://spaces/of/digits", storage_options=bucket)  # in place of what is there
    opened = hs.HiddenSpace.open("s3://spaces/of/digits/space.lance", pca, storage_options=bucket)
    pd.testing.assert_frame_equal(opened.similar(3, 5, where="label = 3"), made.similar(3, 5, where="label = 3"))
    assert opened.thumbnails([7]) == made.thumbnails([7])
    opened.delete("label = 3")
    opened.update("label = 4", {"label": 40})
    again = hs.HiddenSpace.open("s3://spaces/of/digits", pca, storage_options=bucket)
    assert sorted(again.metadata["label"].unique()) == [0, 1, 2, 5, 6, 7, 8, 9, 40]
    with pytest.raises(DataError, match="cannot read the space s3://spaces/nothing"):
        hs.HiddenSpace.open("s3://spaces/nothing", storage_options=bucket)


def test_what_is_there_is_replaced(tmp_path: Path) -> None:
    place = str(tmp_path / "space.lance")
    Neighbours.create(place, some(60), "old")
    Neighbours.create(place, some(7, width=2), "new")
    opened = Neighbours.open(place)
    assert (len(opened.read()), opened.read().codes.shape[1], opened.fingerprint) == (7, 2, "new")


# refused --------------------------------------------------------------------------------------------------------


def test_opening_nothing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no space in .*none.*store one with"):
        Neighbours.open(str(tmp_path / "none" / "space.lance"))
    assert not (tmp_path / "none").exists()
    (tmp_path / "run.json").touch()
    with pytest.raises(DataError, match=f"store it with `hiddenspace report {tmp_path}`"):
        Neighbours.open(str(tmp_path))


@pytest.mark.parametrize("damage", ["manifest", "data", "emptied"])
def test_a_damaged_table(tmp_path: Path, damage: str) -> None:
    place = tmp_path / "space.lance"
    Neighbours.create(str(place), some(), "f")
    if damage == "emptied":
        shutil.rmtree(place / "_versions")
    for path in (place / {"manifest": "_versions", "data": "data", "emptied": "data"}[damage]).iterdir():
        if path.suffix != ".json":
            path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(DataError, match=r"cannot read the space .*; store it again") as caught:
        Neighbours.open(str(place))
    assert "\n" not in str(caught.value)
    assert ".cargo" not in str(caught.value)
    if damage == "manifest":  # Lance cannot tell what to write over
        with pytest.raises(DataError, match=r"cannot write .*; delete what is there"):
            Neighbours.create(str(place), some(), "f")
        shutil.rmtree(place)
    assert len(Neighbours.create(str(place), some(), "f").read()) == 60


def test_a_table_of_others_and_one_of_the_future(tmp_path: Path) -> None:
    database = lancedb.connect(str(tmp_path))
    database.create_table("theirs", pa.table({"x": [1]}))
    with pytest.raises(DataError, match="none that HiddenSpace"):
        Neighbours.open(str(tmp_path / "theirs.lance"))
    note = {"version": 99, "fingerprint": "f", "names": {}, "categories": [], "format": None}
    later = pa.table({"x": [1]}).replace_schema_metadata({KEY: json.dumps(note).encode()})
    database.create_table("later", later)
    with pytest.raises(DataError, match="upgrade hiddenspace"):
        Neighbours.open(str(tmp_path / "later.lance"))


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"cannot write .*or give another place"):
        Neighbours.create(str(tmp_path / "file" / "space.lance"), some(), "f")
    with pytest.raises(UsageError, match="cannot be called"):
        Neighbours.create(str(tmp_path / "my space.lance"), some(), "f")


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("labl = 3", "No field named labl.*the columns are id, label"),
        ("label = 'cat'", "could not convert"),
        ("label ==== 3", "Expected"),
        ("", "cannot be understood"),
        ("label", "boolean"),
        (3, "a int is no condition"),
        (["label = 3"], "a list is no condition"),
        (np.ones(7, bool), "a mask over this space has 60 entries"),
    ],
)
def test_conditions_that_make_no_sense(made: Neighbours, condition: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        made.nearest(np.zeros((1, 4), np.float32), 1, where=condition)
    assert len(str(caught.value)) < 350


def test_k_and_codes_that_make_no_sense(made: Neighbours) -> None:
    zero = np.zeros((1, 4), np.float32)
    with pytest.raises(UsageError, match="k=61 is too many: there are 60 items"):
        made.nearest(zero, 61)
    with pytest.raises(UsageError, match="k=21 is too many: there are 20 items with label = 1"):
        made.nearest(zero, 21, where="label = 1")
    with pytest.raises(UsageError, match="there are 59 items"):
        made.nearest(zero, 60, without=[0])
    with pytest.raises(UsageError, match="there are 0 items"):
        made.nearest(zero, 1, where="label = 77")
    with pytest.raises(UsageError, match="k=0"):
        made.nearest(zero, 0)
    with pytest.raises(DataError, match="codes of 4"):
        made.nearest(np.zeros((1, 5), np.float32), 1)
    with pytest.raises(DataError, match="NaN"):
        made.nearest(np.full((1, 4), np.nan, np.float32), 1)


# found ----------------------------------------------------------------------------------------------------------


def test_neighbours_are_those_of_all_distances(made: Neighbours) -> None:
    items = made.read()
    query = np.random.default_rng(9).normal(size=4).astype(np.float32)
    far = np.linalg.norm(items.codes.astype(np.float64) - query, axis=1)
    found = made.nearest(query[None], 60)
    assert found["id"].tolist() == np.argsort(far).tolist()
    np.testing.assert_allclose(found["distance"], np.sort(far), rtol=1e-12)
    assert found["label"].tolist() == (found["id"] % 3).tolist()
    some_only = made.nearest(query[None], 5, where="label = 1 AND id > 10")
    allowed = [i for i in np.argsort(far) if i % 3 == 1 and i > 10]
    assert some_only["id"].tolist() == allowed[:5]


def test_several_queries_and_an_item_that_does_not_count(made: Neighbours) -> None:
    codes = made.read().codes[[4, 9, 11]]
    found = made.nearest(codes, 2, without=[4, None, 5])
    assert next(iter(found)) == "query"
    assert found["query"].tolist() == [0, 0, 1, 1, 2, 2]
    assert found["id"].tolist()[2::2] == [9, 11]
    assert 4 not in found["id"].tolist()[:2]
    with pytest.raises(DataError, match="no item with the id 999"):
        made.nearest(codes[:1], 2, without=[999])


# changed --------------------------------------------------------------------------------------------------------


def test_add_update_delete(made: Neighbours) -> None:
    before = made.read()
    made.add(some(5, seed=1, start=60, label=[7] * 5))
    assert made.read().ids.tolist() == list(range(65))
    np.testing.assert_array_equal(made.read().codes[:60], before.codes)
    made.update([3, 62], pd.DataFrame({"label": [100, 101]}))
    assert made.read().ids.tolist() == list(range(65))  # the order is kept
    assert made.read().metadata["label"][[2, 3, 4, 62]].tolist() == [2, 100, 1, 101]
    np.testing.assert_array_equal(made.read().codes[:60], before.codes)
    assert made.thumbnails([3, 4, 62]) == [b"3", b"4", b"2"]
    assert ids_where(made, "label >= 100").tolist() == [3, 62]
    made.delete([3, 0])
    assert made.read().ids.tolist() == [1, 2, *range(4, 65)]
    assert made.nearest(before.codes[3:4], 1)["id"][0] != 3
    made.delete(made.read().ids)
    assert len(made.read()) == 0
    with pytest.raises(UsageError, match="there are 0 items"):
        made.nearest(before.codes[:1], 1)
    made.add(some(2))
    assert made.read().ids.tolist() == [0, 1]


def test_metadata_that_are_not_given_are_missing() -> None:
    store = Neighbours.temporary(some(3, a=[1.0, 2, 3], b=["x", "y", "z"]), "f")
    store.add(some(2, start=3, b=["v", None]))
    assert store.read().metadata["a"].isna().tolist() == [False] * 3 + [True] * 2
    assert store.read().metadata["b"].tolist()[:4] == ["x", "y", "z", "v"]


def test_categories_may_grow() -> None:
    store = Neighbours.temporary(some(2, c=pd.Series(["x", "y"], dtype="category")), "f")
    store.add(some(1, start=2, c=["new"]))
    assert store.read().metadata["c"].dtype == pd.CategoricalDtype(["new", "x", "y"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s.add(some(2, start=59)), "1 of these ids are in the space already .59"),
        (lambda s: s.add(some(2, width=5, start=60)), "codes of 4"),
        (lambda s: s.add(some(1, start=60, colour=[1])), "knows nothing called 'colour' of its items, but label"),
        (lambda s: s.add(some(1, start=60, label=["cat"])), "'label' must be int64"),
        (lambda s: s.add(some(1, named=True)), "ids must be int64"),
        (lambda s: s.update([77], pd.DataFrame({"label": [1]})), "no item with the id 77 .*from 0 to 59"),
        (lambda s: s.update([1, 1], pd.DataFrame({"label": [1, 2]})), "id 1 comes twice"),
        (lambda s: s.update([1], pd.DataFrame({"labl": [1]})), "knows nothing called 'labl'"),
        (lambda s: s.update([1], pd.DataFrame({"label": [1.5]})), "'label' must be int64"),
        (lambda s: s.delete([5, "x"]), "no item with the id 'x'"),
        (lambda s: s.delete([]), "selection is empty"),
    ],
)
def test_changes_that_cannot_be(made: Neighbours, change: object, says: str) -> None:
    with pytest.raises((DataError, UsageError), match=says):
        change(made)  # type: ignore[operator]
    assert len(made.read()) == 60
    assert made.read().metadata["label"].tolist() == [i % 3 for i in range(60)]


def test_a_reader_sees_what_was_when_it_opened(tmp_path: Path) -> None:
    place = str(tmp_path / "space.lance")
    writer = Neighbours.create(place, some(), "f")
    reader = Neighbours.open(place)
    writer.add(some(3, start=60))
    assert len(reader.read()) == 60
    assert len(ids_where(reader, "id >= 0")) == 60
    assert reader.thumbnails([59]) == [b"59"]
    Neighbours.create(place, some(5), "f")
    assert reader.thumbnails([59]) == [b"59"]
    assert len(Neighbours.open(place).read()) == 5
    writer.delete([0])  # looks at what there is now before it changes it
    assert writer.read().ids.tolist() == [1, 2, 3, 4]


# many -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Neighbours:
    """An index over 3,000 codes in clumps."""
    monkeypatch.setattr(search, "MANY", 2_000)
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(30, 8))[rng.integers(0, 30, 3_000)] + 0.3 * rng.normal(size=(3_000, 8))
    metadata = pd.DataFrame({"label": np.arange(3_000) % 4, "first": codes[:, 0] > 0})
    items = Items(np.arange(3_000), codes.astype(np.float32), metadata)
    return Neighbours.create(str(tmp_path / "space.lance"), items, "f")


def test_many_items_get_an_index_and_its_recall_is_known(many: Neighbours, tmp_path: Path) -> None:
    assert many.recall is not None
    assert many.recall >= 0.98
    opened = Neighbours.open(str(tmp_path / "space.lance"))
    assert opened.recall == many.recall
    queries = many.read().codes[::100] + 0.01
    found = opened.nearest(queries, 10)
    exact, distances = opened._search.exact.nearest(queries, 10)
    hits = [np.isin(e, f).mean() for e, f in zip(exact, found["id"].to_numpy().reshape(-1, 10), strict=True)]
    assert np.mean(hits) >= 0.95
    np.testing.assert_allclose(found["distance"].to_numpy().reshape(-1, 10)[:, 0], distances[:, 0])


def test_conditions_with_an_index(many: Neighbours, monkeypatch: pytest.MonkeyPatch) -> None:
    items = many.read()
    query = items.codes[5:6] + 0.01
    monkeypatch.setattr(search, "MANY", 500)  # so that these are searched by the index as well
    for condition, allowed in (("label = 1", items.metadata["label"] == 1), ("first", items.metadata["first"])):
        found = many.nearest(query, 10, where=condition)
        exact = many._search.exact.nearest(query, 10, np.flatnonzero(allowed))[0][0]
        assert np.isin(found["id"], np.flatnonzero(allowed)).all()
        assert np.isin(exact, found["id"]).mean() >= 0.9
    assert len(many.nearest(query, 750, where="label = 1")) == 750


def test_more_than_an_index_is_made_for_is_exact(many: Neighbours) -> None:
    query = many.read().codes[:1]
    np.testing.assert_array_equal(many.nearest(query, 500)["id"], many._search.exact.nearest(query, 500)[0][0])


def test_changes_with_an_index(many: Neighbours) -> None:
    far = Items(np.arange(3_000, 3_003), np.full((3, 8), 50, np.float32), pd.DataFrame({"label": [9] * 3}))
    many.add(far)
    assert set(many.nearest(far.codes[:1], 3)["id"]) == {3_000, 3_001, 3_002}
    many.delete([3_001])
    assert set(many.nearest(far.codes[:1], 2)["id"]) == {3_000, 3_002}
    many.update([3_002], pd.DataFrame({"label": [5]}))
    assert many.nearest(far.codes[:1], 2, where="label = 5 OR label = 9")["id"].tolist() == [3_000, 3_002]
    more = Items(np.arange(4_000, 4_800), 50 + many.read().codes[:800], pd.DataFrame(index=range(800)))
    many.add(more)
    assert many._table.index_stats("code_idx").num_unindexed_rows == 0  # past a share it is made up to date
    many.delete(many.read().ids[:2_500])
    assert many.recall is None  # few again: exact


# others meanwhile -----------------------------------------------------------------------------------------------

WRITE_ON_AND_ON = """
import sys, numpy as np, pandas as pd
from hiddenspace.space.items import Items
from hiddenspace.space.neighbours import Neighbours
number = 0
while True:
    number += 1
    metadata = pd.DataFrame({"version": np.full(20_000, number)})
    codes = np.full((20_000, 16), number, np.float32)
    Neighbours.create(sys.argv[1], Items(np.arange(20_000), codes, metadata), "f")
    print(number, flush=True)
"""
READ_ON_AND_ON = """
import sys, time
from hiddenspace.space.neighbours import Neighbours
seen, until = set(), None
while until is None or time.monotonic() < until:
    items = Neighbours.open(sys.argv[1]).read()
    versions = set(items.metadata["version"])
    assert len(versions) == 1 and (items.codes == versions.pop()).all() and len(items) == 20_000
    seen.add(int(items.codes[0, 0]))
    if until is None:
        print("reading", flush=True)
        until = time.monotonic() + 3
print(len(seen), flush=True)
"""


def child(script: str, place: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(place)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_two_read_while_one_writes_and_is_killed(tmp_path: Path) -> None:
    place = tmp_path / "space.lance"
    writer = child(WRITE_ON_AND_ON, place)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "1\n"
    readers = [child(READ_ON_AND_ON, place) for _ in range(2)]
    outcomes = [reader.communicate(timeout=120) for reader in readers]
    alive = writer.poll() is None
    writer.kill()  # amid a write: that is all it does
    _, errors = writer.communicate()
    assert alive, errors
    for (said, wrong), reader in zip(outcomes, readers, strict=True):
        assert reader.returncode == 0, wrong
        assert int(said.split()[-1]) > 1  # it saw several versions, each of them whole
    items = Neighbours.open(str(place)).read()
    assert len(items) == 20_000
    assert items.metadata["version"].nunique() == 1
    assert (items.codes == items.metadata["version"][0]).all()


def test_the_remains_of_a_first_write_are_in_nobodys_way(tmp_path: Path) -> None:
    place = tmp_path / "space.lance"
    (place / "data").mkdir(parents=True)
    (place / "data" / "half.lance").write_bytes(b"half a file")
    with pytest.raises(DataError, match="cannot read the space"):
        Neighbours.open(str(place))
    Neighbours.create(str(place), some(), "f")
    assert len(Neighbours.open(str(place)).read()) == 60
