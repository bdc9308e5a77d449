"""The same hyperparameters with other defaults."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any


def with_defaults(init: Callable[..., None], **defaults: Any) -> Callable[..., None]:
    """An `__init__` with the signature of another one but for some defaults, for scikit-learn to read as its own."""
    signature = inspect.signature(init)
    parameters = [p.replace(default=defaults.get(name, p.default)) for name, p in signature.parameters.items()]

    @functools.wraps(init)
    def changed(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **{**{k: v for k, v in defaults.items() if k not in positional(args)}, **kwargs})

    def positional(args: tuple[Any, ...]) -> list[str]:
        return list(signature.parameters)[1 : len(args) + 1]

    changed.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return changed
