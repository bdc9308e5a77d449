import json

import numpy as np
import pandas as pd
import pytest

from hiddenspace.data.attributes import AttributeFormat
from hiddenspace.errors import DataError, ModelError, UsageError

TABLE = pd.DataFrame(
    {"type": ["sofa", "chair", "chair"], "azimuth": [0.0, 90.0, 350.0], "height": [1, 2, 3], "new": [True, False, True]}
)


def test_each_kind_of_column():
    fitted = AttributeFormat.fitted(TABLE)
    assert fitted.names == (
        "type = chair", "type = sofa", "cos azimuth", "sin azimuth", "height", "new = False", "new = True",
    )  # fmt: skip
    assert fitted.width == 7
    encoded = fitted.encode(TABLE)
    assert encoded.dtype == np.float32
    angles = np.deg2rad(TABLE["azimuth"])
    scaled = np.array([-1, 0, 1]) / np.sqrt(2 / 3)
    expected = np.stack([[0, 1, 1], [1, 0, 0], np.cos(angles), np.sin(angles), scaled, [0, 1, 0], [1, 0, 1]], axis=1)
    np.testing.assert_allclose(encoded, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "values", "period"),
    [
        ("azimuth", [0.0, 245.0], 360),
        ("Angle", [-170, 170], 360),
        ("angle_deg", [0, 5, 10], 360),
        ("hue", [0.0, 0.9], 1),
        ("hue", [0.0, 300.0], 360),
        ("angle", [0.0, 6.2], None),  # radians
        ("rotation", [0.0, 5000.0], None),
        ("elevation", [0.0, 90.0], None),
    ],
)
def test_angles_are_known_by_name_and_values(name, values, period):
    fitted = AttributeFormat.fitted({name: values})
    assert getattr(fitted.columns[0], "period", None) == period
    assert AttributeFormat.fitted({name: values}, cyclic={}).width == 1


def test_told_cycles_and_classes():
    fitted = AttributeFormat.fitted({"hour": [0, 6, 18], "object": [3, 1, 2]}, {"hour": 24}, categorical=["object"])
    assert fitted.names == ("cos hour", "sin hour", "object = 1", "object = 2", "object = 3")
    expected = [[1, 0, 0, 0, 1], [0, 1, 1, 0, 0], [0, -1, 0, 1, 0]]
    np.testing.assert_allclose(fitted.encode({"object": [3, 1, 2], "hour": [24, 6, -6]}), expected, atol=1e-6)


def test_harmonics_are_multiples():
    fitted = AttributeFormat.fitted({"azimuth": [0, 30.0]}, harmonics=2)
    assert fitted.names == ("cos azimuth", "sin azimuth", "cos 2 azimuth", "sin 2 azimuth")
    third = np.deg2rad(30)
    expected = [np.cos(third), np.sin(third), np.cos(2 * third), np.sin(2 * third)]
    np.testing.assert_allclose(fitted.encode({"azimuth": 30})[0], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("labels", "again", "width"),
    [
        ([2, 0, 1, 1], [1, 1], 3),
        (np.array([2.0, 0.0]), [0], 2),
        (["a", "b"], np.array(["b"]), 2),
        (pd.Series([4, 5], name="digit"), [5], 2),
        (np.array([True, False]), [True], 2),
    ],
)
def test_labels_are_one_categorical_column(labels, again, width):
    fitted = AttributeFormat.fitted(labels)
    assert fitted.width == width
    assert fitted.encode(again).sum(1).tolist() == [1] * len(again)
    assert fitted.names[0].startswith("label = ")


def test_numbers_in_two_axes_are_numbers():
    x = np.random.default_rng(0).normal(3, 2, (50, 4))
    fitted = AttributeFormat.fitted(x)
    np.testing.assert_allclose(fitted.encode(x), (x - x.mean(0)) / x.std(0), atol=1e-5)
    constant = AttributeFormat.fitted(np.full((3, 1), 7.0))
    assert constant.encode([[7.0], [8.0]]).ravel().tolist() == [0, 1]


def test_other_ways_to_say_it():
    fitted = AttributeFormat.fitted(TABLE)
    expected = fitted.encode(TABLE)
    assert np.array_equal(fitted.encode(TABLE.to_dict("records")), expected)
    assert np.array_equal(fitted.encode(TABLE[TABLE.columns[::-1]].assign(more=1)), expected)
    one = fitted.encode({"type": "sofa", "azimuth": [0, 90], "height": 1, "new": True})
    assert one.shape == (2, 7)
    assert np.array_equal(one[0], expected[0])
    assert np.array_equal(AttributeFormat.fitted(TABLE.astype({"type": "category"})).encode(TABLE), expected)


