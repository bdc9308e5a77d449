"""Learning rates layer by layer: what is near the data changes slowly, what is near the answer fast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import nn


def layers_of(network: nn.Module) -> list[list[nn.Parameter]]:
    """A network's parameters in groups of one layer, from the data's side on, by the order in which it holds them.

    A layer is an element of a Sequential or a ModuleList, or a part that holds none of these. Parameters of the network
    itself (tokens, positions) belong to its first layer.
    """
    return [layer for layer in _layers(network) if layer]


def _layers(module: nn.Module) -> Iterator[list[nn.Parameter]]:
    if not _holds_a_list(module):
        yield list(module.parameters())
        return
    own = list(module.parameters(recurse=False))
    for child in module.children():
        for layer in _layers(child):
            yield [*own, *layer]
            own = []
    yield own


def _holds_a_list(module: nn.Module) -> bool:
    return any(isinstance(part, nn.Sequential | nn.ModuleList) for part in module.modules())


def layerwise_adamw(
    parameters: Iterable[nn.Parameter],
    *,
    encoder: nn.Module,
    learning_rate: float,
    layer_decay: float,
    weight_decay: float,
) -> torch.optim.AdamW:
    """AdamW with the rate of layer i of L in the encoder at learning_rate * layer_decay^(L - i), i = 0 .. L - 1.

    Parameters outside the encoder have the full rate (Howard and Ruder 2018; Clark et al. 2020, ELECTRA). Biases and
    other vectors do not decay.
    """
    layers = layers_of(encoder)
    rates = {id(p): learning_rate * layer_decay ** (len(layers) - i) for i, layer in enumerate(layers) for p in layer}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for parameter in parameters:
        rate = rates.get(id(parameter), learning_rate)
        groups.setdefault((rate, weight_decay if parameter.ndim >= 2 else 0.0), []).append(parameter)
    settings = [{"params": group, "lr": rate, "weight_decay": decay} for (rate, decay), group in groups.items()]
    return torch.optim.AdamW(settings, lr=learning_rate, fused=True)
