import numpy as np
import pandas as pd
import pytest
import torch

from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError, UsageError

RNG = np.random.default_rng(0)


def numbers(*shape: int) -> np.ndarray:
    return RNG.random(shape).astype(np.float32)


@pytest.mark.parametrize(
    ("shape", "kind", "layout", "items"),
    [
        ((5, 7), "vectors", None, (5, 7)),
        ((5, 8, 6), "images", "hw", (5, 8, 6, 1)),
        ((5, 8, 6, 3), "images", "hwc", (5, 8, 6, 3)),
        ((5, 3, 8, 6), "images", "chw", (5, 8, 6, 3)),
        ((5, 1, 8, 6), "images", "chw", (5, 8, 6, 1)),
        ((5, 8, 6, 1), "images", "hwc", (5, 8, 6, 1)),
        ((5, 2, 2, 3), "images", "chw", (5, 2, 3, 2)),  # at most 4, and the smaller one
        ((5, 64, 8, 8), "images", "chw", (5, 8, 8, 64)),  # the square tells
        ((5, 8, 8, 64), "images", "hwc", (5, 8, 8, 64)),
        ((5, 6, 40, 50), "images", "chw", (5, 40, 50, 6)),  # clearly smaller
        ((5, 50, 40, 6), "images", "hwc", (5, 50, 40, 6)),
        ((5, 4, 4, 4), "images", "hwc", (5, 4, 4, 4)),  # a tie is channels last
        ((1, 3), "vectors", None, (1, 3)),  # one row can be loaded
        ((1, 1, 1), "images", "hw", (1, 1, 1, 1)),
    ],
)
def test_shapes(shape, kind, layout, items):
    data = load_dataset(numbers(*shape))
    assert (data.kind, data.layout, data.items.shape) == (kind, layout, items)


def test_channels_first_is_a_view():
    array = numbers(5, 3, 8, 6)
    data = load_dataset(array)
    assert np.shares_memory(data.items, array)
    assert np.array_equal(data.items[2, 4, 5], array[2, :, 4, 5])


@pytest.mark.parametrize(("channels", "layout"), [("first", "chw"), ("last", "hwc")])
def test_channels_can_be_said(channels, layout):
    data = load_dataset(numbers(2, 3, 8, 3), channels=channels)
    assert data.layout == layout
    assert not data.notes


def test_a_guess_of_channels_is_said_aloud():
    assert "channels='first'" in load_dataset(numbers(2, 9, 8, 9)).notes[0]
    assert "channels='last'" in load_dataset(torch.zeros(2, 9, 8, 9)).notes[0]


def test_one_colour_picture_is_taken_for_grey_ones_and_that_is_said():
    assert "X[None]" in load_dataset(numbers(32, 32, 3)).notes[0]


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.uint8, torch.int64, torch.bool]
)
def test_tensors(dtype):
    tensor = torch.ones(4, 3, 5, 6, dtype=dtype)
    data = load_dataset(tensor)
    assert data.items.shape == (4, 5, 6, 3)
    assert (data.items == 1).all()


def test_a_tensor_with_gradients():
    assert load_dataset(torch.ones(4, 3, requires_grad=True)).items.shape == (4, 3)


@pytest.mark.parametrize("dtype", [">f4", "<f8", ">u2", "?", "g", "i8"])
def test_types_become_what_torch_takes(dtype):
    data = load_dataset(np.ones((3, 4), dtype))
    assert torch.equal(torch.from_numpy(data.items).double(), torch.ones(3, 4, dtype=torch.float64))


def test_reversed_arrays():
    array = numbers(4, 3)
    assert torch.equal(torch.from_numpy(load_dataset(array[::-1]).items), torch.from_numpy(array[::-1].copy()))


def test_lists_and_objects_of_numbers():
    assert load_dataset([[1, 2], [3, 4]]).items.tolist() == [[1, 2], [3, 4]]
    assert load_dataset([numbers(4, 5), numbers(4, 5)]).kind == "images"
    assert load_dataset(np.array([[1, 2.5]], object)).items.dtype == np.float64


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([1, 0], [1, 0]),
        (["a", "b"], ["a", "b"]),
        ([1.0, 2.0], [1, 2]),
        ([[3], [4]], [3, 4]),
        ([None, "x"], ["None", "x"]),
    ],
)
def test_labels(labels, expected):
    data = load_dataset(numbers(2, 3), labels=labels)
    assert data.labels.tolist() == expected
    assert data.labels.dtype.kind in "iU"


NAN_IMAGES = numbers(10, 4, 4)
NAN_IMAGES[3, 0, 0], NAN_IMAGES[7, 1, 1] = np.nan, np.inf

BAD = {
    "nan": (NAN_IMAGES, "2 of 10 items hold NaN or inf .the first is item 3.*nan_to_num"),
    "minus inf": (np.array([[0, -np.inf]]), "1 of 1 items"),
    "inf and minus inf": (np.array([[np.inf, -np.inf], [0, 0]]), "1 of 2 items"),
    "empty": (np.empty((0, 3)), "0 sample"),
    "no features": (np.empty((3, 0)), "0 feature"),
    "one axis": (np.ones(3), "Reshape your data"),
    "no axis": (np.array(1.0), "Reshape your data"),
    "five axes": (np.ones((2, 2, 2, 2, 2)), "too many axes"),
    "complex": (np.ones((2, 2), complex), "Complex data not supported"),
    "text": (np.array([["a", "b"]]), "not numbers.*DataFrame"),
    "dates": (np.array([["2020-01-01"]], "M8[D]"), "not numbers"),
    "structured": (np.ones(3, [("a", "f4")]), "not numbers"),
    "objects": (np.array([[1, {"a": 1}]], object), "string or a number"),
    "ragged": ([[1, 2], [3]], "differ in shape"),
    "ragged objects": (np.array([[1, 2], [3]], object), "rows of different length"),
    "ragged images": ([np.ones((3, 4)), np.ones((4, 4))], "differ in shape"),
    "empty list": ([], "list is empty"),
    "list of words": (["cat", "dog"], "not numbers"),
    "none": (None, "NoneType is no source"),
    "number": (3, "int is no source"),
    "dict": ({"a": 1}, "dict is no source"),
    "set": ({1, 2}, "set is no source"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arrays_are_refused_in_one_sentence(case):
    source, message = BAD[case]
    with pytest.raises(DataError, match=message) as caught:
        load_dataset(source)
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text


def test_huge_finite_numbers_are_no_infinity():
    assert len(load_dataset(np.full((100, 3), 3e38, np.float32))) == 100


@pytest.mark.parametrize("labels", [[1, 2, 3], [[1, 2], [3, 4]], "name"])
def test_labels_that_do_not_fit(labels):
    with pytest.raises((DataError, UsageError), match="label"):
        load_dataset(numbers(2, 3), labels=labels)


def test_sparse():
    import scipy.sparse as scipy

    with pytest.raises(DataError, match="Sparse data not supported"):
        load_dataset(scipy.eye(3).tocsr())


def test_wrong_channels():
    with pytest.raises(UsageError, match="'first' or 'last'"):
        load_dataset(numbers(2, 3, 4, 5), channels="middle")


def test_a_dataset_is_returned_as_it_is():
    data = load_dataset(numbers(2, 3))
    assert load_dataset(data) is data


def test_series_and_arrow_tables():
    assert load_dataset(pd.Series([1.0, 2.0], name="a")).items.columns.tolist() == ["a"]
    import pyarrow

    assert load_dataset(pyarrow.table({"a": [1, 2], "b": [3, 4]})).items.shape == (2, 2)
