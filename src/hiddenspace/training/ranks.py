"""The few things that several processes must agree on. With one process each of these does nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


def world_size() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Which of them this is."""
    return dist.get_rank() if world_size() > 1 else 0


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replaces each gradient by its mean over the ranks, in one flat all-reduce.

    A parameter without a gradient counts as zero on that rank, so that ranks whose batches took different paths
    still agree on what they exchange.
    """
    if world_size() == 1:
        return
    wanted = [p for p in parameters if p.requires_grad]
    flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).reshape(-1) for p in wanted])
    dist.all_reduce(flat)
    flat /= world_size()
    offset = 0
    for parameter in wanted:
        part = flat[offset : offset + parameter.numel()].view_as(parameter)
        parameter.grad = part.clone()
        offset += parameter.numel()


def total_over_ranks(value: Tensor) -> Tensor:
    """The sum over ranks, on every rank."""
    if world_size() > 1:
        value = value.clone()
        dist.all_reduce(value)
    return value


@torch.no_grad()
def take_from_first(module: nn.Module) -> None:
    """Gives every rank the parameters and buffers of rank 0."""
    if world_size() > 1:
        for tensor in [*module.parameters(), *module.buffers()]:
            dist.broadcast(tensor.data, src=0)


def gathered(value: Any) -> list[Any]:
    """One value per rank, on every rank."""
    if world_size() == 1:
        return [value]
    values: list[Any] = [None] * world_size()
    dist.all_gather_object(values, value)
    return values


def told_by_first(value: Any) -> Any:
    """What rank 0 says, on every rank."""
    if world_size() == 1:
        return value
    box = [value]
    dist.broadcast_object_list(box, src=0)
    return box[0]


def wait_for_all() -> None:
    """Returns once every rank has come here."""
    if world_size() > 1:
        dist.barrier()
