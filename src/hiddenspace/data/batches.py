"""Batches by position: a number alone says where a training stands."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from hiddenspace.data.chunks import in_memory
from hiddenspace.errors import UsageError

DEVICE_SHARE = 0.25
"""The part of a device's free memory that data may take; more stays on the host."""
PREFETCHED = 4
"""Batches that are read ahead, where data are not in memory."""
FINGERPRINTED = 8
"""Items whose content tells data apart."""


class Stored(Protocol):
    """What can be batched by indexing: an array, a memory map, or something that decodes on access."""

    shape: Any

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any) -> Any: ...


class ArrayBatches:
    """Shuffled batches of one stored array, by position over all epochs.

    Epoch e goes through the items in the order of `torch.randperm` seeded with (seed, e), so that no state is kept.

    Parameters
    ----------
    stored : array, memory map or lazy images
        The first axis counts items. An array in memory is moved to the device where it fits and indexed there;
        anything else is read by worker threads ahead of time.
    to_model : callable
        A batch of it as a tensor -> what the networks see.
    batch_size : int
        Items over all ranks.
    seed : int or None
        None keeps the order of the items.
    drop_last : bool
        Leave out a smaller last batch (of which each rank would get another share), unless it is the only one.

    Raises
    ------
    UsageError
        If there are no items, or `batch_size` is below 1.
    """

    def __init__(
        self,
        stored: Stored,
        to_model: Callable[[Tensor], Tensor],
        *,
        batch_size: int,
        seed: int | None,
        drop_last: bool,
    ) -> None:
        if len(stored) == 0 or batch_size < 1:
            raise UsageError(f"{len(stored)} items cannot be put in batches of {batch_size}; give at least one of one.")
        self.stored, self.to_model, self.seed = stored, to_model, seed
        self.batch_size = min(batch_size, len(stored))
        self.drop_last = drop_last
        self.device, self.rank, self.world_size = torch.device("cpu"), 0, 1
        self._resident: Tensor | None = None
        self._order: tuple[int, Tensor] | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._ahead: dict[int, Future[Tensor]] = {}

    def __len__(self) -> int:
        full, rest = divmod(len(self.stored), self.batch_size)
        return full if self.drop_last or not rest else full + 1

    def on(self, device: torch.device, rank: int, world_size: int) -> ArrayBatches:
        """The same batches on a device; each rank gets every `world_size`-th item of a batch.

        Raises
        ------
        UsageError
            If whole batches are wanted, and one is too small to give every rank an item.
        """
        if self.drop_last and self.batch_size < world_size:
            raise UsageError(f"batches of {self.batch_size} are too small for {world_size} ranks; use larger ones.")
        moved = ArrayBatches(
            self.stored, self.to_model, batch_size=self.batch_size, seed=self.seed, drop_last=self.drop_last
        )
        moved.device, moved.rank, moved.world_size = device, rank, world_size
        if in_memory(self.stored):
            whole = as_tensor(self.stored)
            moved._resident = whole.to(device) if fits(whole, device) else whole
        return moved

    def draw(self, position: int) -> tuple[Tensor, int]:
        """This rank's part of the batch at a position, and the size of the whole batch."""
        chosen = self._chosen(position)
        mine = self._share(chosen)
        # index_select is several times as fast as indexing with a tensor on the CPU
        resident = self._resident
        raw = self._read_ahead(position, mine) if resident is None else resident.index_select(0, mine)
        return self.to_model(raw.to(self.device, non_blocking=True)), len(chosen)

    def close(self) -> None:
        """Ends the threads that read ahead; a later `draw` starts them again."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool, self._ahead = None, {}

    def fingerprint(self) -> dict[str, Any]:
        """Figures that tell other data, or another order of them, apart."""
        some = np.unique(np.linspace(0, len(self.stored) - 1, FINGERPRINTED).astype(np.intp))
        content = np.ascontiguousarray(self.stored[some])
        return {
            "items": len(self.stored),
            "shape": [int(size) for size in self.stored.shape[1:]],
            "content": hashlib.sha256(content.tobytes()).hexdigest()[:16],
            "batch size": self.batch_size,
            "seed": self.seed,
        }

    def _share(self, chosen: Tensor) -> Tensor:
        return chosen[self.rank :: self.world_size] if self.world_size > 1 else chosen

    def _chosen(self, position: int) -> Tensor:
        epoch, within = divmod(position, len(self))
        if self._order is None or self._order[0] != epoch:
            order = self._permutation(epoch)
            # one transfer an epoch, rather than one a batch
            self._order = (epoch, order if self._resident is None else order.to(self._resident.device))
        return self._order[1][within * self.batch_size : (within + 1) * self.batch_size]

    def _permutation(self, epoch: int) -> Tensor:
        if self.seed is None:
            return torch.arange(len(self.stored))
        words = np.random.SeedSequence([self.seed, epoch]).generate_state(2, np.uint32)
        generator = torch.Generator().manual_seed(int(words[0]) << 32 | int(words[1]))
        return torch.randperm(len(self.stored), generator=generator)

    def _read_ahead(self, position: int, mine: Tensor) -> Tensor:
        """Reads in worker threads, a few batches ahead; decoding and disk both let go of the interpreter.

        Nothing is read beyond the end of an epoch, where the threads end too.
        """
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max(2, os.cpu_count() or 1), thread_name_prefix="hiddenspace-read")
        now = self._ahead.pop(position, None) or self._pool.submit(self._read, mine)
        end_of_epoch = (position // len(self) + 1) * len(self)
        wanted = range(position + 1, min(position + 1 + PREFETCHED, end_of_epoch))
        for later in wanted:
            if later not in self._ahead:
                self._ahead[later] = self._pool.submit(self._read, self._share(self._chosen(later)))
        for stale in self._ahead.keys() - set(wanted):
            self._ahead.pop(stale).cancel()
        batch = now.result()
        if position + 1 == end_of_epoch:
            self.close()
        return batch

    def _read(self, indices: Tensor) -> Tensor:
        wanted = indices.numpy()
        order = np.argsort(wanted)  # a disk is read in its own order
        rows = np.asarray(self.stored[wanted[order]])
        batch = np.empty_like(rows)
        batch[order] = rows
        return as_tensor(batch)


def as_it_is(raw: Tensor) -> Tensor:
    """What is stored is what the networks see."""
    return raw


def as_tensor(array: np.ndarray) -> Tensor:
    """The array as a tensor that shares its memory, or a copy where torch cannot (foreign byte order, odd strides)."""
    array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
    if array.flags.writeable:
        return torch.from_numpy(array)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # nobody writes to it
        return torch.from_numpy(array)


def fits(array: Tensor, device: torch.device) -> bool:
    """Whether an array may live on a device for the length of a training."""
    if device.type != "cuda":
        return device.type == "cpu"
    free, _ = torch.cuda.mem_get_info(device)
    return bool(array.nbytes < DEVICE_SHARE * free)
