"""The perceptual loss: pictures are compared by what a network sees in them, and not pixel by pixel."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from hiddenspace.errors import UsageError

OUTPUT = "output"
"""The name of the only layer of a network that has no `activations`."""
TINY = 1e-8


def perceptual_loss(
    x: Tensor, target: Tensor, features: nn.Module, weights: Mapping[str, float] | None = None
) -> Tensor:
    """The mean of `perceptual_distances` over a batch.

    Parameters
    ----------
    x, target : tensors of shape (b, c, h, w)
        Pictures as `features` takes them; pictures of `hs.feature_net` are in [0, 1]. Gradients flow to `x` alone.
    features : Module
        What looks at pictures; call its `eval()` first, so that a picture does not depend on those beside it.
    weights : mapping of str to float, optional
        The layers that count and how much each does; by default all layers that there are, each as much as another.

    Returns
    -------
    tensor
        One number, 0 or more.

    Raises
    ------
    UsageError
        If `weights` name a layer that there is not.
    """
    return perceptual_distances(x, target, features, weights).mean()


def perceptual_distances(
    x: Tensor, target: Tensor, features: nn.Module, weights: Mapping[str, float] | None = None
) -> Tensor:
    """How far pictures are from others in the eyes of a network.

    For layers l with weights w_l and activations f_l, flattened, it is

        sum of w_l * |f_l(x) - f_l(target)|^2 / |f_l(target)|^2  /  sum of w_l.

    Each layer is relative to how strongly it answers to the target, so that layers of any size and scale count alike
    and a layer that is silent for x costs 1; Johnson et al. divide by the number of activations instead, which leaves
    each layer its own scale. Distances of single pictures do not depend on the others of the batch. With f the identity
    this is the squared error of pixels.

    Johnson, Alahi and Fei-Fei 2016, "Perceptual losses for real-time style transfer and super-resolution" (their
    feature reconstruction loss); Dosovitskiy and Brox 2016, "Generating images with perceptual similarity metrics
    based on deep networks"; the activations as what a picture shows come from Gatys, Ecker and Bethge 2016, "Image
    style transfer using convolutional neural networks".

    Parameters
    ----------
    x, target : tensors of shape (b, c, h, w)
        As for `perceptual_loss`.
    features : Module
        With a method `activations(x) -> dict of tensors (b, ...)` its layers are those; of any other module the output
        is the only layer, called 'output'.
    weights : mapping of str to float, optional
        As for `perceptual_loss`.

    Returns
    -------
    tensor of shape (b,)

    Raises
    ------
    UsageError
        If `weights` name a layer that there is not.
    """
    with torch.no_grad():
        wanted = activations(features, target)
    found = activations(features, x)
    weights = dict.fromkeys(wanted, 1.0) if weights is None else weights
    if unknown := [name for name in weights if name not in wanted]:
        raise UsageError(f"the feature net has no layer {unknown[0]!r}; it has {', '.join(wanted)}.")
    total = sum(weights.values())
    if not total > 0 or min(weights.values()) < 0:
        raise UsageError("the weights of the layers are not all 0 or more and one of them above 0; change them.")
    parts = [weight * _relative(found[name], wanted[name]) for name, weight in weights.items() if weight > 0]
    return torch.stack(parts).sum(0) / total


def activations(features: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """The layers by which a feature net compares pictures, by name."""
    named = getattr(features, "activations", None)
    layers: dict[str, Tensor] = {OUTPUT: features(x)} if named is None else named(x)
    return layers


def _relative(found: Tensor, wanted: Tensor) -> Tensor:
    """|found - wanted|^2 / |wanted|^2 of each item, (b,), in float32."""
    found, wanted = found.float().flatten(1), wanted.float().flatten(1)
    return (found - wanted).square().sum(1) / (wanted.square().sum(1) + TINY * wanted.shape[1])
