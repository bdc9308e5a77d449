"""The few things that several processes must agree on. With one process each of these does nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


@torch.no_grad()
def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replaces each gradient by its mean over the ranks, in one flat all-reduce.

    A parameter without a gradient counts as zero on that rank, so that ranks whose batches took different paths
    still agree on what they exchange; without one on every rank it stays without, as in a single process.
    """
    if world_size() == 1:
        return
    wanted = [p for p in parameters if p.requires_grad]
    having = torch.tensor([float(p.grad is not None) for p in wanted], device=wanted[0].device)
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in wanted]
    flat = torch.cat([having, *(gradient.reshape(-1) for gradient in gradients)])
    dist.all_reduce(flat)
    having, *means = torch.split(flat, [len(wanted), *(p.numel() for p in wanted)])
    for index, (parameter, mean) in enumerate(zip(wanted, means, strict=True)):
        # only where this rank has no gradient does it wait for the device, to see whether another has
        if parameter.grad is not None or bool(having[index]):
            # in the parameter's own order in memory: torch's fused optimizers on the CPU go by memory, not by index
            parameter.grad = torch.empty_like(parameter).copy_((mean / world_size()).view_as(parameter))


def total_over_ranks(value: Tensor) -> Tensor:
    """The sum over ranks, on every rank."""
    if world_size() > 1:
        value = value.clone()
        dist.all_reduce(value)
    return value


def mean_by_name(sums: Mapping[str, tuple[float, int]]) -> dict[str, float]:
    """Sums and counts by name, which need not be the same on all ranks -> means over all."""
    totals: dict[str, float] = {}
    counts: dict[str, int] = {}
    for part in gathered(dict(sums)):
        for name, (value, count) in part.items():
            totals[name] = totals.get(name, 0.0) + value
            counts[name] = counts.get(name, 0) + count
    return {name: value / counts[name] for name, value in totals.items()}


@torch.no_grad()
def take_from_first(tensors: Iterable[Tensor]) -> None:
    """Gives every rank what these tensors hold on rank 0."""
    if world_size() > 1:
        for tensor in tensors:
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


def any_of(*wishes: bool) -> list[bool]:
    """Whether any rank has each of these wishes."""
    return [any(answers) for answers in zip(*gathered(wishes), strict=True)]
