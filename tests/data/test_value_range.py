"""What 0 and 1 are in the data, and which range other data are in."""

import numpy as np
import pytest

from hiddenspace.data.value_range import LOOKED_AT, ValueRange

LOT = np.random.default_rng(0)
BYTES = LOT.integers(0, 256, (20, 6, 6), dtype=np.uint8)
BYTES[0, 0, :2] = (0, 255)
UNIT = BYTES.astype(np.float64) / 255
NOISY = UNIT + LOT.normal(0, 0.5, UNIT.shape)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (BYTES, ("byte", 0, 255)),
        (BYTES // 60, ("byte", 0, 255)),  # dark bytes are bytes
        (BYTES.astype(np.float32), ("byte", 0, 255)),
        (BYTES.astype(np.int64), ("byte", 0, 255)),
        (BYTES.astype(np.uint16) * 257, ("word", 0, 65535)),
        (BYTES.astype(">u2") * 257, ("word", 0, 65535)),
        (UNIT, ("unit", 0, 1)),
        (UNIT.astype(np.float32) * 0.1, ("unit", 0, 1)),  # a dark picture stays dark
        (BYTES > 99, ("unit", 0, 1)),
        ((BYTES > 99).astype(np.float32), ("unit", 0, 1)),
        (np.zeros((3, 4)), ("unit", 0, 1)),
        (UNIT * 2 - 1, ("own", -1, 1)),
        (UNIT * 200, ("own", 0, 200)),  # fractions are no bytes
        (np.round(UNIT * 16), ("own", 0, 16)),
        (np.full((3, 4), 300.0), ("own", 300, 301)),  # one value only: nothing to divide by
        (UNIT - 10, ("own", -10, -9)),
    ],
    ids=lambda value: str(value) if isinstance(value, tuple) else f"{value.dtype} {value.min()} to {value.max()}",
)
def test_of(x, expected):
    found = ValueRange.of(x)
    assert (found.name, found.low, found.high) == expected
    assert found.conventional == (expected[0] != "own")


FORMS = {
    "uint8": BYTES,
    "bytes as float32": BYTES.astype(np.float32),
    "bytes as float64": BYTES.astype(np.float64),
    "bytes as int64": BYTES.astype(np.int64),
    "uint16": BYTES.astype(np.uint16) * 257,
    "unit as float64": UNIT,
    "unit as float32": UNIT.astype(np.float32),
}
# dark words and bytes as other numbers cannot be told apart
PAIRS = [(f, g) for f in FORMS for g in FORMS if not (f == "uint16" and g.startswith("bytes as"))]


@pytest.mark.parametrize("rows", [20, 1])
@pytest.mark.parametrize(("fitted", "given"), PAIRS)
def test_any_conventional_range_stands_for_any_other(fitted, given, rows):
    x = FORMS[given][:rows]
    unit = ValueRange.of(FORMS[fitted]).converter(x)(x)
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit, UNIT[:rows], atol=1e-7)


@pytest.mark.parametrize("name", ["byte", "word", "unit"])
def test_the_types_of_pictures_give_the_same_bits(name):
    values = ValueRange.of({"byte": BYTES, "word": BYTES.astype(np.uint16) * 257, "unit": UNIT}[name])
    got = [values.converter(x)(x) for x in (BYTES, BYTES.astype(np.uint16) * 257, BYTES.astype(np.float32) / 255)]
    assert np.array_equal(got[0], got[1])
    assert np.array_equal(got[0], got[2])


@pytest.mark.parametrize("fitted", [BYTES, UNIT, BYTES.astype(np.uint16) * 257])
def test_noise_beyond_the_unit_range_is_not_taken_for_bytes(fitted):
    np.testing.assert_allclose(ValueRange.of(fitted).converter(NOISY)(NOISY), NOISY, atol=1e-6)


@pytest.mark.parametrize("fitted", [BYTES, UNIT])
def test_noise_beyond_the_range_of_bytes_stays_noise(fitted):
    noisy = NOISY * 255
    assert noisy.max() > 300
    np.testing.assert_allclose(ValueRange.of(fitted).converter(noisy)(noisy), NOISY, atol=1e-5)


