import gzip
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from hiddenspace.data.idx import is_idx_file, read_idx
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError

CODES = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}


def idx_bytes(array: np.ndarray) -> bytes:
    """The format written from its description, so that the reader is checked against something else than itself."""
    header = bytes([0, 0, CODES[array.dtype.name], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


ARRAYS = st.sampled_from(sorted(CODES)).flatmap(
    lambda name: npst.arrays(name, npst.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))
)


@given(array=ARRAYS, packed=st.booleans())
def test_every_array_survives(array, packed, tmp_path_factory):
    path = tmp_path_factory.mktemp("idx") / "x"
    path.write_bytes(gzip.compress(idx_bytes(array)) if packed else idx_bytes(array))
    read = read_idx(path)
    assert is_idx_file(path)
    assert read.dtype == array.dtype
    assert read.dtype.isnative
    assert read.flags.writeable
    np.testing.assert_array_equal(read, array)


@given(array=ARRAYS, cut=st.integers(1, 40))
def test_every_cut_file_is_refused(array, cut, tmp_path_factory):
    path = tmp_path_factory.mktemp("idx") / "x"
    whole = idx_bytes(array)
    path.write_bytes(whole[:-cut] if cut < len(whole) else b"")
    with pytest.raises(DataError):
        read_idx(path)


@given(data=st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("idx") / "x"
    path.write_bytes(data)
    with suppress(DataError):  # and nothing else
        read_idx(path)


def test_a_cut_gzip_is_refused(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(idx_bytes(np.arange(1000, dtype=np.int32)))[:-300])
    with pytest.raises(DataError, match="unpacked"):
        read_idx(path)


def write_four(folder: Path, ending: str = "") -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    arrays = {
        "train-images-idx3-ubyte": rng.integers(0, 255, (7, 4, 5), np.uint8),
        "train-labels-idx1-ubyte": rng.integers(0, 9, 7, np.uint8),
        "t10k-images-idx3-ubyte": rng.integers(0, 255, (3, 4, 5), np.uint8),
        "t10k-labels-idx1-ubyte": rng.integers(0, 9, 3, np.uint8),
    }
    for name, array in arrays.items():
        data = idx_bytes(array)
        (folder / f"{name}{ending}").write_bytes(gzip.compress(data) if ending else data)
    return arrays


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_four_files_are_one_split_dataset(ending, tmp_path):
    arrays = write_four(tmp_path, ending)
    data = load_dataset(tmp_path)
    assert np.array_equal(data.items[..., 0], arrays["train-images-idx3-ubyte"])
    assert np.array_equal(data.labels, arrays["train-labels-idx1-ubyte"])
    assert np.array_equal(data.test.items[..., 0], arrays["t10k-images-idx3-ubyte"])
    assert np.array_equal(data.test.labels, arrays["t10k-labels-idx1-ubyte"])
    assert data.layout == "hw"
    assert len(load_dataset(tmp_path, split="test")) == 3
    assert load_dataset(tmp_path, split="train").test is None


def test_one_file_by_itself(tmp_path):
    write_four(tmp_path, ".gz")
    assert load_dataset(tmp_path / "t10k-images-idx3-ubyte.gz").items.shape == (3, 4, 5, 1)


def test_a_folder_without_training_images(tmp_path):
    write_four(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").unlink()
    with pytest.raises(DataError, match="train-images"):
        load_dataset(tmp_path)


def test_real_files(shared_data):
    data = load_dataset(shared_data / "mnist")
    assert data.items.shape == (60000, 28, 28, 1)
    assert len(data.test) == 10000
    assert abs(data.items.mean() / 255 - 0.13066) < 1e-5
    assert np.bincount(data.labels)[:3].tolist() == [5923, 6742, 5958]
