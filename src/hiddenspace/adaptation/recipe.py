"""Defaults by data: network, steps, learning rate."""

from __future__ import annotations

from torch import nn

from hiddenspace.data.dataset import Kind
from hiddenspace.models.recipe import Recipe
from hiddenspace.nets.mlp import MLP
from hiddenspace.nets.normed_conv import NormedConvEncoder

EPOCH_STEPS = 200
"""Steps of an epoch, whatever the sizes of the domains."""
EPOCHS = {"images": 12, "vectors": 10, "table": 10}
EMA = 0.99
IMAGE_FEATURES, ROW_FEATURES, ROW_WIDTH = 128, 64, 128


def adaptation_recipe(kind: Kind) -> Recipe:
    """What has served well for each kind of data."""
    return Recipe(64, EPOCHS[kind], 2e-3, 1e-2, 1.0, EPOCHS[kind])


def default_features(shape: tuple[int, ...]) -> nn.Module:
    """The encoder where none is given: (b, *shape) -> (b, features)."""
    if len(shape) == 3:
        return NormedConvEncoder(shape, IMAGE_FEATURES)
    # rectified: with features that may go anywhere the discriminator wins, and the encoder runs away from it
    return nn.Sequential(MLP([shape[0], ROW_WIDTH, ROW_FEATURES], slope=0.0), nn.ReLU())
