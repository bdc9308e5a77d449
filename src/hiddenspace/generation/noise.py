"""Noise that a seed alone decides, on whatever device it is used."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from hiddenspace import checks

AT_A_TIME = 256
ANEW = 2**32
"""Beyond all seeds of a sample: where those of noise drawn anew begin."""


def truncated_noise(count: int, latent: int, seed: int, truncation: float | None = None) -> Iterator[Tensor]:
    """Standard normal noise (b, latent) in batches of 256 at most, `count` rows in all.

    Row i is the same whatever `count` is. With `truncation` t each number is drawn from between -t and t (Brock et al.
    2019, "Large scale GAN training", the truncation trick): nearer to what was seen most often, and less varied.
    """
    for start, noise in zip(range(0, count, AT_A_TIME), endless_noise(latent, seed, truncation), strict=False):
        yield noise[: count - start]


def endless_noise(latent: int, seed: int, truncation: float | None = None) -> Iterator[Tensor]:
    """The same noise without an end, in whole batches of 256."""
    generator = torch.Generator().manual_seed(seed)
    inside = 1.0 if truncation is None else math.erf(truncation / math.sqrt(2))
    while True:
        uniform = torch.rand(AT_A_TIME, latent, generator=generator, dtype=torch.float64)
        # by the inverse of the distribution function, so that each number takes one draw
        noise = math.sqrt(2) * torch.erfinv(((2 * uniform - 1) * inside).clamp(-1 + 1e-15, 1 - 1e-15))
        yield noise.float()


def check_sampling(n: int, truncation: float | None, random_state: int) -> None:
    """Refuses what makes no sense, before anything is drawn."""
    checks.whole("n", n)
    checks.seed("random_state", random_state)
    if truncation is not None:
        checks.number("truncation", truncation, least=0, above=0)
