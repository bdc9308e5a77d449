"""Batches by position: each epoch a permutation, each rank its share, each kind of source the same items."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch

from hiddenspace.data.batches import PREFETCHED, ArrayBatches, as_tensor, fits
from hiddenspace.data.chunks import Mapped
from hiddenspace.data.rows import Rows
from hiddenspace.errors import UsageError

CPU = torch.device("cpu")


def plain(raw: torch.Tensor) -> torch.Tensor:
    return raw


def made(stored, *, batch_size=4, seed=0, drop_last=True, rank=0, world_size=1, to_model=plain) -> ArrayBatches:
    batches = ArrayBatches(stored, to_model, batch_size=batch_size, seed=seed, drop_last=drop_last)
    return batches.on(CPU, rank, world_size)


def numbers(n: int) -> np.ndarray:
    return np.arange(n, dtype=np.float32)[:, None]


def epoch(batches: ArrayBatches, number: int) -> list[float]:
    drawn = [batches.draw(number * len(batches) + within)[0] for within in range(len(batches))]
    return torch.cat(drawn).flatten().tolist()


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("hiddenspace-read")]


@pytest.mark.parametrize("drop_last", [True, False])
def test_each_epoch_is_another_permutation(drop_last):
    batches = made(numbers(12), drop_last=drop_last)
    epochs = [epoch(batches, number) for number in range(3)]
    assert all(sorted(items) == list(range(12)) for items in epochs)
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]
    assert epochs[0] != list(range(12))


def test_a_position_alone_decides():
    ahead, back = made(numbers(13)), made(numbers(13))
    wanted = {position: ahead.draw(position)[0].tolist() for position in range(9)}
    assert {position: back.draw(position)[0].tolist() for position in reversed(range(9))} == dict(wanted)


def test_another_seed_is_another_order():
    assert epoch(made(numbers(12), seed=1), 0) != epoch(made(numbers(12), seed=2), 0)
    assert epoch(made(numbers(12), seed=1), 1) != epoch(made(numbers(12), seed=2), 0)  # seeds and epochs do not mix
    assert epoch(made(numbers(12), seed=None), 1) == list(range(12))


@pytest.mark.parametrize(
    ("items", "batch_size", "drop_last", "sizes"),
    [
        (10, 4, True, [4, 4]),
        (10, 4, False, [4, 4, 2]),
        (8, 4, False, [4, 4]),
        (3, 4, True, [3]),  # the only one is kept
        (1, 4, False, [1]),
    ],
)
def test_the_last_batch(items, batch_size, drop_last, sizes):
    batches = made(numbers(items), batch_size=batch_size, drop_last=drop_last)
    assert len(batches) == len(sizes)
    assert [batches.draw(position)[1] for position in range(len(sizes))] == sizes
    assert [len(batches.draw(position)[0]) for position in range(len(sizes))] == sizes


@pytest.mark.parametrize("source", ["array", "memory map"])
@pytest.mark.parametrize("world_size", [2, 3])
def test_ranks_part_a_batch_among_them(tmp_path, source, world_size):
    np.save(tmp_path / "x.npy", numbers(11))
    stored = numbers(11) if source == "array" else np.load(tmp_path / "x.npy", mmap_mode="r")
    whole = made(stored, drop_last=False)
    shares = [made(stored, drop_last=False, rank=rank, world_size=world_size) for rank in range(world_size)]
    for position in range(2 * len(whole)):
        items, size = whole.draw(position)
        parts = [share.draw(position) for share in shares]
        assert sorted(torch.cat([part for part, _ in parts]).flatten().tolist()) == sorted(items.flatten().tolist())
        assert [told for _, told in parts] == [size] * world_size
        lengths = [len(part) for part, _ in parts]
        assert max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize(
    "dtype", [np.uint8, np.uint16, np.int16, np.int64, np.float16, np.float32, np.float64, np.bool_]
)
@pytest.mark.parametrize("source", ["memory map", "rows of it", "mapped", "read-only", "backwards", "foreign"])
def test_every_source_gives_the_batches_of_an_array(tmp_path, dtype, source):
    array = np.random.default_rng(0).integers(0, 200, (11, 3, 2)).astype(dtype)
    np.save(tmp_path / "x.npy", array)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    read_only = array.copy()
    read_only.flags.writeable = False
    other = {
        "memory map": mapped,
        "rows of it": Rows(np.concatenate([mapped, mapped]), np.arange(11)),
        "mapped": Mapped(mapped, lambda rows: rows),
        "read-only": read_only,
        "backwards": np.ascontiguousarray(array[::-1, ::-1])[::-1, ::-1],
        "foreign": array.astype(array.dtype.newbyteorder()),
    }[source]
    one, two = made(array, drop_last=False), made(other, drop_last=False)
    for position in (0, 1, 2, 3, 7, 4, 5):
        (expected, size), (got, its_size) = one.draw(position), two.draw(position)
        assert torch.equal(expected, got)
        assert expected.dtype == got.dtype
        assert size == its_size
    two.close()


def test_batches_go_through_the_format():
    batches = made(numbers(8), to_model=lambda raw: raw * 2 + 1, seed=None)
    assert batches.draw(1)[0].flatten().tolist() == [9, 11, 13, 15]


def test_drawing_leaves_the_data_as_they_are():
    array = numbers(8)
    made(array, to_model=lambda raw: raw.mul_(0)).draw(0)
    assert array.sum() == 28


class Slow:
    """Notes who reads what, and when."""

    def __init__(self, n: int) -> None:
        self.shape, self.dtype = (n, 1), np.dtype(np.float32)
        self.read: list[list[int]] = []

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: np.ndarray) -> np.ndarray:
        assert threading.current_thread().name.startswith("hiddenspace-read")
        self.read.append(np.asarray(index).tolist())
        return np.asarray(index, np.float32)[:, None]


def test_what_comes_next_is_read_ahead_once_and_in_the_order_of_the_disk():
    source = Slow(40)
    batches = made(source)
    batches.draw(0)
    deadline = time.monotonic() + 10
    while len(source.read) < 1 + PREFETCHED and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(source.read) == 1 + PREFETCHED
    for position in range(1, 10):
        batches.draw(position)
    assert len(source.read) == 10
    assert all(indices == sorted(indices) for indices in source.read)
    assert sorted(item for indices in source.read for item in indices) == list(range(40))


def test_no_thread_outlives_an_epoch_or_a_close():
    batches = made(Slow(40))
    epoch(batches, 0)
    assert not readers()
    batches.draw(10)
    assert readers()
    batches.close()
    assert not readers()
    assert len(batches.draw(11)[0]) == 4  # a draw after it starts them again
    batches.close()
    batches.close()


def test_what_a_reader_raises_comes_out():
    class Broken(Slow):
        def __getitem__(self, index):
            raise OSError("the disk is gone")

    batches = made(Broken(8))
    with pytest.raises(OSError, match="the disk is gone"):
        batches.draw(0)
    batches.close()


def test_a_program_ends_though_batches_were_left_half_way(tmp_path):
    np.save(tmp_path / "x.npy", numbers(4000))
    code = f"""
