"""What batch normalisation goes by: the batch, or what it has seen before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def normalisations(network: nn.Module) -> list[_BatchNorm]:
    """Its layers of batch normalisation."""
    return [module for module in network.modules() if isinstance(module, _BatchNorm)]


@contextmanager
def by_the_batch(network: nn.Module) -> Iterator[None]:
    """Inside the `with` normalisations go by the batch, and remember nothing of it."""
    layers = normalisations(network)
    before = [(layer, layer.training, layer.track_running_stats) for layer in layers]
    for layer in layers:
        layer.training, layer.track_running_stats = True, False
    try:
        yield
    finally:
        for layer, training, tracking in before:
            layer.training, layer.track_running_stats = training, tracking


@torch.no_grad()
def gather_statistics(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Replaces the running statistics by the means over these batches (AdaBN, Li et al. 2016).

    The network is left in evaluation mode.
    """
    layers = normalisations(network)
    momenta = [layer.momentum for layer in layers]
    network.eval()
    for layer in layers:
        layer.reset_running_stats()
        layer.training, layer.momentum = True, None  # None: the plain mean over all batches
    for batch in batches:
        network(batch)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    network.eval()
