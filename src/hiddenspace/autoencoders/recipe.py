"""Defaults by data: code size, batch size, epochs, learning rate."""

from __future__ import annotations

import math

from hiddenspace.data.dataset import Kind
from hiddenspace.models.recipe import Recipe, default_patience

EPOCHS = 7
"""Passes over 54,000 items; fewer items get more, by the square root."""
FEWEST_STEPS = 8000
"""As many as the epochs allow: with fewer steps PCA is not beaten, however few the items are."""
MOST_EPOCHS = 200
LABELLED_STEPS, LABELLED_PASSES = 1500, 8
"""Where labels are learned: steps at least, however few they are; passes over 54,000, of fewer more, by the root."""
LABELLED_EPOCH = 50
"""Steps of such an epoch at least: few items are passed through several times in it."""
FASTEST_ROWS, WIDTH = 5e-3, 1.0
"""The learning rate of narrow networks of rows; that of wide ones falls as 1 / width (Yang et al. 2022)."""
FASTEST_IMAGES, SIDE = 3e-3, 0.1
"""That of images up to 33 pixels, beyond which it falls as 0.1 / side: at 64 pixels 3e-3 blew up."""


def default_code(shape: tuple[int, ...]) -> int:
    """A quarter of the features, between 2 and 32, and fewer than the features wherever there are several."""
    features = math.prod(shape)
    return max(1, min(32, max(2, features // 4), features - 1))


def default_recipe(kind: Kind, items: int, size: int) -> Recipe:
    """What has served well on small and middling data of each kind.

    `size` is the longer side of an image in pixels, or the width of the first hidden layer for rows.
    """
    batch = 32 if kind == "images" else 64
    rate = min(FASTEST_IMAGES, SIDE / size) if kind == "images" else min(FASTEST_ROWS, WIDTH / size)
    passes = max(EPOCHS * math.sqrt(54_000 / items), FEWEST_STEPS * batch / items)
    epochs = min(MOST_EPOCHS, max(1, round(passes)))
    return Recipe(batch, epochs, rate, 1e-2, 1.0, default_patience(epochs))


def supervised_recipe(kind: Kind, items: int, pretrained: bool) -> Recipe:
    """What has served well where so many labels are learned, with a pretrained encoder or from scratch."""
    batch = 64
    once = max(1, items // batch)
    steps = max(LABELLED_STEPS, LABELLED_PASSES * math.sqrt(54_000 / items) * once)
    epochs = max(1, round(steps / (once * math.ceil(LABELLED_EPOCH / once))))
    rate = 3e-3 if kind == "images" and not pretrained else 2e-3
    return Recipe(batch, epochs, rate, 1e-2, 1.0, default_patience(epochs))