import numpy as np, torch
from hiddenspace.data.batches import ArrayBatches
x = np.load({str(tmp_path / "x.npy")!r}, mmap_mode="r")
batches = ArrayBatches(x, lambda raw: raw, batch_size=4, seed=0, drop_last=True).on(torch.device("cpu"), 0, 1)
batches.draw(0)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(("n", "batch_size"), [(0, 4), (4, 0)])
def test_no_items_or_no_batch(n, batch_size):
    with pytest.raises(UsageError, match=f"{n} items cannot be put in batches of {batch_size}"):
        made(numbers(n), batch_size=batch_size)


def test_a_training_batch_must_reach_for_all_ranks():
    with pytest.raises(UsageError, match="batches of 2 are too small for 3 ranks"):
        made(numbers(9), batch_size=2, world_size=3)
    assert len(made(numbers(9), batch_size=2, world_size=3, rank=2, drop_last=False).draw(0)[0]) == 0


def test_fingerprints_tell_data_apart(tmp_path):
    array = np.random.default_rng(0).random((50, 3)).astype(np.float32)
    np.save(tmp_path / "x.npy", array)

    def figures(x, **settings):
        return made(x, **settings).fingerprint()

    assert figures(array) == figures(array.copy()) == figures(np.load(tmp_path / "x.npy", mmap_mode="r"))
    changed = [figures(array + 1), figures(array[:49]), figures(array[:, :2]), figures(array[::-1])]
    changed += [figures(array, seed=1), figures(array, batch_size=5)]
    assert all(other != figures(array) for other in changed)
    assert figures(array[:1]) == figures(array[:1])


def test_what_torch_can_share_is_shared():
    array = numbers(3)
    assert as_tensor(array).data_ptr() == array.ctypes.data
    array.flags.writeable = False
    assert as_tensor(array).data_ptr() == array.ctypes.data


def test_where_data_may_live(monkeypatch):
    x = torch.zeros(100, dtype=torch.uint8)
    assert fits(x, CPU)
    assert not fits(x, torch.device("mps"))
    for free, fit in ((401, True), (400, False)):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device, free=free: (free, 10**6))
        assert fits(x, torch.device("cuda")) is fit
