import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.table_files import read_table
from hiddenspace.data.table_format import TableFormat
from hiddenspace.data.tables import from_frame
from hiddenspace.errors import DataError, ModelError


def fitted(frame: pd.DataFrame) -> tuple[TableFormat, np.ndarray]:
    data = Dataset(frame, "table")
    made = TableFormat.from_dataset(data)
    return made, made.store(data)


MIXED = pd.DataFrame(
    {
        "age": [20, 30, 40, 50],
        "income": [1.5, np.nan, 2.5, 3.5],
        "same": [7.0, 7.0, 7.0, 7.0],
        "colour": ["red", "blue", "red", None],
        "truth": [True, False, False, True],
        "when": pd.to_datetime(["2020-01-01", "2020-01-02", None, "2021-06-01"]),
        "grade": pd.Categorical(["a", "b", "a", "a"]),
    }
)


def test_names_and_shape():
    made, encoded = fitted(MIXED)
    assert made.feature_names == [
        "age",
        "income",
        "income = missing",
        "same",
        "colour = blue",
        "colour = red",
        "colour = missing",
        "truth = False",
        "truth = True",
        "when",
        "when = missing",
        "grade = a",
        "grade = b",
    ]
    assert made.shape == (13,)
    assert encoded.shape == (4, 13)
    assert encoded.dtype == np.float32
    assert made.kind == "table"


def test_numbers_are_standardised_and_missing_ones_are_the_mean():
    _, encoded = fitted(MIXED)
    np.testing.assert_allclose(encoded[:, 0], (np.array([20, 30, 40, 50]) - 35) / np.std([20, 30, 40, 50]), rtol=1e-6)
    np.testing.assert_allclose(
        encoded[:, 1], [-1 / np.std([1.5, 2.5, 3.5]), 0, 0, 1 / np.std([1.5, 2.5, 3.5])], rtol=1e-6
    )
    assert encoded[:, 2].tolist() == [0, 1, 0, 0]
    assert (encoded[:, 3] == 0).all()  # a constant


def test_categories_are_one_hot():
    _, encoded = fitted(MIXED)
    assert encoded[:, 4:7].tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert encoded[:, 7:9].tolist() == [[0, 1], [1, 0], [1, 0], [0, 1]]


def test_dates_are_seconds():
    _, encoded = fitted(MIXED)
    seconds = np.array([datetime(*d).timestamp() for d in ((2020, 1, 1), (2020, 1, 2), (2021, 6, 1))])
    np.testing.assert_allclose(encoded[[0, 1, 3], 9], (seconds - seconds.mean()) / seconds.std(), rtol=1e-5)


def test_the_way_back():
    made, encoded = fitted(MIXED)
    back = made.to_data(encoded)
    assert back.dtypes.tolist() == MIXED.dtypes.tolist()
    exact = ["age", "same", "colour", "truth", "grade"]
    pd.testing.assert_frame_equal(back[exact], MIXED[exact])
    np.testing.assert_allclose(back["income"], MIXED["income"], rtol=1e-6)
    assert back["when"].isna().tolist() == [False, False, True, False]
    assert (back["when"] - MIXED["when"]).abs().max() < pd.Timedelta("10s")  # float32 over a year and a half


def test_a_blurred_code_is_decided():
    made, encoded = fitted(MIXED)
    blurred = encoded + np.random.default_rng(0).normal(0, 0.05, encoded.shape).astype(np.float32)
    back = made.to_data(blurred)
    assert back["colour"].isna().tolist() == [False, False, False, True]
    assert back["truth"].tolist() == MIXED["truth"].tolist()
    assert back["age"].dtype == np.int64