def test_dark_bytes_as_floats_stay_bytes_of_a_model_of_bytes():
    dark = np.minimum(BYTES, 12).astype(np.float32)
    np.testing.assert_allclose(ValueRange.of(BYTES).converter(dark)(dark), dark / 255, atol=1e-7)


def test_booleans_are_black_and_white():
    mask = BYTES > 99
    assert set(np.unique(ValueRange.of(BYTES).converter(mask)(mask))) == {0.0, 1.0}


def test_an_own_range_is_kept_whatever_comes():
    values = ValueRange.of(np.round(UNIT * 16))
    for x in (np.array([[16, 4]], np.uint8), np.array([[16.0, 4.0]])):
        assert values.converter(x)(x).tolist() == [[1.0, 0.25]]
    beyond = np.array([[32.0, -16.0]])
    assert values.converter(beyond)(beyond).tolist() == [[2.0, -1.0]]


def test_large_offsets_keep_their_digits():
    x = 1e9 + UNIT.reshape(20, -1)
    np.testing.assert_allclose(ValueRange.of(x).converter(x)(x), UNIT.reshape(20, -1), atol=1e-6)


@pytest.mark.parametrize("x", [BYTES, UNIT, BYTES.astype(np.uint16) * 257, UNIT * 2 - 1, np.round(UNIT * 16)])
def test_there_and_back(x):
    values = ValueRange.of(x)
    back = values.from_unit(values.converter(x)(x))
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, x, rtol=1e-6, atol=1e-6 * values.high)
    assert ValueRange(**values.config()) == values


def test_a_large_array_is_judged_by_some_of_its_rows():
    class Large:
        shape, dtype = (10**9, 2), np.dtype(np.float32)
        asked = 0

        def __len__(self):
            return self.shape[0]

        def __getitem__(self, index):
            self.asked += len(index)
            return np.stack([index % 256, index * 0 + 255], axis=1).astype(np.float32)

    large = Large()
    rows = np.array([[255.0, 0.0]])
    assert ValueRange.of(UNIT).converter(large)(rows).tolist() == [[1.0, 0.0]]
    assert large.asked == LOOKED_AT


@pytest.mark.parametrize(("fitted", "highest"), [(BYTES, 255.0), (UNIT, 1.0)])
def test_no_items_keep_the_fitted_range(fitted, highest):
    to_unit = ValueRange.of(fitted).converter(np.zeros((0, 4)))
    assert to_unit(np.zeros((0, 4))).shape == (0, 4)
    assert to_unit(np.array([[0.0, highest]])).tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize("fitted", [BYTES, BYTES.astype(np.uint16) * 257, UNIT])
def test_black_and_white_as_floats_is_no_dark_picture(fitted):
    mask = (BYTES > 99).astype(np.float64)
    assert np.array_equal(ValueRange.of(fitted).converter(mask)(mask), mask)


def test_dark_bytes_as_floats_are_bytes_to_a_model_of_unit_pictures():
    dark = np.minimum(BYTES, 12).astype(np.float32)
    np.testing.assert_allclose(ValueRange.of(UNIT).converter(dark)(dark), dark / 255, atol=1e-7)


@pytest.mark.parametrize("beside", [0.5, 2.0, 16.0, 20.5, 300.5, 5000.5])
def test_a_row_does_not_become_bytes_by_what_is_beside_it(beside):
    rows = np.array([[0.5, 0.25], [beside, 0.0]])
    values = ValueRange.of(UNIT.reshape(20, -1))
    assert np.array_equal(values.converter(rows)(rows), rows.astype(np.float32))


def test_half_precision_and_large_whole_numbers_keep_their_digits():
    half = BYTES.astype(np.float16)
    np.testing.assert_allclose(ValueRange.of(BYTES).converter(half)(half), UNIT, atol=1e-7)
    large = 10**9 + BYTES.astype(np.int64)
    np.testing.assert_allclose(ValueRange.of(large).converter(large)(large), UNIT, atol=1e-7)
