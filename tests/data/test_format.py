"""From items to what networks see, and back."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from hiddenspace.data.batches import ArrayBatches
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import ImageFormat, VectorFormat, fit_format, format_from_config
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError, ModelError

LOT = np.random.default_rng(0)
BYTES = LOT.integers(0, 256, (7, 5, 4, 3), dtype=np.uint8)
BYTES[0, 0, 0] = (0, 128, 255)
UNIT = (BYTES.astype(np.float32) / 255).transpose(0, 3, 1, 2)
"""What networks are to see of the same pictures."""


def seen(dataset: Dataset, made=None) -> np.ndarray:
    """What comes of a dataset batch by batch."""
    made = made or fit_format(dataset)
    batches = ArrayBatches(made.store(dataset), made.to_model, batch_size=3, seed=None, drop_last=False)
    batches = batches.on(torch.device("cpu"), 0, 1)
    return torch.cat([batches.draw(position)[0] for position in range(len(batches))]).numpy()


def on_disk(array: np.ndarray, folder: Path) -> np.memmap:
    np.save(folder / "x.npy", array)
    return np.load(folder / "x.npy", mmap_mode="r")


RANGES = {
    "bytes": lambda x: x,
    "floats to 255": lambda x: x.astype(np.float32),
    "doubles to 255": lambda x: x.astype(np.float64),
    "integers": lambda x: x.astype(np.int64),
    "16 bits": lambda x: x.astype(np.uint16) * 257,
    "floats to 1": lambda x: x.astype(np.float32) / np.float32(255),
    "doubles to 1": lambda x: x / 255,
}
LAYOUTS = {
    "hwc": lambda x: x,
    "chw": lambda x: x.transpose(0, 3, 1, 2),
    "hw": lambda x: x[..., 0],
}


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("given", RANGES)
def test_the_same_pictures_are_the_same_to_the_networks(given, layout, lazy, tmp_path):
    array = LAYOUTS[layout](RANGES[given](BYTES))
    dataset = load_dataset(on_disk(array, tmp_path) if lazy else array)
    made = fit_format(dataset)
    x = seen(dataset, made)
    expected = UNIT[:, :1] if layout == "hw" else UNIT
    assert made.shape == expected.shape[1:]
    assert (x.dtype, x.shape) == (np.float32, expected.shape)
    np.testing.assert_allclose(x, expected, atol=1e-7)
    back = made.to_data(x)
    assert back.shape == array.shape
    np.testing.assert_allclose(back, array, rtol=1e-6, atol=1e-6)


WORDS_OR_BYTES = [("16 bits", given) for given in ("floats to 255", "doubles to 255", "integers")]
"""What cannot be told apart: dark pictures of 16 bits, and bytes as other numbers."""
PAIRS = [(fitted, given) for fitted in ("bytes", "floats to 1", "16 bits") for given in RANGES]


@pytest.mark.parametrize(("fitted", "given"), [pair for pair in PAIRS if pair not in WORDS_OR_BYTES])
def test_a_fitted_model_knows_the_other_ranges(fitted, given):
    made = fit_format(load_dataset(RANGES[fitted](BYTES)))
    np.testing.assert_allclose(seen(load_dataset(RANGES[given](BYTES)), made), UNIT, atol=1e-7)


def test_bytes_stay_bytes_and_are_not_copied():
    dataset = load_dataset(BYTES)
    assert np.shares_memory(fit_format(dataset).store(dataset), BYTES)
    rows = load_dataset(BYTES.reshape(7, -1))
    assert fit_format(rows).store(rows).dtype == np.uint8


def test_a_memory_map_stays_on_the_disk(tmp_path):
    for array in (BYTES, RANGES["doubles to 1"](BYTES)):
        dataset = load_dataset(on_disk(array, tmp_path))
        stored = fit_format(dataset).store(dataset)
        assert not isinstance(stored, np.ndarray) or isinstance(stored, np.memmap)


def test_part_of_a_dataset_is_seen_alike(tmp_path):
    for array in (BYTES, on_disk(RANGES["floats to 1"](BYTES), tmp_path)):
        kept, held_out = load_dataset(array).split(0.3, seed=0)
        made = fit_format(load_dataset(array))
        both = np.concatenate([seen(kept, made), seen(held_out, made)])
        assert sorted(both.sum((1, 2, 3))) == pytest.approx(sorted(UNIT.sum((1, 2, 3))), rel=1e-6)


def test_dark_pictures_stay_dark():
    dark = BYTES // 8
    for given in ("bytes", "floats to 1", "16 bits"):
        assert seen(load_dataset(RANGES[given](dark))).max() == pytest.approx(31 / 255)


def test_noise_is_taken_as_it_is():
    noisy = UNIT.transpose(0, 2, 3, 1) + LOT.normal(0, 0.5, BYTES.shape)
    made = fit_format(load_dataset(BYTES))
    np.testing.assert_allclose(seen(load_dataset(noisy), made), noisy.transpose(0, 3, 1, 2), atol=1e-6)


def test_decoded_pictures_do_not_leave_their_range():
    made = fit_format(load_dataset(BYTES))
    out = made.to_data(np.full((2, 3, 5, 4), [[[[-3.0]]], [[[7.0]]]], dtype=np.float32))
    assert (out[0].max(), out[1].min()) == (0.0, 255.0)


# rows ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("given", RANGES)
def test_rows_of_pixels_share_one_scale(given, lazy, tmp_path):
    array = RANGES[given](BYTES).reshape(7, -1)
    dataset = load_dataset(on_disk(array, tmp_path) if lazy else array)
    made = fit_format(dataset)
    assert made.range is not None
    x = seen(dataset, made)
    np.testing.assert_allclose(x, BYTES.reshape(7, -1) / 255, atol=1e-7)
    np.testing.assert_allclose(made.to_data(x), array, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("lazy", [False, True])
def test_other_rows_are_standardised_by_column(lazy, tmp_path):
    array = LOT.normal([0, 1e6, -3], [1, 10, 0.01], (200, 3))
    dataset = load_dataset(on_disk(array, tmp_path) if lazy else array)
    made = fit_format(dataset)
    x = seen(dataset, made)
    np.testing.assert_allclose(x, (array - array.mean(0)) / array.std(0), atol=1e-5)
    back = made.to_data(x)
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, array, rtol=1e-6, atol=1e-5)


def test_a_constant_column_becomes_zeros_and_itself_again():
    array = np.stack([np.full(9, 1e6 / 3), np.arange(9.0), np.full(9, -7.0)], axis=1)
    dataset = load_dataset(array)
    made = fit_format(dataset)
    x = seen(dataset, made)
    assert np.isfinite(x).all()
    assert np.array_equal(x[:, [0, 2]], np.zeros((9, 2)))
    np.testing.assert_allclose(made.to_data(x), array, rtol=1e-6, atol=1e-6)


def test_a_column_of_small_numbers_is_no_constant():
    array = LOT.normal(0, [1e-13, 1.0], (50, 2))
    np.testing.assert_allclose(seen(load_dataset(array)).std(0), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("scaling", "array", "by_column"),
    [
        ("auto", BYTES.reshape(7, -1), False),
        ("columns", BYTES.reshape(7, -1), True),
        ("auto", LOT.normal(size=(9, 3)), True),
        ("whole", LOT.normal(size=(9, 3)), False),
    ],
)
def test_scaling(scaling, array, by_column):
    dataset = load_dataset(array)
    made = fit_format(dataset, scaling)
    assert (made.range is None) == by_column
    x = seen(dataset, made)
    if by_column:
        np.testing.assert_allclose(x.std(0), 1, rtol=1e-5)
    else:
        slopes = np.polyfit(array.ravel().astype(float), x.ravel(), 1)
        np.testing.assert_allclose(np.polyval(slopes, array), x, atol=1e-5)  # one straight line for all
    np.testing.assert_allclose(made.to_data(x), array, rtol=1e-5, atol=1e-4)


# saved, and refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "array", [BYTES, UNIT, RANGES["16 bits"](BYTES)[..., 0], BYTES.reshape(7, -1), LOT.normal(size=(9, 3))]
)
def test_a_saved_format_is_the_same_to_the_bit(array):
    dataset = load_dataset(array)
    made = fit_format(dataset)
    again = format_from_config(json.loads(json.dumps(made.config())))
    assert again == made
    assert np.array_equal(seen(dataset, again), seen(dataset, made))


def test_an_unknown_kind_is_refused():
    with pytest.raises(ModelError, match="data of kind 'sound', unknown here; upgrade"):
        format_from_config({"kind": "sound"})


def test_nothing_has_no_format():
    with pytest.raises(DataError, match="nothing holds no items; give at least two"):
        fit_format(Dataset(np.zeros((0, 4)), "vectors", name="nothing"))


@pytest.mark.parametrize(
    ("fitted", "given", "said"),
    [
        (
            BYTES,
            BYTES[:, :4],
            "takes images of 5x4 with 3 channels but was given 4x4 with 3 channels; load them with size",
        ),
        (BYTES, BYTES[..., 0], "takes images of 5x4 with 3 channels but was given 5x4 with 1 channel; load them"),
        (BYTES[..., 0], BYTES.reshape(7, -1), "takes images of 5x4 with 1 channel but was given vectors"),
        (BYTES.reshape(7, -1), BYTES, "takes rows of 60 numbers but was given images"),
        (
            BYTES.reshape(7, -1),
            BYTES.reshape(7, -1)[:, :9],
            "X has 9 features, but this model is expecting 60 features",
        ),
    ],
)
def test_other_data_are_refused(fitted, given, said):
    made = fit_format(load_dataset(fitted))
    assert isinstance(made, ImageFormat | VectorFormat)
    with pytest.raises(ModelError, match=said):
        made.store(load_dataset(given))
