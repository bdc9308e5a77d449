"""Pictures that a unit of an encoder answers to most strongly: what it looks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from hiddenspace.errors import ModelError, UsageError
from hiddenspace.nets.devices import device_of

if TYPE_CHECKING:
    from hiddenspace.space.hidden_space import HiddenSpace

PACE = 0.05
"""Root mean square of a step, in model space, where pixels are in [0, 1]; it falls to zero along the way."""
GREY, NOISE = 0.5, 0.05
"""Where pictures start."""


def maximise(
    space: HiddenSpace,
    units: Sequence[int],
    layer: str | None = None,
    *,
    steps: int = 200,
    variation: float = 0.3,
    jitter: int = 2,
    random_state: int = 0,
) -> Any:
    """Gradient ascent on the picture, from noise (Erhan et al. 2009; Olah, Mordvintsev and Schubert 2017).

    Each step follows the gradient of the activation, scaled to one length for each picture, and that of the total
    variation, scaled likewise, while the picture is shifted by a few pixels; pixels stay in the range of the data.

    Parameters
    ----------
    space : HiddenSpace
        Of pictures, with an encoder.
    units : sequence of int
        Numbers of the code, or channels of the layer at the middle of the picture; what a unit there does not see
        stays grey.
    layer : str, optional
        A module of the encoder, by its name in `encoder.named_modules()`, such as "stages.1"; the code by default.
    steps : int
        Of the ascent.
    variation : float
        Weight of the smoothness, 0 or more; with 1 it weighs as much as the activation.
    jitter : int
        Pixels, at most, by which the picture is shifted in a step.
    random_state : int
        Of the noise and the shifts.

    Returns
    -------
    ndarray
        A picture for each unit, in the data's own shape and range.

    Raises
    ------
    ModelError
        If there is no encoder.
    UsageError
        If the space is not of pictures, or there is no such layer or unit.
    """
    encoder = space.coding.encoder
    if encoder is None:
        raise ModelError("this space was made of ready codes and has no encoder whose units could be looked at.")
    format_ = space.coding.format
    if format_ is None or format_.kind != "images":
        raise UsageError(f"pictures are made of spaces of images, and this one is of {space.kind}; use relevance.")
    if steps < 1 or variation < 0 or jitter < 0:
        raise UsageError("maximise needs at least one step, and a variation and jitter of 0 or more.")
    wanted = torch.as_tensor(np.atleast_1d(np.asarray(units, np.int64)))
    rng = torch.Generator().manual_seed(random_state)
    x = GREY + NOISE * torch.randn(len(wanted), *format_.shape, generator=rng)
    activation = _activation(encoder, layer, wanted)
    for step in range(steps):
        shift = torch.randint(-jitter, jitter + 1, (2,), generator=rng).tolist()
        direction = _unit(_gradient(activation, torch.roll(x, shift, (2, 3))))
        smoother = _unit(_gradient(lambda y: -_variation(y), x)) if variation else 0.0
        ascent = torch.roll(direction, [-shift[0], -shift[1]], (2, 3)) + variation * smoother
        x = (x + PACE * (1 - step / steps) * ascent).clamp(0, 1)
    return format_.to_data(x.numpy())


def _activation(encoder: nn.Module, layer: str | None, units: Tensor) -> Callable[[Tensor], Tensor]:
    """Pictures (k, c, h, w) -> the sum of each one's own unit, a number."""
    known = dict(encoder.named_modules())
    if layer is not None and (layer not in known or not layer):
        names = ", ".join(name for name in known if name)
        raise UsageError(f"the encoder has no layer {layer!r}; it has {names}.")
    module = encoder if layer is None else known[layer]
    device = device_of(encoder)
    seen: list[Tensor] = []

    def activation(x: Tensor) -> Tensor:
        handle = module.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
        try:
            encoder(x.to(device))
        finally:
            handle.remove()
        features = _middle(seen.pop())
        if not ((units >= 0) & (units < features.shape[1])).all():
            raise UsageError(f"units are from 0 to {features.shape[1] - 1} there, not {units.tolist()}.")
        return features[torch.arange(len(units)), units].sum()

    return activation


def _middle(features: Tensor) -> Tensor:
    """(k, c, ...) -> (k, c): of feature maps what stands at the middle, which sees the middle of the picture."""
    while features.ndim > 2:
        features = features[:, :, features.shape[2] // 2]
    return features


def _gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(function(leaf), leaf)
    return gradient.detach().cpu()


def _unit(gradient: Tensor) -> Tensor:
    """Each picture's gradient at a root mean square of 1; where there is none, none."""
    length = gradient.square().mean((1, 2, 3), keepdim=True).sqrt()
    return gradient / torch.where(length > 0, length, torch.ones_like(length))


def _variation(x: Tensor) -> Tensor:
    """Total squared variation: squares of the differences of neighbours."""
    down, right = x[:, :, 1:] - x[:, :, :-1], x[..., 1:] - x[..., :-1]
    return down.square().sum() + right.square().sum()
