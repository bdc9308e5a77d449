"""Pictures that a unit of an encoder answers to most strongly: what it looks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from hiddenspace.data.format import Format
from hiddenspace.errors import ModelError, UsageError
from hiddenspace.nets.devices import device_of
from hiddenspace.space.coding import Coding

PACE = 0.05
"""Root mean square of a step, in model space, where pixels are in [0, 1]; it falls to zero along the way."""
GREY, NOISE = 0.5, 0.05
"""Where pictures start."""


def maximise(
    coding: Coding,
    units: Sequence[int],
    layer: str | None = None,
    *,
    steps: int = 200,
    variation: float = 0.3,
    jitter: int = 2,
    random_state: int = 0,
) -> Tensor:
    """Gradient ascent on the picture, from noise (Erhan et al. 2009; Olah, Mordvintsev and Schubert 2017).

    Each step follows the gradient of the activation, scaled to one length for each picture, and that of the total
    variation, scaled likewise, while the picture is shifted by a few pixels; pixels stay in the range of the data.

    Parameters
    ----------
    coding : Coding
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
    Tensor (k, c, h, w)
        A picture for each unit in model space, that is in [0, 1]; `HiddenSpace.maximise` gives the data's own range.

    Raises
    ------
    ModelError
        If there is no encoder.
    UsageError
        If the space is not of pictures, or there is no such layer or unit.
    """
    encoder, format_ = seeing(coding)
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
    return x


def units_of(coding: Coding, layer: str | None = None) -> int:
    """How many units a layer has, or the code."""
    encoder, format_ = seeing(coding)
    seen: list[int] = []
    with torch.inference_mode(), _listening(encoder, layer, lambda features: seen.append(features.shape[1])):
        encoder(torch.full((1, *format_.shape), GREY, device=device_of(encoder)))
    return seen.pop()


def seeing(coding: Coding) -> tuple[nn.Module, Format]:
    """The encoder, and what it sees: pictures.

    Raises
    ------
    ModelError
        If there is no encoder.
    UsageError
        If it sees something else.
    """
    if coding.encoder is None:
        raise ModelError("this space was made of ready codes and has no encoder whose units could be looked at.")
    if coding.format is None or coding.format.kind != "images":
        kind = "nothing that is known" if coding.format is None else coding.format.kind
        raise UsageError(f"this is no encoder of images but of {kind}; use relevance.")
    return coding.encoder, coding.format


@contextmanager
def _listening(encoder: nn.Module, layer: str | None, heard: Callable[[Tensor], object]) -> Iterator[None]:
    """What a layer of the encoder gives, or the encoder itself, is heard inside."""
    known = dict(encoder.named_modules())
    if layer is not None and (layer not in known or not layer):
        names = ", ".join(name for name in known if name)
        raise UsageError(f"the encoder has no layer {layer!r}; it has {names}.")
    module = encoder if layer is None else known[layer]

    def hook(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        heard(output)

    handle = module.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def _activation(encoder: nn.Module, layer: str | None, units: Tensor) -> Callable[[Tensor], Tensor]:
    """Pictures (k, c, h, w) -> the sum of each one's own unit, a number."""
    device = device_of(encoder)
    seen: list[Tensor] = []

    def activation(x: Tensor) -> Tensor:
        with _listening(encoder, layer, seen.append):
            encoder(x.to(device))
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
