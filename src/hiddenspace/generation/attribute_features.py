"""The feature net by which drawn images are compared with the true ones: somebody's own, or a random one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from hiddenspace.data.dataset import Dataset
from hiddenspace.errors import HiddenspaceError, UsageError
from hiddenspace.losses.perceptual import activations, perceptual_loss
from hiddenspace.nets.feature_nets import RANDOM, feature_net_for
from hiddenspace.params import Absent

LOOKED_AT = 256
"""Images on which the random net is normalised."""


def features_for(
    features: Any, in_model_space: Callable[[Dataset], np.ndarray], dataset: Dataset, seed: int
) -> nn.Module:
    """A feature net that takes these images, frozen.

    Parameters
    ----------
    features
        What `feature_net` takes, a module with `activations`, or None for the random net.
    in_model_space
        The images as networks see them.
    dataset
        The images.
    seed
        Of the random net.

    Raises
    ------
    UsageError
        If the net does not take the images.
    """
    if isinstance(features, Absent):
        features()
    some = dataset.take(np.unique(np.linspace(0, len(dataset) - 1, LOOKED_AT).astype(np.intp)))
    images = in_model_space(some)
    net = _net_of(features, images, seed).cpu().eval().requires_grad_(False)
    _try(net, torch.from_numpy(images[:2]))
    return net


def described(net: nn.Module, layers: Mapping[str, float] | None) -> str:
    """What it is, and which layers count."""
    what = str(getattr(net, "description", type(net).__name__))
    return what if layers is None else f"{what} ({', '.join(f'{name} {weight:g}' for name, weight in layers.items())})"


def _net_of(features: Any, images: np.ndarray, seed: int) -> nn.Module:
    if isinstance(features, nn.Module) and hasattr(features, "activations"):
        return copy.deepcopy(features)
    return feature_net_for(RANDOM if features is None else features, lambda: images, seed)


def _try(net: nn.Module, images: torch.Tensor) -> None:
    """One sentence before the training rather than a traceback in it."""
    try:
        perceptual_loss(images, images, net)
    except HiddenspaceError:
        raise
    except Exception as error:  # of any kind: it is a person's own code
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        size = "x".join(map(str, images.shape[1:]))
        raise UsageError(f"features= does not take images of {size} ({reason}); give a net that does.") from error
    if odd := [name for name, made in activations(net, images).items() if len(made) != len(images)]:
        raise UsageError(f"the layer {odd[0]!r} of features= does not keep the items of a batch apart; leave it out.")
