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
    assert clean["when"].dtype.kind == "M"
    assert clean["numbers as objects"].dtype.kind == "i"
    assert clean["zip"].tolist()[0] == "02139"
    assert clean["nothing"].isna().all()
    assert data.notes == ("The text of when was read as dates.",)


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
    "packed.csv.gz": (gzip.compress(b"a,b\n1,2\n3,4\n", mtime=0), ["a", "b"], (2, 2)),
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
        ("header.csv", b"a,b\n", "0 sample"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3,4\n", "cannot be read as a table.*line 3"),
        ("binary.csv", bytes(range(128, 256)), "cannot be read as a table"),
        ("cut.csv.gz", gzip.compress(b"a,b\n" * 1000, mtime=0)[:-20], "cannot be read as a table"),
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
