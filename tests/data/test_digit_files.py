"""SVHN and USPS in the files that people have, written here from their descriptions."""

import bz2
import gzip
import sys
from contextlib import suppress

import numpy as np
import pytest
from scipy.io import savemat

from hiddenspace.data.load import load_dataset
from hiddenspace.data.matlab import read_matlab
from hiddenspace.errors import DataError

RNG = np.random.default_rng(0)
PACKERS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress}


# MATLAB's format, against scipy's writer -----------------------------------------------------------------------------

TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")


@pytest.mark.parametrize("packed", [False, True])
def test_arrays_of_every_type_and_shape(packed, tmp_path):
    shapes = ((3, 4), (1, 1), (2, 3, 4, 5), (0, 2), (1, 3))
    arrays = {
        f"{name}_{at}": RNG.integers(0, 100, shape).astype(name) for name in TYPES for at, shape in enumerate(shapes)
    }
    savemat(tmp_path / "x.mat", arrays, do_compression=packed)
    read = read_matlab(tmp_path / "x.mat")
    assert set(read) == set(arrays)
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)


def test_what_is_no_array_of_real_numbers_is_passed_over(tmp_path):
    others = {
        "text": "hello",
        "cell": np.array([1, "a"], object),
        "struct": {"a": 1, "b": 2},
        "complex": np.array([1j]),
    }
    savemat(tmp_path / "x.mat", {**others, "X": np.eye(2)})
    assert set(read_matlab(tmp_path / "x.mat")) == {"X"}


@pytest.mark.parametrize("packed", [False, True])
def test_damage_anywhere_is_told_in_a_sentence(packed, tmp_path):
    path = tmp_path / "x.mat"
    savemat(path, {"X": RNG.integers(0, 256, (4, 4, 3, 4), np.uint8), "y": np.ones((4, 1))}, do_compression=packed)
    whole, read = path.read_bytes(), 0
    for place in range(116, len(whole), 2):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged if place % 3 else whole[:place])
        with suppress(DataError):  # and nothing else
            load_dataset(path)
            read += 1
    assert read < 100  # what says nothing of the arrays, or is one of their numbers


# SVHN ---------------------------------------------------------------------------------------------------------------


def write_svhn(path, count):
    images, digits = RNG.integers(0, 256, (count, 32, 32, 3), np.uint8), np.arange(count) % 10
    labels = np.where(digits == 0, 10, digits).astype(np.uint8)[:, None]
    savemat(path, {"X": images.transpose(1, 2, 3, 0), "y": labels}, do_compression=True)
    return images, digits


def test_svhn(tmp_path):
    images, labels = write_svhn(tmp_path / "train_32x32.mat", 21)
    more, more_labels = write_svhn(tmp_path / "test_32x32.mat", 12)
    for data in (load_dataset(tmp_path), load_dataset(tmp_path / "train_32x32.mat")):
        assert np.array_equal(data.items, images)
        assert (data.items.dtype, data.layout) == (np.uint8, "hwc")
        assert (data.labels.dtype, data.labels.tolist()) == (np.int64, labels.tolist())
    assert data.test is None
    test = load_dataset(tmp_path, split="test")
    assert np.array_equal(test.items, more)
    assert test.labels.tolist() == more_labels.tolist()
    assert load_dataset(tmp_path / "test_32x32.mat", labels=np.arange(12) + 5).labels.tolist() == list(range(5, 17))


def test_the_extra_part_is_left_out_and_said_so(tmp_path):
    images, _ = write_svhn(tmp_path / "train_32x32.mat", 11)
    extra, _ = write_svhn(tmp_path / "extra_32x32.mat", 10)
    data = load_dataset(tmp_path)
    assert np.array_equal(data.items, images)
    assert data.test is None
    assert "extra_32x32.mat was left out" in data.notes[0]
    assert np.array_equal(load_dataset(tmp_path / "extra_32x32.mat").items, extra)