@pytest.mark.parametrize(
    "column",
    [
        pd.array([1, None, 3], "Int64"),
        pd.array([1, 2, 3], "Int8"),
        pd.array([0.5, None, 1.5], "Float32"),
        pd.array([True, None, False], "boolean"),
        pd.array(["x", None, "y"], "string"),
        pd.array([1, None, 3], "int64[pyarrow]"),
        pd.array([1, 2, 3], "uint8[pyarrow]"),
        pd.array([0.5, None, 1.5], "double[pyarrow]"),
        pd.array([True, None, False], "bool[pyarrow]"),
        pd.array(["x", None, "y"], "string[pyarrow]"),
        pd.array([datetime(2020, 1, 1), None], "timestamp[ns][pyarrow]"),
        pd.array([datetime(2020, 1, 1, tzinfo=UTC), None], "timestamp[us, tz=Europe/Berlin][pyarrow]"),
        pd.array([timedelta(1), None], "duration[us][pyarrow]"),
        pd.array([date(2020, 1, 1), None], pd.ArrowDtype(pyarrow.date32())),
        np.array([1, 2, 255], np.uint8),
        np.array([-(2**63), 0, 2**63 - 1], np.int64),
        np.array([1, 2, 3], np.float32),
        pd.Categorical(["x", None, "y"]),
        pd.Categorical([3, 1, 3]),
        pd.to_timedelta([1, 2, None], unit="h"),
        pd.to_datetime(["2020-01-01", "2020-01-05", None]).tz_localize("Europe/Berlin"),
        np.array([None, None, None], object),
        np.array([np.nan, np.nan, np.nan]),
        np.array([1, "a", None], object),
    ],
    ids=lambda c: str(c.dtype),
)
def test_every_type_comes_back(column):
    frame = pd.DataFrame({"x": column})
    made, encoded = fitted(frame)
    assert np.isfinite(encoded).all()
    back = made.to_data(encoded)
    assert back["x"].isna().tolist() == frame["x"].isna().tolist()
    if frame["x"].dtype != object:
        assert back["x"].dtype == frame["x"].dtype
    known = frame["x"].dropna()
    if known.dtype.kind in "mM":
        assert ((back["x"].dropna() - known).abs() < pd.Timedelta("1s")).all()
    elif known.dtype.kind in "iuf":
        np.testing.assert_allclose(back["x"].dropna().to_numpy(float), known.to_numpy(float), rtol=1e-6)
    else:
        assert back["x"].dropna().astype(str).tolist() == known.astype(str).tolist()


def test_rare_categories_share_a_column():
    values = [f"c{i:02d}" for i in range(40) for _ in range(40 - i)]
    made, encoded = fitted(pd.DataFrame({"x": values}))
    assert made.shape == (31,)
    assert made.feature_names[-1] == "x = other"
    assert (encoded.sum(axis=1) == 1).all()
    back = made.to_data(encoded)["x"]
    assert (back[np.array(values) < "c30"] == np.array(values)[np.array(values) < "c30"]).all()
    assert set(back[np.array(values) >= "c30"]) == {"other"}
    unseen = made.store(Dataset(pd.DataFrame({"x": ["new", None]}), "table"))
    assert unseen[0, -1] == 1
    assert not unseen[1].any()


def test_unseen_values_are_zero_where_nothing_is_rare():
    made, _ = fitted(MIXED)
    other = MIXED.assign(colour=["green", "red", "red", "red"])
    assert not made.store(Dataset(other, "table"))[0, 4:7].any()


def test_missing_values_that_were_not_there_at_fit_are_the_mean():
    made, _ = fitted(MIXED)
    other = MIXED.assign(age=[np.nan, 30, 40, 50])
    assert made.store(Dataset(other, "table"))[0, 0] == 0


def test_types_of_a_later_table_do_not_matter():
    made, encoded = fitted(MIXED)
    other = MIXED.assign(age=MIXED["age"].astype(str), when=MIXED["when"].astype(str), grade=MIXED["grade"].astype(str))
    np.testing.assert_array_equal(made.store(Dataset(other, "table")), encoded)
    np.testing.assert_array_equal(made.store(Dataset(MIXED[MIXED.columns[::-1]], "table")), encoded)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (MIXED.drop(columns="age"), r"should match.*\(missing: age; the table has income, "),
        (MIXED.rename(columns={"age": "Age"}), r"\(missing: age; the table has Age, income, "),
        (MIXED.assign(age="old"), "Column 'age' holds text where the model was fitted on numbers"),
        (MIXED.assign(age=MIXED["when"]), "Column 'age' holds times where the model was fitted on numbers"),
        (MIXED.assign(when="soon"), "Column 'when' holds str where the model was fitted on dates"),
        (MIXED.assign(when=1.5), "Column 'when' holds float64 where the model was fitted on dates"),
        (MIXED.assign(when=pd.Timedelta("1h")), "Column 'when' holds timedelta.* where the model was fitted on dates"),
    ],
)
def test_other_columns_are_refused(frame, message):
    made, _ = fitted(MIXED)
    with pytest.raises(ModelError, match=message):
        made.store(Dataset(frame, "table"))


