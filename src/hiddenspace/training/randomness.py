"""The states of the random generators that a training may draw from."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor


def random_state(device: torch.device) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The generators of Python, NumPy and torch (processor and device) as JSON values and tensors."""
    version, words, gauss = random.getstate()
    # NumPy's global generator is what people's own corruptions draw from
    name, key, position, has_gauss, cached = np.random.get_state(legacy=True)  # noqa: NPY002
    values = {
        "python": [version, list(words), gauss],
        "numpy": [name, np.asarray(key).tolist(), position, has_gauss, cached],
    }
    tensors = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        tensors["cuda"] = torch.cuda.get_rng_state(device)
    return values, tensors


def set_random_state(values: dict[str, Any], tensors: dict[str, Tensor], device: torch.device) -> None:
    """Takes back what `random_state` gave."""
    version, words, gauss = values["python"]
    random.setstate((version, tuple(words), gauss))
    name, key, position, has_gauss, cached = values["numpy"]
    np.random.set_state((name, np.array(key, np.uint32), position, has_gauss, cached))  # noqa: NPY002
    torch.set_rng_state(tensors["cpu"])
    if device.type == "cuda" and "cuda" in tensors:
        torch.cuda.set_rng_state(tensors["cuda"], device)


@contextmanager
def seeded(seed: int, devices: list[torch.device] | None = None) -> Iterator[None]:
    """Seeds all generators inside the `with`; outside, everything goes on as if nothing had been drawn."""
    python, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002
    cuda = [d for d in devices or [] if d.type == "cuda"]
    with torch.random.fork_rng(devices=cuda):
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        torch.manual_seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy_state)  # noqa: NPY002
