"""Nested states (of optimizers, observers, games) as JSON with the tensors set apart, and back."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from hiddenspace.errors import TrainingError


def packed(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """The value as JSON; its tensors go into `tensors`, under slash-separated names that begin with `name`.

    Raises
    ------
    TrainingError
        If something in it is neither a tensor, a plain value, nor a list, tuple or dict of such.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Tensor):
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, dict):
        keys = [[key, packed(item, f"{name}/{key}", tensors)] for key, item in value.items()]
        return {"dict": keys}
    if isinstance(value, list | tuple):
        items = [packed(item, f"{name}/{index}", tensors) for index, item in enumerate(value)]
        return items if isinstance(value, list) else {"tuple": items}
    raise TrainingError(
        f"a checkpoint cannot keep the {type(value).__name__} in {name}; use tensors, numbers, texts, lists and dicts."
    )


def unpacked(value: Any, tensors: dict[str, Tensor]) -> Any:
    """What `packed` was given."""
    if isinstance(value, list):
        return [unpacked(item, tensors) for item in value]
    if isinstance(value, dict):
        ((kind, content),) = value.items()
        if kind == "tensor":
            return tensors[content]
        if kind == "tuple":
            return tuple(unpacked(item, tensors) for item in content)
        return {key: unpacked(item, tensors) for key, item in content}
    return value
