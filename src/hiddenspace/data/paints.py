"""Pairs of colours that can be told apart, as painted things have them: most are nearly grey, brown or blue."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]  # float32 throughout

WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)
"""Of red, green and blue in the luminance, as television has them."""
MOST = 0.85
WARM, COOL = (0.07, 0.03), (0.6, 0.05)
"""Means and deviations of the hues of wood, stone and brass, and of paint and shade."""
SHARES = (0.52, 0.87)
"""Up to where a lot draws a warm hue, and up to where a cool one; beyond, any."""


def pairs(rng: np.random.Generator, count: int, contrast: float) -> tuple[Floats, Floats]:
    """Colours of two things each, (count, 3) in [0, 1], whose luminances are from `contrast` to MOST apart.

    Either is as often the brighter one.
    """
    apart = contrast + (MOST - contrast) * rng.beta(1.2, 1.6, count)
    darker = rng.uniform(0.03, 1, count) * (0.99 - apart)
    first = rng.random(count) < 0.5
    return _paint(rng, darker + apart * first), _paint(rng, darker + apart * ~first)


def luminance(colours: Floats) -> Floats:
    """Of (..., 3), without the last axis."""
    red, green, blue = (colours[..., channel] * WEIGHTS[channel] for channel in range(3))
    bright: Floats = red + green + blue
    return bright


def _paint(rng: np.random.Generator, bright: NDArray[np.float64]) -> Floats:
    """A colour of each of these luminances (n,): (n, 3)."""
    count = len(bright)
    warm, cool, any_ = rng.normal(*WARM, count), rng.normal(*COOL, count), rng.random(count)
    hue = np.choose(np.searchsorted(SHARES, rng.random(count)), [warm, cool, any_])
    saturation = rng.beta(1, 3.8, count)
    wave = np.abs((hue[:, None] + np.array([0, 2 / 3, 1 / 3])) % 1 * 6 - 3) - 1
    full = 1 - saturation[:, None] * (1 - np.clip(wave, 0, 1))
    of_full, bright = luminance(full)[:, None], bright[:, None]
    darkened, paled = full * (bright / of_full), full + (1 - full) * (bright - of_full) / (1 - of_full + 1e-9)
    paint: Floats = np.where(bright < of_full, darkened, paled).astype(np.float32)
    return paint
