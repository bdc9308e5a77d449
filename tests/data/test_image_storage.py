import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hiddenspace.data import image_cache, image_store, memory
from hiddenspace.data.image_header import read_header
from hiddenspace.data.image_plan import Plan
from hiddenspace.data.image_source import ImageSource
from hiddenspace.data.lazy_images import LazyImages
from hiddenspace.data.load import load_dataset
from hiddenspace.data.rows import Rows
from hiddenspace.errors import DataError


@pytest.fixture
def folder(tmp_path) -> Path:
    images = tmp_path / "images"
    images.mkdir()
    for i in range(6):
        Image.fromarray(np.full((8, 8, 3), i * 10, np.uint8)).save(images / f"{i}.png")
    broken = images / "broken.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (8, 8, 3), np.uint8)).save(broken)
    broken.write_bytes(broken.read_bytes()[:150])
    return images


def values(items) -> list[int]:
    return [int(v) for v in np.asarray(items)[:, 0, 0, 0]]


def test_small_sets_lie_in_memory(folder, tmp_path):
    data = load_dataset(folder, cache_dir=tmp_path / "cache")
    assert type(data.items) is np.ndarray
    assert not (tmp_path / "cache").exists()


def test_large_sets_lie_on_disk_and_are_decoded_once(folder, tmp_path, monkeypatch):
    first = load_dataset(folder, memory_limit=100, cache_dir=tmp_path / "cache")
    assert isinstance(first.items, np.memmap)
    assert any("memory limit" in note for note in first.notes)
    monkeypatch.setattr(image_store.Readable, "decoded", lambda self: pytest.fail("decoded again"))
    second = load_dataset(folder, memory_limit=100, cache_dir=tmp_path / "cache")
    for data in (first, second):
        assert values(data.items) == [0, 10, 20, 30, 40, 50]
        assert [b.name for b in data.broken] == ["broken.png"]
        assert data.ids == tuple(f"{i}.png" for i in range(6))
    assert isinstance(second.split(0.3, 0)[0].items, Rows)


def test_changed_files_and_other_sizes_are_other_entries(folder, tmp_path):
    cache = tmp_path / "cache"
    load_dataset(folder, memory_limit=100, cache_dir=cache)
    load_dataset(folder, memory_limit=100, cache_dir=cache, size=4)
    Image.fromarray(np.full((8, 8, 3), 99, np.uint8)).save(folder / "0.png", compress_level=0)
    data = load_dataset(folder, memory_limit=100, cache_dir=cache)
    assert values(data.items)[0] == 99
    assert len(list(cache.glob("*.json"))) == 3


def test_a_damaged_entry_is_made_again(folder, tmp_path):
    cache = tmp_path / "cache"
    load_dataset(folder, memory_limit=100, cache_dir=cache)
    next(cache.glob("*.bin")).write_bytes(b"short")
    assert values(load_dataset(folder, memory_limit=100, cache_dir=cache).items)[5] == 50
    next(cache.glob("*.json")).write_text("{")
    assert values(load_dataset(folder, memory_limit=100, cache_dir=cache).items)[5] == 50


def test_the_cache_folder_comes_from_the_environment(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HIDDENSPACE_CACHE", str(tmp_path / "ours"))
    load_dataset(folder, memory_limit=100)
    assert len(list((tmp_path / "ours").iterdir())) == 2
    monkeypatch.delenv("HIDDENSPACE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert image_cache.cache_folder(None) == tmp_path / "hiddenspace"


def test_two_at_once_leave_one_whole_entry(folder, tmp_path):
    found = []
    threads = [
        threading.Thread(
            target=lambda: found.append(
                values(load_dataset(folder, memory_limit=1, cache_dir=tmp_path / "cache").items)
            )
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[0, 10, 20, 30, 40, 50]] * 4
    assert len(list((tmp_path / "cache").iterdir())) == 2


@pytest.mark.parametrize("trouble", ["full", "fills up", "no folder"])
def test_without_room_on_disk_images_are_decoded_on_access(trouble, folder, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    if trouble == "full":
        monkeypatch.setattr(image_cache.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 10}))
    if trouble == "fills up":
        monkeypatch.setattr(image_cache.os, "replace", lambda *paths: (_ for _ in ()).throw(OSError(28, "full")))
    if trouble == "no folder":
        cache.write_text("a file")
    data = load_dataset(folder, memory_limit=100, cache_dir=cache)
    assert isinstance(data.items, LazyImages)
    assert values(data.items) == [0, 10, 20, 30, 40, 50]
    assert data.ids == tuple(f"{i}.png" for i in range(6))
    assert [(b.name, b.reason) for b in data.broken] == [("broken.png", "truncated")]
    assert trouble == "no folder" or list(cache.iterdir()) == []


def lazily(folder: Path) -> LazyImages:
    sources = [ImageSource(path.name, path) for path in sorted(folder.iterdir())]
    return LazyImages(sources, [read_header(source) for source in sources], Plan(8, 8, 3, "uint8"), workers=2)


def test_lazy_images_index_like_an_array(folder):
    lazy = lazily(folder)
    assert (len(lazy), lazy.shape, lazy.ndim, lazy.dtype) == (7, (7, 8, 8, 3), 4, np.uint8)
    assert values(lazy[np.array([3, 1, 1])]) == [30, 10, 10]
    assert values(lazy[1:4]) == [10, 20, 30]
    assert lazy[-3].shape == (8, 8, 3)
    assert lazy[-3][0, 0, 0] == 40
    assert values(lazy[np.arange(7) == 2]) == [20]


def test_more_than_half_broken_is_an_error_without_room_on_disk_too(folder, tmp_path):
    for i in range(3):
        (folder / f"{i}.png").write_bytes((folder / "broken.png").read_bytes())
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DataError, match=r"4 of 7 images cannot be read \(the first is 0.png: truncated\)"):
        load_dataset(folder, memory_limit=100, cache_dir=tmp_path / "file")


def test_a_file_that_breaks_later_is_named_and_not_replaced(folder):
    lazy = lazily(folder)
    (folder / "2.png").unlink()
    assert values(lazy[[1, 3]]) == [10, 30]
    with pytest.raises(DataError, match=r"2.png cannot be read any more \(.*No such file.*\); put it back"):
        lazy[[1, 2]]


def test_the_default_limit_is_a_quarter_of_what_is_free(monkeypatch, tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 900 kB\nMemAvailable:   400 kB\n")
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    assert memory.default_memory_limit() == 100 * 1024
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "none")
    assert memory.default_memory_limit() > 2**20