def test_columns_that_were_not_there_at_fit_are_passed_over():
    made, encoded = fitted(MIXED)
    np.testing.assert_array_equal(made.store(Dataset(MIXED.assign(label="x")[["label", *MIXED]], "table")), encoded)


@pytest.mark.parametrize("column", [["1h", "5"], [3600, 5], pd.to_datetime(["2020-01-01", None])])
def test_what_is_no_duration_is_refused(column):
    made, _ = fitted(pd.DataFrame({"x": pd.to_timedelta([1, 2], unit="h")}))
    with pytest.raises(ModelError, match=r"Column 'x' holds .* where the model was fitted on durations.*to_timedelta"):
        made.store(Dataset(pd.DataFrame({"x": column}), "table"))


def test_other_kinds_and_shapes_are_refused():
    made, encoded = fitted(MIXED)
    with pytest.raises(ModelError, match="was given vectors"):
        made.store(Dataset(np.ones((2, 13)), "vectors"))
    with pytest.raises(ModelError, match=r"\(n, 13\)"):
        made.to_data(encoded[:, :5])
    with pytest.raises(DataError, match="no columns"):
        TableFormat.from_dataset(Dataset(MIXED[[]], "table"))


def test_numbers_and_dates_can_be_kept_to_what_was_seen():
    made, encoded = fitted(MIXED)
    far = made.to_data(encoded * np.where(np.isin(made.feature_names, ["age", "income", "when"]), 9, 1))
    assert far["age"].max() > 50
    near = made.within_range(far)
    for name in ("age", "income", "when"):
        assert near[name].min() == MIXED[name].min()
        assert near[name].max() == MIXED[name].max()
        assert (near[name].isna() == MIXED[name].isna()).all()
    for name in ("same", "colour", "truth", "grade"):
        pd.testing.assert_series_equal(near[name], far[name])
    assert (near.dtypes == far.dtypes).all()
    inside = made.to_data(0.5 * encoded)
    pd.testing.assert_frame_equal(made.within_range(inside), inside)


def test_a_model_from_before_ranges_were_kept_stays_what_it_was():
    made, encoded = fitted(MIXED)
    before = made.config()
    for column in before["columns"]:
        column.pop("least", None)
        column.pop("most", None)
    again = TableFormat.from_config(before)
    assert again.config() == before
    assert json.loads(json.dumps(again.config(), allow_nan=False)) == json.loads(json.dumps(before))
    far = again.to_data(9 * encoded)
    pd.testing.assert_frame_equal(again.within_range(far), far)


def test_model_space_is_what_is_stored():
    made, encoded = fitted(MIXED)
    assert torch.equal(made.to_model(torch.from_numpy(encoded)), torch.from_numpy(encoded))


@pytest.mark.parametrize(
    ("columns", "message"),
    [([{"type": "sound", "name": "a"}], "type 'sound', unknown here"), ([{"type": "number", "nme": "a"}], "nme")],
)
def test_configurations_that_are_none(columns, message):
    with pytest.raises(ModelError, match=message):
        TableFormat.from_config({"kind": "table", "columns": columns})


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([0, 1], [0, 1]),
        ([400.5, 401.5], [400.5, 401.5]),
        ([("a", 1), ("a", 2)], [("a", 1), ("a", 2)]),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), ["2020-01-01 00:00:00", "2020-01-02 00:00:00"]),
    ],
)
def test_names_of_columns_that_are_no_text(names, expected):
    frame = pd.DataFrame([["x", 1.0], ["y", 3.0]], columns=names)
    made, encoded = fitted(frame)
    again = TableFormat.from_config(json.loads(json.dumps(made.config())))
    assert again.to_data(encoded).columns.tolist() == expected
    assert np.array_equal(again.store(Dataset(frame, "table")), encoded)
    as_text = frame.set_axis([str(name) for name in frame.columns], axis=1)  # as files have them
    assert np.array_equal(again.store(Dataset(as_text, "table")), encoded)