def test_records_are_read_as_the_table_they_make():
    records = [{"kind": "a", "size": 1.5}, {"kind": "b", "size": 2.5}, {"kind": "a", "size": 4.0}]
    assert AttributeFormat.fitted(records) == AttributeFormat.fitted(pd.DataFrame(records))
    assert AttributeFormat.fitted(records).names == ("kind = a", "kind = b", "size")
    assert AttributeFormat.fitted(pd.Series(records, index=[5, 6, 7])) == AttributeFormat.fitted(records)


def test_categories_of_pandas_are_categories_whatever_they_are_of():
    table = pd.DataFrame({"code": pd.Categorical([3, 1, 3]), "size": [3, 1, 3]})
    assert AttributeFormat.fitted(table).names == ("code = 1", "code = 3", "size")
    assert AttributeFormat.fitted({"code": table["code"], "size": [3, 1, 3]}) == AttributeFormat.fitted(table)


def test_json_and_back():
    fitted = AttributeFormat.fitted(TABLE, harmonics=2)
    again = AttributeFormat.from_config(json.loads(json.dumps(fitted.config())))
    assert again == fitted
    assert np.array_equal(again.encode(TABLE), fitted.encode(TABLE))


@pytest.mark.parametrize(
    "config", [{"columns": [{"kind": "magic", "name": "x"}]}, {"columns": [{"kind": "number", "name": "x", "mean": 0}]}]
)
def test_a_damaged_config(config):
    with pytest.raises(ModelError):
        AttributeFormat.from_config(config)


def test_ways_between():
    fitted = AttributeFormat.fitted(TABLE)
    a, b = ({"type": t, "azimuth": z, "height": h, "new": True} for t, z, h in (("sofa", 350, 1), ("chair", 30, 3)))
    way = fitted.between(a, b, 5)
    np.testing.assert_allclose(way[[0, -1]], fitted.encode([a, b]), atol=1e-6)
    np.testing.assert_allclose(np.rad2deg(np.arctan2(way[:, 3], way[:, 2])), [-10, 0, 10, 20, 30], atol=1e-4)
    np.testing.assert_allclose(np.hypot(way[:, 2], way[:, 3]), 1, atol=1e-6)  # along the arc, not across it
    np.testing.assert_allclose(way[:, 0], np.linspace(0, 1, 5), atol=1e-6)
    np.testing.assert_allclose(np.diff(way[:, 4], 2), 0, atol=1e-6)


@pytest.mark.parametrize(
    ("later", "says"),
    [
        (
            {"type": "throne", "azimuth": 0, "height": 1, "new": True},
            "'throne' is no known value of the attribute 'type'",
        ),
        ({"type": "sofa", "azimuth": 0, "new": True}, "lack the column 'height'"),
        ({"type": "sofa", "azimuth": np.nan, "height": 1, "new": True}, "'azimuth' has no value in row 0"),
        ({"type": ["sofa", None], "azimuth": 0, "height": 1, "new": True}, "'type' has no value in row 1"),
        (
            {"type": "sofa", "azimuth": "left", "height": 1, "new": True},
            "'left' is no value of the attribute 'azimuth'",
        ),
        ({"type": "sofa", "azimuth": np.inf, "height": 1, "new": True}, "not finite"),
        ({"type": ["sofa"] * 2, "azimuth": [0] * 3, "height": 1, "new": True}, "not of one length"),
        (np.zeros((2, 4)), "lack the column 'type'"),
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\)"),
        (np.array(5), r"shape \(\) cannot be read"),
    ],
)
def test_attributes_that_do_not_fit(later, says):
    with pytest.raises(DataError, match=says):
        AttributeFormat.fitted(TABLE).encode(later)


@pytest.mark.parametrize(
    ("attributes", "options", "error", "says"),
    [
        ({}, {}, DataError, "no columns"),
        ({"x": [1.0, None]}, {}, DataError, "'x' has no value in row 1"),
        (np.arange(2000), {}, DataError, "2,000 values"),
        ({"x": [1]}, {"cyclic": {"y": 360}}, UsageError, "cyclic names 'y'"),
        ({"x": [1]}, {"cyclic": {"x": 0}}, UsageError, "0 is no period"),
        ({"x": ["a"]}, {"cyclic": {"x": 360}}, DataError, "'a' is no value"),
        ({"x": [1]}, {"categorical": ["y"]}, UsageError, "categorical names 'y'"),
        ({"x": [1]}, {"harmonics": 0}, UsageError, "harmonics"),
    ],
)
def test_attributes_that_cannot_be_learned(attributes, options, error, says):
    with pytest.raises(error, match=says):
        AttributeFormat.fitted(attributes, **options)


def test_bad_ways():
    fitted = AttributeFormat.fitted(TABLE)
    with pytest.raises(UsageError, match="steps=1"):
        fitted.between(TABLE[:1], TABLE[1:2], 1)
    with pytest.raises(DataError, match="there are 2"):
        fitted.between(TABLE[:1], TABLE[1:], 3)
