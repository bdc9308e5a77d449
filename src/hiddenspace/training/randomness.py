"""The states of the random generators that a training may draw from."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

# NumPy's global generator is what people's own corruptions draw from.
# ruff: noqa: NPY002


def random_state(device: torch.device) -> dict[str, Any]:
    """The generators of Python, NumPy and torch (processor and device), for a checkpoint."""
    name, key, position, has_gauss, cached = np.random.get_state(legacy=True)
    return {
        "python": random.getstate(),
        "numpy": (name, np.asarray(key).tolist(), position, has_gauss, cached),
        "cpu": torch.get_rng_state(),
        "device": _device_state(device),
    }


def set_random_state(state: dict[str, Any], device: torch.device) -> None:
    """Takes back what `random_state` gave; a state of another kind of device is left aside."""
    random.setstate(state["python"])
    name, key, position, has_gauss, cached = state["numpy"]
    np.random.set_state((name, np.array(key, np.uint32), position, has_gauss, cached))
    torch.set_rng_state(state["cpu"])
    _set_device_state(device, state["device"])


@contextmanager
def seeded(seed: int, device: torch.device | None = None) -> Iterator[None]:
    """Seeds all generators inside the `with`; outside, everything goes on as if nothing had been drawn.

    `device` is the one that is drawn on beside the processor; by default the GPU, where there is one.
    """
    device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kept = random_state(device)
    reseed(seed)
    try:
        yield
    finally:
        set_random_state(kept, device)


def reseed(seed: int) -> None:
    """Seeds all generators."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def _device_state(device: torch.device) -> dict[str, Any] | None:
    if device.type not in ("cuda", "mps"):
        return None
    state = torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.mps.get_rng_state()
    return {"type": device.type, "state": state}


def _set_device_state(device: torch.device, kept: dict[str, Any] | None) -> None:
    if kept is None or kept["type"] != device.type:
        return
    if device.type == "cuda":
        torch.cuda.set_rng_state(kept["state"], device)
    else:
        torch.mps.set_rng_state(kept["state"])
