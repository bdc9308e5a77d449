from contextlib import suppress

import numpy as np
import pytest

from hiddenspace.data import array_files
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError, UsageError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 255, (6, 4, 5), np.uint8)
MORE = RNG.integers(0, 255, (2, 4, 5), np.uint8)
LABELS = np.arange(6)


def test_npy(tmp_path):
    np.save(tmp_path / "x.npy", IMAGES)
    data = load_dataset(tmp_path / "x.npy", labels=LABELS)
    assert np.array_equal(data.items[..., 0], IMAGES)
    assert not isinstance(data.items, np.memmap)
    assert data.labels.tolist() == LABELS.tolist()
    assert data.name == "x.npy"


@pytest.mark.parametrize("shape", [(6, 20), (6, 4, 5), (6, 3, 9, 8)])
def test_large_npy_files_are_mapped(shape, tmp_path, monkeypatch):
    monkeypatch.setattr(array_files, "MAPPED", 10)
    array = RNG.random(shape).astype(np.float32)
    np.save(tmp_path / "x.npy", array)
    data = load_dataset(tmp_path / "x.npy")
    assert isinstance(data.items, np.memmap)
    expected = array if array.ndim == 2 else np.moveaxis(array, 1, -1) if array.ndim == 4 else array[..., None]
    assert np.array_equal(data.items, expected)


@pytest.mark.parametrize(
    ("arrays", "labels", "test", "left_out"),
    [
        ({"x": IMAGES}, None, None, ""),
        ({"X": IMAGES, "y": LABELS}, LABELS, None, ""),
        ({"images": IMAGES, "labels": LABELS}, LABELS, None, ""),
        ({"data": IMAGES, "target": LABELS, "more": LABELS}, LABELS, None, "more was left out"),
        ({"arr_0": IMAGES, "arr_1": LABELS}, LABELS, None, ""),
        ({"faces": IMAGES, "who": LABELS, "when": LABELS}, None, None, "who, when were left out"),
        ({"faces": IMAGES, "y": np.arange(3)}, None, None, "y was left out"),
        ({"x_train": IMAGES, "y_train": LABELS, "x_test": MORE, "y_test": LABELS[:2]}, LABELS, LABELS[:2], ""),
        ({"train_images": IMAGES, "test_images": MORE, "train_labels": LABELS, "test_labels": LABELS[:2]}, LABELS,
         LABELS[:2], ""),
        ({"x": IMAGES, "x_test": MORE}, None, "unlabelled", ""),
        ({"X_Train": IMAGES, "Y_Train": LABELS, "X_Test": MORE, "Y_Test": LABELS[:2]}, LABELS, LABELS[:2], ""),
        ({"X_Train": IMAGES}, None, None, ""),
        ({"codes": IMAGES.reshape(6, 20)}, None, None, ""),
    ],
)  # fmt: skip
def test_npz(arrays, labels, test, left_out, tmp_path):
    np.savez(tmp_path / "x.npz", **arrays)
    data = load_dataset(tmp_path / "x.npz")
    assert np.array_equal(data.items.reshape(6, 4, 5), IMAGES)
    assert labels is None if data.labels is None else np.array_equal(data.labels, labels)
    assert (data.test is None) == (test is None)
    if data.test is not None:
        assert np.array_equal(data.test.items[..., 0], MORE)
        assert isinstance(test, str) or np.array_equal(data.test.labels, test)
        assert len(load_dataset(tmp_path / "x.npz", split="test")) == 2
    assert any(left_out in note for note in data.notes) if left_out else not data.notes


def test_labels_of_npz_by_name_and_by_hand(tmp_path):
    np.savez(tmp_path / "x.npz", faces=IMAGES, who=LABELS)
    assert load_dataset(tmp_path / "x.npz", labels="who").labels.tolist() == LABELS.tolist()
    assert load_dataset(tmp_path / "x.npz", labels=LABELS + 1).labels.tolist() == (LABELS + 1).tolist()
    with pytest.raises(UsageError, match="no array 'none'; the file has faces, who"):
        load_dataset(tmp_path / "x.npz", labels="none")


def test_a_split_that_is_not_there(tmp_path):
    np.save(tmp_path / "x.npy", IMAGES)
    with pytest.raises(UsageError, match=r"x.npy has no split 'test'; it has no splits"):
        load_dataset(tmp_path / "x.npy", split="test")


def write_idx(path, array):
    kind = 8 if array.dtype == np.uint8 else 12
    path.write_bytes(bytes([0, 0, kind, array.ndim]) + np.array(array.shape, ">i4").tobytes() + array.tobytes())


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train-{}-ubyte", "t10k-{}-ubyte"),
        ("emnist-letters-train-{}-ubyte", "emnist-letters-test-{}-ubyte"),
        ("qmnist-train-{}-ubyte", "qmnist-test-{}-ubyte"),
        ("x-{}-ubyte", "x-validation-{}-ubyte"),
        ("values_train_{}-ubyte", "values_test_{}-ubyte"),
    ],
)
def test_the_parts_of_a_folder_of_idx_files(train, test, tmp_path):
    for name, images in ((train, IMAGES), (test, MORE)):
        write_idx(tmp_path / name.format("images-idx3"), images)
        write_idx(tmp_path / name.format("labels-idx1"), np.arange(len(images), dtype=np.uint8))
    data = load_dataset(tmp_path)
    assert np.array_equal(data.items[..., 0], IMAGES)
    assert np.array_equal(data.test.items[..., 0], MORE)
    assert (data.labels.tolist(), data.test.labels.tolist()) == (list(range(6)), [0, 1])


