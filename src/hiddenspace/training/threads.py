"""How many threads a training of very small networks takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

SMALL = 100_000
"""Weights; products of layers of some 64 units took a third longer on two threads than on one."""


@contextmanager
def one_if_small(*networks: nn.Module) -> Iterator[None]:
    """One thread inside the `with` for fully connected networks whose work costs more to hand out than to do."""
    before = torch.get_num_threads()
    if sum(parameter.numel() for network in networks for parameter in network.parameters()) < SMALL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