@pytest.mark.parametrize("unit", ["s", "us"])
def test_dates_of_all_times(unit):
    frame = pd.DataFrame({"x": np.array(["0001-01-01", "2020-06-01", "9999-12-31", "NaT"], f"datetime64[{unit}]")})
    made, encoded = fitted(frame)
    back = made.to_data(encoded)["x"]
    assert back.dtype == frame["x"].dtype
    assert back.dt.year.tolist()[:3] == [1, 2020, 9999]
    assert made.to_data(np.array([[99.0, 0.0]]))["x"].dt.year.tolist() == [9999]


@pytest.mark.parametrize(
    "column",
    [
        np.array(["1700-01-01", "2200-01-01"], "datetime64[ns]"),
        np.array([10**18, -(10**18)], "timedelta64[ns]"),
        np.array([10**15, -(10**15)], "timedelta64[us]"),
        ["01/01/1700", "31/12/2200"],
    ],
    ids=["dates", "durations", "coarse durations", "text"],
)
def test_codes_beyond_the_range_of_times_become_its_ends(column):
    made, _ = fitted(pd.DataFrame({"x": column}))
    low, high = made.to_data(np.array([[-1e6], [1e6]]))["x"]
    if isinstance(low, str):
        assert (low, high) == ("01/01/0001", "31/12/9999")
    else:
        assert low < min(column) < max(column) < high


# the code of a row is its own ------------------------------------------------------------------------------------


def later(made: TableFormat, frame: pd.DataFrame) -> np.ndarray:
    return made.store(from_frame(frame))


def from_csv(frame: pd.DataFrame) -> Dataset:
    with TemporaryDirectory() as folder:
        frame.to_csv(Path(folder, "x.csv"), index=False)
        return read_table(Path(folder, "x.csv"))


@pytest.mark.parametrize(
    ("text", "format"),
    [
        (["13/02/2020", "01/02/2020", "02/03/2020"], "%d/%m/%Y"),
        (["02/13/2020", "02/01/2020", "03/02/2020"], "%m/%d/%Y"),
        (["2020-02-13 10:30", "2020-02-01 00:00", "2020-03-02 07:05"], "%Y-%m-%d %H:%M"),
        (["20200213", "20200201", "20200302"], "%Y%m%d"),
    ],
)
def test_dates_keep_the_format_of_the_fit(text, format):
    frame = pd.DataFrame({"when": text, "beside": 1})
    made, encoded = fitted(frame)
    assert made.columns[0].format == format
    for row in range(3):
        np.testing.assert_array_equal(later(made, frame[row : row + 1]), encoded[row : row + 1])
    times = pd.DataFrame({"when": pd.to_datetime(frame["when"], format=format), "beside": 1})
    np.testing.assert_array_equal(later(made, times), encoded)
    np.testing.assert_array_equal(made.store(from_csv(frame)), encoded)
    pd.testing.assert_frame_equal(made.to_data(encoded), frame)  # and it is written in it again


def test_text_of_another_format_is_refused():
    made, _ = fitted(pd.DataFrame({"when": ["13/02/2020", "01/02/2020"]}))
    with pytest.raises(ModelError, match=r"'when' holds str where the model was fitted on dates \(%d/%m/%Y\)"):
        later(made, pd.DataFrame({"when": ["2020-02-13"]}))


def test_dates_among_other_text_are_categories_without_it_too():
    frame = pd.DataFrame({"when": ["2020-01-01", "soon", "2020-01-02"]})
    made, encoded = fitted(frame)
    np.testing.assert_array_equal(later(made, frame[::2]), encoded[::2])


def test_numbers_among_categories_are_known_by_their_value():
    made, encoded = fitted(pd.DataFrame({"x": ["1", "2", "x", None]}))
    for column in ([1.0, 2.0, None], [1, 2, None], ["1.0", "02", None], pd.array([1, 2, None], "Int64")):
        np.testing.assert_array_equal(later(made, pd.DataFrame({"x": column})), encoded[[0, 1, 3]])
    made, encoded = fitted(pd.DataFrame({"x": ["true", "false", "maybe"]}))
    np.testing.assert_array_equal(later(made, pd.DataFrame({"x": [True, False]})), encoded[:2])


def test_of_several_spellings_the_most_frequent_stands_for_all():
    made, encoded = fitted(pd.DataFrame({"zip": ["2139", "02139", "02139", "10001"]}))
    assert made.feature_names == ["zip = 02139", "zip = 10001"]
    assert encoded.tolist() == [[1, 0], [1, 0], [1, 0], [0, 1]]


