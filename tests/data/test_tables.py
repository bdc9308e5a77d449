import gzip
import sys

import numpy as np
import pandas as pd
import pytest

from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError, MissingExtraError, UsageError

NUMBERS = pd.DataFrame({"a": [1.0, 2.0, np.nan], "b": [1, 2, 3]})


def test_numbers_need_no_cleaning_and_no_skrub(monkeypatch):
    monkeypatch.setitem(sys.modules, "skrub", None)
    data = load_dataset(NUMBERS)
    pd.testing.assert_frame_equal(data.items, NUMBERS)
    assert data.kind == "table"


def test_text_needs_skrub_and_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "skrub", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'hiddenspace\[tables\]'"):
        load_dataset(pd.DataFrame({"a": ["x", "y"]}))


def test_cleaning():
    frame = pd.DataFrame(
        {
            "blanks": [" x", "x ", "?"],
            "category": pd.Categorical([" x", "x", "y"]),
            "when": ["2020-01-01", "2020-02-03", None],
            "mixed": [1, "a", None],
            "truth": [True, False, True],
            "numbers as objects": np.array([1, 2, 3], object),
            "zip": ["02139", "10001", "N/A"],
            "nothing": [None, None, None],
        }
    )
    before = frame.copy()
    data = load_dataset(frame)
    pd.testing.assert_frame_equal(frame, before)
    clean = data.items
    assert clean.columns.tolist() == frame.columns.tolist()
    assert clean["blanks"].tolist()[:2] == ["x", "x"]
    assert clean["blanks"].isna().tolist() == [False, False, True]
    assert clean["category"].tolist() == ["x", "x", "y"]
    assert clean["category"].cat.categories.tolist() == ["x", "y"]
    assert clean["when"].tolist()[:2] == ["2020-01-01", "2020-02-03"]  # a format, once fitted, reads them
    assert clean["mixed"].tolist()[:2] == ["1", "a"]
    assert clean["numbers as objects"].dtype.kind == "i"
    assert clean["zip"].tolist()[0] == "02139"
    assert clean["nothing"].isna().all()
    assert data.notes == (
        "The text of when is dates, and is learned as such.",
        "The text of zip is mostly numbers, but each is learned as a category; "
        "pandas.to_numeric makes numbers of them.",
    )


def test_categories_of_numbers_may_be_missing():
    frame = pd.DataFrame({"a": pd.Categorical([3, None, 1]), "b": pd.Categorical(["x", "?", "y"])})
    clean = load_dataset(frame).items
    pd.testing.assert_series_equal(clean["a"], frame["a"])
    assert clean["b"].cat.categories.tolist() == ["x", "y"]
    assert clean["b"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("frame", [
    pd.DataFrame({0: ["x", "y"], 1: [1, 2]}),
    pd.DataFrame([["x", 1.0], ["y", 2.0]], columns=[400.5, 401.5]),
    pd.DataFrame([["x", 1.0]], columns=pd.to_datetime(["2020-01-01", "2020-01-02"])),
    pd.DataFrame([["x", 1.0]], columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])),
], ids=["whole", "fractions", "times", "levels"])  # fmt: skip
def test_columns_may_have_names_that_are_no_text(frame):
    pd.testing.assert_frame_equal(load_dataset(frame).items, frame)


def test_names_that_are_the_same_text_are_refused():
    with pytest.raises(DataError, match="more than one column called '0'"):
        load_dataset(pd.DataFrame([[1, 2]], columns=[0, "0"]))


@pytest.mark.parametrize("index", [[5, 5, 9], ["x", "y", "z"]])
def test_the_index_is_dropped(index):
    assert load_dataset(NUMBERS.set_axis(index)).items.index.tolist() == [0, 1, 2]


def test_labels_and_columns():
    frame = NUMBERS.assign(kind=["x", "y", "x"])
    data = load_dataset(frame, labels="kind", columns=["b"])
    assert data.labels.tolist() == ["x", "y", "x"]
    assert data.items.columns.tolist() == ["b"]
    assert load_dataset(NUMBERS, labels=[0, 1, 0]).labels.tolist() == [0, 1, 0]


@pytest.mark.parametrize("arguments", [{"labels": "none"}, {"columns": ["a", "none"]}])
def test_columns_that_are_not_there(arguments):
    with pytest.raises(UsageError, match="no column 'none'; the table has a, b"):
        load_dataset(NUMBERS, **arguments)


