"""The same hyperparameters with other defaults."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

C = TypeVar("C", bound=type)


def with_defaults(**defaults: Any) -> Callable[[C], C]:
    """Decorates a subclass that has all arguments of its base class, some with other defaults.

    The subclass gets an `__init__` whose signature scikit-learn, help texts and the command line can read, and the
    sections of the base class's docstring (Parameters, Attributes) below its own words.
    """

    def decorate(cls: C) -> C:
        base: Any = cls.__bases__[0]
        init, signature = base.__init__, inspect.signature(base.__init__)
        parameters = [p.replace(default=defaults.get(name, p.default)) for name, p in signature.parameters.items()]
        changed = signature.replace(parameters=parameters)

        @functools.wraps(init)
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            bound = changed.bind(self, *args, **kwargs)
            bound.apply_defaults()
            init(*bound.args, **bound.kwargs)

        __init__.__signature__ = changed  # type: ignore[attr-defined]
        cls.__init__ = __init__  # type: ignore[misc]
        cls.__doc__ = _with_sections(cls.__doc__, base.__doc__)
        return cls

    return decorate


def _with_sections(own: str | None, base: str | None) -> str | None:
    if own is None or base is None:  # python -OO
        return own
    _, sections, rest = inspect.cleandoc(base).partition("Parameters\n----------")
    return f"{inspect.cleandoc(own)}\n\n{sections}{rest}"