TYPES = [
    st.lists(st.none() | st.floats(-1e6, 1e6, allow_nan=False), min_size=4, max_size=4),
    st.lists(st.integers(-999, 999), min_size=4, max_size=4),
    st.lists(st.none() | st.sampled_from(["a", " b", "?", "1", "01", "1.50", "true", "TRUE", "7e1", "2020-01-02", "-"]),
             min_size=4, max_size=4),
    st.lists(st.none() | st.booleans(), min_size=4, max_size=4),
    st.lists(st.none() | st.sampled_from([1, 2.0, "x", True, "1.0"]), min_size=4, max_size=4),
    st.lists(st.none() | st.dates(), min_size=4, max_size=4),
    st.lists(st.none() | st.dates().map("{:%d/%m/%Y}".format), min_size=4, max_size=4),
    st.lists(st.none() | st.datetimes(), min_size=4, max_size=4),
    st.lists(st.none() | st.datetimes(datetime(1800, 1, 1), datetime(2200, 1, 1)), min_size=4, max_size=4).map(
        lambda v: pd.Series(v, dtype="datetime64[ns, UTC]")),
    st.lists(st.none() | st.timedeltas(timedelta(-9999), timedelta(9999)), min_size=4, max_size=4).map(
        lambda v: pd.Series(v, dtype="timedelta64[us]")),
    st.lists(st.none() | st.integers(0, 3), min_size=4, max_size=4).map(lambda v: pd.Series(v, dtype="category")),
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(column=st.one_of(TYPES), rows=st.lists(st.integers(0, 3), min_size=1, max_size=4, unique=True))
def test_the_code_of_a_row_does_not_hang_on_the_rows_beside_it(column, rows):
    frame = pd.DataFrame({"x": column, "beside": [0.5, 1, 2, 3]})
    data = from_frame(frame)
    made = TableFormat.from_dataset(data)
    whole = made.store(data)
    for row in range(4):
        np.testing.assert_array_equal(later(made, frame[row : row + 1]), whole[row : row + 1])
    np.testing.assert_array_equal(later(made, frame.iloc[rows]), whole[rows])
    np.testing.assert_array_equal(made.store(from_csv(frame)), whole)
    np.testing.assert_array_equal(made.store(from_csv(frame.iloc[rows])), whole[rows])


FLOATS = st.none() | st.floats(-1e9, 1e9, allow_nan=False, width=64)
COLUMNS = {
    "number": st.lists(FLOATS, min_size=5, max_size=5).map(lambda v: pd.Series(v, dtype=float)),
    "whole": st.lists(st.integers(-(2**20), 2**20), min_size=5, max_size=5).map(pd.Series),
    "text": st.lists(st.none() | st.text("ab é", max_size=3), min_size=5, max_size=5).map(
        lambda v: pd.Series(v, dtype="str")
    ),
    "truth": st.lists(st.booleans(), min_size=5, max_size=5).map(pd.Series),
    "date": st.lists(st.none() | st.datetimes(datetime(1950, 1, 1), datetime(2050, 1, 1)), min_size=5, max_size=5).map(
        lambda v: pd.Series(v, dtype="datetime64[us]")
    ),
}


@settings(max_examples=60, deadline=None)
@given(frame=st.fixed_dictionaries(COLUMNS).map(pd.DataFrame))
def test_tables_and_settings_survive(frame):
    made, encoded = fitted(frame)
    again = TableFormat.from_config(json.loads(json.dumps(made.config())))
    assert again == made
    assert np.array_equal(again.store(Dataset(frame, "table")), encoded)
    back = again.to_data(encoded)
    assert back.dtypes.tolist() == frame.dtypes.tolist()
    assert back.isna().equals(frame.isna())
    pd.testing.assert_frame_equal(back[["whole", "text", "truth"]], frame[["whole", "text", "truth"]])
    spread = frame["number"].std(ddof=0)
    if spread > 0:
        tolerance = 1e-5 * max(spread, np.nanmax(np.abs(frame["number"])))
        assert np.nanmax(np.abs(back["number"] - frame["number"])) <= tolerance
    gap = (back["date"] - frame["date"]).abs().max()
    assert pd.isna(gap) or gap < pd.Timedelta("1h")  # float32 over a century