X, Y = np.zeros((4, 4, 3, 2), np.uint8), np.array([[1], [2]])


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"X": X}, "lacks X or y"),
        ({"x": X, "y": Y}, "lacks X or y"),
        ({"X": X.astype(float), "y": Y}, "X of x.mat is float64"),
        ({"X": X.transpose(3, 0, 1, 2), "y": Y}, r"shape \(2, 4, 4, 3\), not uint8 of \(h, w, 3, n\)"),
        ({"X": X, "y": Y[:1]}, r"y of x.mat has shape \(1, 1\) for 2 images"),
        ({"X": X, "y": Y + 9}, "other labels than 1 to 9"),
        ({"X": X, "y": Y + 0.5}, "other labels than 1 to 9"),
        ({"X": X[..., :0], "y": Y[:0]}, "0 sample"),
    ],
)
def test_other_matlab_files(arrays, says, tmp_path):
    savemat(tmp_path / "x.mat", arrays)
    with pytest.raises(DataError, match=says):
        load_dataset(tmp_path / "x.mat")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(400), "version 7.3; save it with -v7"),
        (b"hello", "is no MATLAB file of version 5 to 7"),
        (bytes(500), "is no MATLAB file of version 5 to 7"),
    ],
)
def test_what_is_no_matlab_file(data, says, tmp_path):
    (tmp_path / "x.mat").write_bytes(data)
    with pytest.raises(DataError, match=says):
        load_dataset(tmp_path / "x.mat")


# USPS ---------------------------------------------------------------------------------------------------------------


def usps(count):
    """Values in [-1, 1] that four decimals write exactly, and labels."""
    return RNG.integers(-10_000, 10_001, (count, 256)) / 10_000, RNG.permutation(count) % 10


def sparse(values, labels):
    """As LIBSVM writes: label + 1, then what is not 0 by its number from 1 on."""
    lines = (
        f"{label + 1} " + " ".join(f"{at + 1}:{value:g}" for at, value in enumerate(row) if value)
        for row, label in zip(values, labels, strict=True)
    )
    return "".join(f"{line} \n" for line in lines).encode()


def dense(values, labels):
    """As in the book's files."""
    lines = (f"{label:.4f} " + " ".join(f"{v:.4f}" for v in row) for row, label in zip(values, labels, strict=True))
    return "".join(f"{line} \n" for line in lines).encode()


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize(("names", "write"), [(("usps", "usps.t"), sparse), (("zip.train", "zip.test"), dense)])
def test_usps(names, write, ending, tmp_path):
    (values, labels), (more, more_labels) = usps(25), usps(13)
    values[:, 3] = 0
    for name, data in zip(names, (write(values, labels), write(more, more_labels)), strict=True):
        (tmp_path / f"{name}{ending}").write_bytes(PACKERS[ending](data))
    for data in (load_dataset(tmp_path), load_dataset(tmp_path / f"{names[0]}{ending}")):
        assert data.items[..., 0] == pytest.approx((values.reshape(-1, 16, 16) + 1) / 2, abs=1e-6)
        assert (data.items.dtype, data.layout, data.items.shape) == (np.float32, "hw", (25, 16, 16, 1))
        assert (data.labels.dtype, data.labels.tolist()) == (np.int64, labels.tolist())
        assert "brought to 0 to 1" in data.notes[0]
    assert data.test is None
    test = load_dataset(tmp_path, split="test")
    assert test.items.reshape(-1, 256) == pytest.approx((more + 1) / 2, abs=1e-6)
    assert test.labels.tolist() == more_labels.tolist()


def test_the_unpacked_file_stands_for_the_packed_one(tmp_path):
    first, second = usps(11), usps(12)
    (tmp_path / "zip.train.gz").write_bytes(gzip.compress(dense(*first)))
    (tmp_path / "zip.train").write_bytes(dense(*second))
    assert len(load_dataset(tmp_path)) == 12


def test_two_sets_in_one_folder_are_refused(tmp_path):
    (tmp_path / "zip.train").write_bytes(dense(*usps(10)))
    (tmp_path / "usps.bz2").write_bytes(bz2.compress(sparse(*usps(10))))
    with pytest.raises(DataError, match=r"more than one file of train digits, usps.bz2 and zip.train; give"):
        load_dataset(tmp_path)


def test_a_folder_without_a_training_part(tmp_path):
    (tmp_path / "usps.t").write_bytes(sparse(*usps(10)))
    with pytest.raises(DataError, match=r"none for training; give .*usps.t itself"):
        load_dataset(tmp_path)


