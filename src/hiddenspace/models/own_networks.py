"""Networks that people bring: copied, tried once, and refused with a sentence where they do not fit."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from hiddenspace.errors import UsageError
from hiddenspace.params import Absent


def copied(encoder: Any, decoder: Any) -> tuple[nn.Module | None, nn.Module | None]:
    """Copies on the CPU, so that what was given as an argument stays as it was; weights that both share stay shared.

    Raises
    ------
    UsageError
        If one is no module.
    ModelError
        If one was, but is of a saved model that was loaded without it.
    """
    for name, module in (("encoder", encoder), ("decoder", decoder)):
        _check_module(name, module)
    own: tuple[nn.Module | None, nn.Module | None] = copy.deepcopy((encoder, decoder))
    for module in own:
        if module is not None:
            module.cpu()
    return own


def copied_network(name: str, module: Any) -> nn.Module | None:
    """The same for a single network of this name."""
    _check_module(name, module)
    return None if module is None else copy.deepcopy(module).cpu()


def _check_module(name: str, module: Any) -> None:
    if isinstance(module, Absent):
        module()
    if module is not None and not isinstance(module, nn.Module):
        raise UsageError(f"{name}={module!r} is no torch.nn.Module; give an instance of one.")


def code_size_of(encoder: nn.Module, shape: tuple[int, ...], code_per_output: int) -> int:
    """How many numbers the code of an item of this shape has."""
    output = _tried("encoder", encoder, shape)
    if output.ndim != 2 or output.shape[1] % code_per_output:
        wanted = "(batch, code)" if code_per_output == 1 else f"(batch, {code_per_output} * code)"
        raise UsageError(f"the encoder gives codes of shape {tuple(output.shape)}; make it give {wanted}.")
    return output.shape[1] // code_per_output


def check_decoder(decoder: nn.Module, code: int, shape: tuple[int, ...], name: str = "decoder") -> None:
    """Whether it gives items of this shape."""
    output = _tried(name, decoder, (code,))
    if output.shape[1:] != shape:
        raise UsageError(f"the {name} gives {tuple(output.shape)}; make it give {_batch(shape)} as the data are.")


def check_logits(discriminator: nn.Module, shape: tuple[int, ...], condition: int = 0) -> None:
    """Whether it gives one number for each item, and its condition of so many numbers, where there is one."""
    output = _tried("discriminator", discriminator, shape, *([(condition,)] if condition else []))
    if output.numel() != 2:
        raise UsageError(f"the discriminator gives {tuple(output.shape)} for 2 items; make it give (batch,) logits.")


def _tried(name: str, module: nn.Module, *shapes: tuple[int, ...]) -> Tensor:
    """What two items of zeros become, each of so many parts; lazy layers learn their sizes from it."""
    was_training = module.training
    try:
        with torch.no_grad():
            output: Any = module.eval()(*(torch.zeros(2, *shape) for shape in shapes))
    except Exception as error:  # of any kind: it is a person's own code
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise UsageError(
            f"the {name} does not take {' and '.join(map(_batch, shapes))} ({reason}); make it take that."
        ) from error
    module.train(was_training)
    if not isinstance(output, Tensor):
        raise UsageError(f"the {name} gives a {type(output).__name__}; make it give a tensor.")
    if output.shape[:1] != (2,):
        raise UsageError(
            f"the {name} makes {tuple(output.shape)} of a batch of 2; make its first dimension that of the batch."
        )
    return output


def _batch(shape: tuple[int, ...]) -> str:
    return f"(batch, {', '.join(map(str, shape))})"