def test_two_sets_of_idx_files_in_one_folder_are_refused(tmp_path):
    for name in ("letters-train-images-idx3-ubyte", "digits-train-images-idx3-ubyte"):
        write_idx(tmp_path / name, IMAGES)
    with pytest.raises(DataError, match=r"more than one idx file of train images, digits-.* and letters-.*; give"):
        load_dataset(tmp_path)


def test_damage_anywhere_is_told_in_a_sentence(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", x=IMAGES)
    np.save(tmp_path / "x.npy", IMAGES)
    for name in ("x.npz", "x.npy"):
        whole = (tmp_path / name).read_bytes()
        for place in range(len(whole)):
            damaged = bytearray(whole)
            damaged[place] ^= 1
            (tmp_path / name).write_bytes(damaged)
            with suppress(DataError):  # not every bit matters
                load_dataset(tmp_path / name)


def save_archive(path):
    with path.open("wb") as file:  # numpy would add its own ending to a path
        np.savez(file, x=IMAGES)


def save_array(path):
    with path.open("wb") as file:
        np.save(file, IMAGES)


def save_pickled(path):
    np.save(path, np.array([{"a": 1}], object), allow_pickle=True)


def save_pickled_archive(path):
    np.savez(path, x=np.array([{"a": 1}], object))


BAD = {
    "pickled.npy": (save_pickled, "no array of numbers"),
    "pickled.npz": (save_pickled_archive, "no archive of numeric arrays"),
    "archive.npy": (save_archive, "no array of numbers .the magic string"),
    "array.npz": (save_array, "no archive of numeric arrays"),
    "broken.npy": (lambda path: path.write_bytes(b"\x93NUMPY\x01"), "no array of numbers"),
    "text.npy": (lambda path: path.write_text("hello"), "no array of numbers"),
    "broken.npz": (lambda path: path.write_bytes(b"PK\x03\x04"), "no archive of numeric arrays"),
    "text.npz": (lambda path: path.write_text("hello"), "no archive of numeric arrays"),
    "empty.npy": (lambda path: path.write_bytes(b""), "is empty"),
    "two.npz": (lambda path: np.savez(path, a=IMAGES, b=IMAGES), "holds a, b, which does not say"),
    "none.npz": (lambda path: np.savez(path, a=LABELS), "does not say what the items are"),
    "nan.npy": (lambda path: np.save(path, np.array([[np.nan]])), "1 of 1 items hold NaN"),
    "words.npy": (lambda path: np.save(path, np.array([["a"]])), "not numbers"),
    "words.txt": (lambda path: path.write_text("hello"), "of no kind that can be read; give images"),
    "words.gz": (lambda path: path.write_text("hello"), "of no kind that can be read"),
    "program.exe": (lambda path: path.write_bytes(b"MZ"), "of no kind that can be read"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_in_one_sentence(name, tmp_path):
    make, message = BAD[name]
    make(tmp_path / name)
    with pytest.raises(DataError, match=message) as caught:
        load_dataset(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "source", ["nowhere/at/all", "./none", "none.csv", "none.jpg", "~/none.npz", "some words", "photos/"]
)
def test_paths_that_do_not_exist(source):
    with pytest.raises(DataError, match="does not exist; give a path, or one of the samples digits"):
        load_dataset(source)


def test_paths_may_be_path_objects_or_relative(tmp_path, monkeypatch):
    np.save(tmp_path / "x.npy", IMAGES)
    monkeypatch.chdir(tmp_path)
    assert len(load_dataset("x.npy")) == len(load_dataset(tmp_path / "x.npy")) == 6
    with pytest.raises(DataError, match="does not exist"):
        load_dataset(tmp_path / "digits")


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    np.save(tmp_path / "x.npy", IMAGES)
    monkeypatch.setattr(
        np.lib.format,
        "read_array",
        lambda *args, **kwargs: (_ for _ in ()).throw(PermissionError(13, "Permission denied")),
    )
    with pytest.raises(DataError, match=r"cannot be read .Permission denied.; check the path"):
        load_dataset(tmp_path / "x.npy")


def test_real_archives(shared_data):
    data = load_dataset(shared_data / "usps" / "usps.npz")
    assert data.items.shape == (7291, 16, 16, 1)
    assert np.bincount(data.labels)[:2].tolist() == [1194, 1005]
    assert len(data.test) == 2007
    assert load_dataset(shared_data / "orl-faces" / "orl_faces.npz", labels="subject").labels.max() == 40
