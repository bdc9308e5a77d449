"""Where a network lives."""

from __future__ import annotations

import torch
from torch import nn


def device_of(network: nn.Module) -> torch.device:
    """The device of its first tensor; the CPU where it has none."""
    tensor = next(iter([*network.parameters(), *network.buffers()]), None)
    return torch.device("cpu") if tensor is None else tensor.device
