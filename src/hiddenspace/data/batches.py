"""Batches by position: a number alone says where a training stands."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

DEVICE_SHARE = 0.25
"""The part of a device's free memory that data may take; more stays on the host."""
PREFETCHED = 4


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
        """The same batches on a device; each rank gets every `world_size`-th item of a batch."""
        moved = ArrayBatches(
            self.stored, self.to_model, batch_size=self.batch_size, seed=self.seed, drop_last=self.drop_last
        )
        moved.device, moved.rank, moved.world_size = device, rank, world_size
        if isinstance(self.stored, np.ndarray) and not isinstance(self.stored, np.memmap):
            whole = torch.from_numpy(self.stored if self.stored.flags.writeable else self.stored.copy())
            moved._resident = whole.to(device) if fits(whole, device) else whole
        return moved

    def draw(self, position: int) -> tuple[Tensor, int]:
        """This rank's part of the batch at a position, and the size of the whole batch."""
        chosen = self._chosen(position)
        size = len(chosen)
        mine = chosen[self.rank :: self.world_size] if self.world_size > 1 else chosen
        if self._resident is not None:
            # index_select is several times as fast as indexing with a tensor on the CPU
            raw = self._resident.index_select(0, mine.to(self._resident.device))
        else:
            raw = self._read_ahead(position, mine)
        return self.to_model(raw.to(self.device, non_blocking=True)), size

    def _chosen(self, position: int) -> Tensor:
        epoch, within = divmod(position, len(self))
        if self._order is None or self._order[0] != epoch:
            self._order = (epoch, self._permutation(epoch))
        return self._order[1][within * self.batch_size : (within + 1) * self.batch_size]

    def _permutation(self, epoch: int) -> Tensor:
        if self.seed is None:
            return torch.arange(len(self.stored))
        words = np.random.SeedSequence([self.seed, epoch]).generate_state(2, np.uint32)
        generator = torch.Generator().manual_seed(int(words[0]) << 32 | int(words[1]))
        return torch.randperm(len(self.stored), generator=generator)

    def _read_ahead(self, position: int, mine: Tensor) -> Tensor:
        """Reads in worker threads, a few batches ahead; decoding and disk both let go of the interpreter."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max(2, os.cpu_count() or 1), thread_name_prefix="hiddenspace-read")
        now = self._ahead.pop(position, None) or self._pool.submit(self._read, mine)
        last_of_epoch = (position // len(self) + 1) * len(self)
        for later in range(position + 1, min(position + 1 + PREFETCHED, last_of_epoch)):
            if later not in self._ahead:
                self._ahead[later] = self._pool.submit(self._read, self._chosen(later)[self.rank :: self.world_size])
        self._ahead = {at: future for at, future in self._ahead.items() if at > position}
        return now.result()

    def _read(self, indices: Tensor) -> Tensor:
        wanted = indices.numpy()
        order = np.argsort(wanted)  # a disk is read in its own order
        batch = np.empty((len(wanted), *self.stored.shape[1:]), dtype=getattr(self.stored, "dtype", np.uint8))
        batch[order] = np.asarray(self.stored[wanted[order]])
        return torch.from_numpy(batch)


def fits(array: Tensor, device: torch.device) -> bool:
    """Whether an array may live on a device for the length of a training."""
    if device.type != "cuda":
        return device.type == "cpu"
    free, _ = torch.cuda.mem_get_info(device)
    return bool(array.nbytes < DEVICE_SHARE * free)
