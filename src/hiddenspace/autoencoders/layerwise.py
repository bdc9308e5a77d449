"""Learning rates layer by layer: what is near the data changes slowly, what is near the answer fast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import torch
from torch import nn


def layers_of(network: nn.Module) -> list[list[nn.Parameter]]:
    """A network's parameters in groups of one layer, from the data's side on, by the order in which it holds them.

    A layer is a part of the network with all that is in it, so that residual and transformer blocks stay whole. Looked
    into are Sequential and ModuleList, and a part that holds such lists and is the only one of its class: no block.
    What has no matrix (normalisations, scales) goes with the layer before it, and parameters of the network itself
    (tokens, positions) with its first layer.
    """
    classes = Counter(type(part) for part in network.modules())
    layers: list[list[nn.Parameter]] = []
    for layer in _layers(network, classes):
        if layers and all(parameter.ndim < 2 for parameter in layer):
            layers[-1].extend(layer)
        elif layer:
            layers.append(layer)
    return layers


def _layers(module: nn.Module, classes: Counter[type[nn.Module]]) -> Iterator[list[nn.Parameter]]:
    own = list(module.parameters(recurse=False))
    for child in module.children():
        for layer in _layers(child, classes) if _is_looked_into(child, classes) else [list(child.parameters())]:
            if layer:
                yield [*own, *layer]
                own = []
    yield own


def _is_looked_into(module: nn.Module, classes: Counter[type[nn.Module]]) -> bool:
    if type(module) in (nn.Sequential, nn.ModuleList):
        return True
    return classes[type(module)] == 1 and any(isinstance(m, nn.Sequential | nn.ModuleList) for m in module.modules())


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
