"""What the tests of the loop share: one thread, so that sums are the same each time, and batches of plain rows."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from hiddenspace.data.batches import ArrayBatches


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def rows() -> Callable[..., ArrayBatches]:
    """Batches of (n, d) normal numbers."""

    def make(n: int = 20, d: int = 4, *, batch_size: int = 5, seed: int | None = 3, content: int = 0) -> ArrayBatches:
        x = np.random.default_rng(content).normal(size=(n, d)).astype(np.float32)
        return ArrayBatches(x, lambda raw: raw, batch_size=batch_size, seed=seed, drop_last=seed is not None)

    return make