BAD = {
    "no rows": (NUMBERS[:0], "0 sample"),
    "no columns": (NUMBERS[[]], "0 feature"),
    "inf": (pd.DataFrame({"a": [1.0, np.inf]}), r"Column 'a' holds inf; replace it"),
    "the same name twice": (pd.DataFrame([[1, 2]], columns=["a", "a"]), "more than one column called 'a'"),
    "lists": (pd.DataFrame({"a": [[1], [2]]}), "Column 'a' holds lists"),
    "complex": (pd.DataFrame({"a": [1j]}), "Complex data not supported"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_tables_are_refused_in_one_sentence(case):
    frame, message = BAD[case]
    with pytest.raises(DataError, match=message):
        load_dataset(frame)


PACKED = gzip.compress(b"a,b\n1,2\n3,4\n", mtime=0)
FILES = {
    "plain.csv": (b"a,b\n1,2\n3,4\n", ["a", "b"], (2, 2)),
    "plain.tsv": (b"a\tb\n1\t2\n3\t4\n", ["a", "b"], (2, 2)),
    "one column.csv": (b"a\n1\n2\n", ["a"], (2, 1)),
    "no header.csv": (b"1,2\n3,4\n5,6\n", ["column 0", "column 1"], (3, 2)),
    "bom.csv": (b"\xef\xbb\xbfa,b\n1,2\n", ["a", "b"], (1, 2)),
    "semicolons.csv": (b"a;b\n1,5;2\n3,25;4\n", ["a", "b"], (2, 2)),
    "blanks.csv": (b"a, b\n1, 2\n3, 4\n", ["a", "b"], (2, 2)),
    "unknown.csv": (b"a,b\n1,?\n3,4\n", ["a", "b"], (2, 2)),
    "missing.csv": (b"a,b\n1,\n,4\n", ["a", "b"], (2, 2)),
    "dash.csv": (b"a,b\n1.5,1\n-,2\n2.5,3\n", ["a", "b"], (3, 2)),
    "packed.csv.gz": (PACKED, ["a", "b"], (2, 2)),
}


@pytest.mark.parametrize("name", FILES)
def test_text_files(name, tmp_path):
    content, columns, shape = FILES[name]
    (tmp_path / name).write_bytes(content)
    data = load_dataset(tmp_path / name)
    assert data.items.columns.tolist() == columns
    assert data.items.shape == shape
    assert all(dtype.kind in "if" for dtype in data.items.dtypes)
    assert data.name == name
    assert bool(data.notes) == ("header" in name)


def test_decimal_commas(tmp_path):
    (tmp_path / "x.csv").write_text("a;b\n1,5;2\n3,25;4\n")
    assert load_dataset(tmp_path / "x.csv").items["a"].tolist() == [1.5, 3.25]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("name;price\nfoo 1,2;1.5\nbar;2.5\n", [1.5, 2.5]),  # the comma is in a text
        ("name;price\n1,2;1.5\nbar;2.5\n", [1.5, 2.5]),  # points speak against it
        ("name;price\nfoo 1,2;-1,5\nbar;2\n", [-1.5, 2]),
    ],
)
def test_what_is_no_decimal_comma(content, expected, tmp_path):
    (tmp_path / "x.csv").write_text(content)
    assert load_dataset(tmp_path / "x.csv").items["price"].tolist() == expected


def test_row_numbers_are_no_items(tmp_path):
    NUMBERS.to_csv(tmp_path / "x.csv")
    data = load_dataset(tmp_path / "x.csv")
    pd.testing.assert_frame_equal(data.items, NUMBERS)
    assert data.notes == ("The first column has no name and counts the rows, so it was left out.",)
    NUMBERS.set_axis([3, 5, 4]).to_csv(tmp_path / "x.csv")
    assert load_dataset(tmp_path / "x.csv").items.shape == (3, 3)


@pytest.mark.parametrize("index", [False, True])
def test_what_pandas_calls_the_columns_of_an_array_is_a_header(index, tmp_path):
    pd.DataFrame([[0.5, 1.5, 2.0], [3.0, 4.0, 5.0]]).to_csv(tmp_path / "x.csv", index=index)
    data = load_dataset(tmp_path / "x.csv")
    assert data.items.columns.tolist() == ["0", "1", "2"]
    assert data.items.to_numpy().tolist() == [[0.5, 1.5, 2.0], [3.0, 4.0, 5.0]]
    assert "counts the columns" in data.notes[0]


def test_numbers_among_text_are_told(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1.5,x\ntwo,y\n2.5,3\n")
    data = load_dataset(tmp_path / "x.csv")
    assert [note.partition(",")[0] for note in data.notes] == ["The text of a is mostly numbers"]


def test_parquet_keeps_its_types(tmp_path):
    frame = NUMBERS.assign(when=pd.to_datetime(["2020-01-01"] * 3), c=pd.Categorical(["x", "y", "x"]))
    frame.to_parquet(tmp_path / "x.parquet")
    data = load_dataset(tmp_path / "x.parquet", labels="b")
    assert data.labels.tolist() == [1, 2, 3]
    assert [dtype.kind for dtype in data.items.dtypes] == ["f", "M", "O"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b"\n\n", "is empty"),
        ("blanks.csv", b"  \n \n", "0 sample|is empty"),
        ("quoted.csv", b'a,b\n"' + b"x" * 200_000, "cannot be read as a table"),
        ("header.csv", b"a,b\n", "0 sample"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3,4\n", "cannot be read as a table.*line 3"),
        ("binary.csv", bytes(range(128, 256)), "cannot be read as a table"),
        ("cut.csv.gz", gzip.compress(b"a,b\n" * 1000, mtime=0)[:-20], "cannot be read as a table"),
        ("damaged.csv.gz", PACKED[:10] + b"\x07" + PACKED[11:], "cannot be read as a table"),  # no kind of block
        ("bad.csv.gz", b"not packed", "cannot be read as a table"),
        ("bad.parquet", b"PAR1 nothing", "cannot be read as a table"),
    ],
)
def test_bad_files(name, content, message, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        load_dataset(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_real_tables(shared_data):
    data = load_dataset(shared_data / "adult" / "adult.csv.gz", labels="ABOVE50K")
    assert data.items.shape == (32561, 14)
    assert data.labels.sum() == 7841
    assert "Private" in set(data.items["WORKCLASS"])
    assert load_dataset(shared_data / "higgs-small" / "binary.train.tsv").items.shape == (7000, 29)