GOOD, LABELS = usps(10)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (sparse(np.hstack([GOOD, GOOD[:, :1]]), LABELS), "does not hold the digits of USPS"),
        (sparse(GOOD * 2, LABELS), "values out of the range of USPS"),
        (sparse(GOOD, LABELS + 1), "labels that are no digits"),
        (sparse(GOOD, LABELS - 1), "labels that are no digits"),
        (sparse(GOOD, LABELS) + b"1 1:x\n", "does not hold the digits of USPS"),
        (dense(GOOD * 2, LABELS), "values out of the range of USPS"),
        (dense(GOOD, LABELS + 0.5), "labels that are no digits"),
        (dense(GOOD, LABELS) + b"1 2 3\n", "does not hold the digits of USPS"),
        (dense(GOOD, LABELS).replace(b"0.1", b"nan", 1), "values out of the range|does not hold the digits"),
        (gzip.compress(dense(GOOD, LABELS))[:-9], "does not hold the digits of USPS .*ended"),
        (dense(GOOD[:, :255], LABELS), "of no kind that can be read"),
    ],
)
def test_other_lines(data, says, tmp_path):
    (tmp_path / "zip.train").write_bytes(data)
    with pytest.raises(DataError, match=says):
        load_dataset(tmp_path / "zip.train")


class Hdf5(dict):
    """What is used of h5py's files, where h5py is not installed: the test below this one has the real one."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass


@pytest.fixture
def h5(tmp_path, monkeypatch):
    """A path, and what a file at it holds."""
    content = Hdf5()
    monkeypatch.setitem(sys.modules, "h5py", type("h5py", (), {"File": staticmethod(lambda path, mode: content)}))
    path = tmp_path / "usps.h5"
    path.write_bytes(b"\x89HDF")
    return path, content


def test_usps_h5(h5):
    path, content = h5
    for part, count in (("train", 25), ("test", 13)):
        values, labels = usps(count)
        content[part] = {"data": np.abs(values).astype(np.float32), "target": labels.astype(np.int32)}
    for data in (load_dataset(path), load_dataset(path.parent)):
        for read, part in ((data, "train"), (data.test, "test")):
            assert np.array_equal(read.items.reshape(-1, 256), content[part]["data"])
            assert read.labels.tolist() == content[part]["target"].tolist()
    assert len(load_dataset(path, split="test")) == 13


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"train": {"data": np.zeros((2, 256))}}, "lacks train and test"),
        ({part: {"data": np.zeros((2, 9)), "target": np.ones(2)} for part in ("train", "test")}, "16x16 numbers"),
        ({part: {"data": np.zeros((2, 256)), "target": np.ones(3)} for part in ("train", "test")}, "no digits"),
    ],
)
def test_other_h5_files(h5, content, says):
    path, inside = h5
    inside.update(content)
    with pytest.raises(DataError, match=says):
        load_dataset(path)


def test_usps_h5_as_h5py_writes_it(tmp_path):
    h5py = pytest.importorskip("h5py")
    values, labels = usps(12)
    with h5py.File(tmp_path / "usps.h5", "w") as file:
        for part in ("train", "test"):
            file.create_group(part).update({"data": np.abs(values), "target": labels})
    assert load_dataset(tmp_path / "usps.h5").labels.tolist() == labels.tolist()
    (tmp_path / "usps.h5").write_bytes(b"hello")
    with pytest.raises(DataError, match="lacks train and test"):
        load_dataset(tmp_path / "usps.h5")


def test_h5_without_h5py(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    (tmp_path / "usps.h5").write_bytes(b"\x89HDF")
    with pytest.raises(DataError, match="pip install h5py"):
        load_dataset(tmp_path / "usps.h5")


@pytest.mark.parametrize("name", ["usps.t", "train_32x32.mat", "usps.h5", "zip.train", "usps.bz2"])
def test_files_that_are_not_there_are_no_names_on_the_hub(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="does not exist; give a path"):
        load_dataset(name)


# Keras ---------------------------------------------------------------------------------------------------------------


def test_real_usps(shared_data):
    data = load_dataset(shared_data / "usps" / "usps.npz")
    assert (data.items.shape, data.test.items.shape) == ((7291, 16, 16, 1), (2007, 16, 16, 1))
    assert np.bincount(data.labels)[:3].tolist() == [1194, 1005, 731]
    assert len(data.test.labels) == 2007
