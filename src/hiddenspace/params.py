"""Hyperparameters as JSON and back: plain values, objects of ours by name, and a mark for what is code."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from os import PathLike, fspath
from typing import Any, NoReturn

import numpy as np

from hiddenspace.errors import ModelError
from hiddenspace.names import SAVED_VALUES, find

NOT_SAVED = ("trainer",)
"""How a model was run is no part of the model."""


@dataclass(frozen=True)
class Absent:
    """Stands for an argument that was code of somebody's own, which is never saved."""

    argument: str
    code: str

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        """As a network or a function it can only say what is missing."""
        raise ModelError(
            f"{self.argument} was code of your own ({self.code}), which is never saved; give it again as "
            f"load(folder, {self.argument}=...)."
        )


def params_as_json(params: Mapping[str, Any]) -> dict[str, Any]:
    """What `get_params` gave, without how the model was run."""
    return {name: _as_json(value) for name, value in params.items() if name not in NOT_SAVED}


def _as_json(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, PathLike):
        return fspath(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.random.RandomState):
        return None  # it has moved on; the seed that was drawn from it is kept
    if isinstance(value, Absent):
        return {"code": value.code}
    if isinstance(value, Mapping):
        return {"mapping": {str(key): _as_json(item) for key, item in value.items()}}
    if isinstance(value, list | tuple):
        return {"sequence": [_as_json(item) for item in value]}
    if type(value).__name__ in SAVED_VALUES and is_dataclass(value):
        return {"name": type(value).__name__, **asdict(value)}  # type: ignore[arg-type]
    return {"code": getattr(value, "__qualname__", type(value).__qualname__)}


def params_from_json(params: Mapping[str, Any], model_class: Any, modules: Mapping[str, Any]) -> dict[str, Any]:
    """Hyperparameters from JSON; `modules` are those that a person gives anew.

    Raises
    ------
    ModelError
        If one is unknown to the class.
    """
    known = inspect.signature(model_class).parameters
    for name in modules:
        if name not in known:
            raise ModelError(f"{model_class.__name__} takes no {name!r}; give only arguments that it has.")
    for name in params:
        if name not in known:
            raise ModelError(f"the saved model sets {name!r}, unknown to this version; upgrade hiddenspace.")
    return {name: value_from_json(name, value) for name, value in params.items()} | dict(modules)


def value_from_json(name: str, value: Any) -> Any:
    """The hyperparameter that `params_as_json` described.

    Raises
    ------
    ModelError
        If it is an object that is none of ours.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict) and value.keys() == {"sequence"}:
        return tuple(value_from_json(name, item) for item in value["sequence"])
    if isinstance(value, dict) and value.keys() == {"mapping"}:
        return {key: value_from_json(name, item) for key, item in value["mapping"].items()}
    if isinstance(value, dict) and value.keys() == {"code"}:
        return Absent(name, str(value["code"]))
    if not isinstance(value, dict) or value.get("name") not in SAVED_VALUES:
        what = value.get("name") if isinstance(value, dict) else value
        raise ModelError(f"the saved model sets {name} to {what!r}, unknown to this version; upgrade hiddenspace.")
    try:
        return find(value["name"])(**{key: item for key, item in value.items() if key != "name"})
    except (TypeError, ValueError) as error:
        raise ModelError(f"the saved model sets {name} to a {value['name']} it cannot be made of ({error}).") from error
