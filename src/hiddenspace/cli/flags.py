"""Flags made from signatures and docstrings, so that no default and no help text is written twice."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import docstring_parser
from cyclopts import Parameter

from hiddenspace.names import MODULES, SAVED_VALUES, find

PLAIN = (int, float, str, bool)


def flags_of(made_from: Callable[..., Any], leave_out: tuple[str, ...] = ()) -> Iterator[inspect.Parameter]:
    """A keyword-only parameter for each argument that can be written on a command line."""
    texts = parameter_texts(made_from)
    init = made_from.__init__ if inspect.isclass(made_from) else made_from
    hints = typing.get_type_hints(inspect.unwrap(init))
    for parameter in inspect.signature(made_from).parameters.values():
        if parameter.name in leave_out:
            continue
        annotation = _writable(hints.get(parameter.name, str))
        if annotation is not None:
            annotated: Any = Annotated.__class_getitem__((annotation, Parameter(help=texts.get(parameter.name, ""))))  # type: ignore[attr-defined]
            default = parameter.default
            if callable(default) and default is not inspect.Parameter.empty:
                default = repr(default)  # as it would be written: the parser refuses what is not of the annotated type
            yield parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=annotated, default=default)


def parameter_texts(documented: Any) -> dict[str, str]:
    """What the docstring (or that of the first base class with such a section) says of each parameter.

    In place of 'As in DANN' stands what is said there.
    """
    for source in inspect.getmro(documented) if inspect.isclass(documented) else (documented,):
        parsed = docstring_parser.parse(inspect.cleandoc(source.__doc__ or ""))
        if parsed.params:
            return dict(_single(parsed.params))
    return {}


def _single(params: list[Any]) -> Iterator[tuple[str, str]]:
    """One entry a name, where a docstring describes 'encoder, decoder' together."""
    for param in params:
        text, names = " ".join((param.description or "").split()), param.arg_name.split(",")
        for name in map(str.strip, names):
            yield name, _looked_up(name, text, alone=len(names) == 1)


def _looked_up(name: str, text: str, alone: bool) -> str:
    """A text that says 'As in Other; more' by what Other says, and by what more is about this name."""
    said = re.match(r"As in (\w+)[.;,]\s*(.*)", text)
    if said is None or said[1] not in MODULES:
        return text
    more = said[2] if alone or f"`{name}`" in said[2] else ""
    return " ".join(
        part for part in (parameter_texts(find(said[1])).get(name, ""), more[:1].upper() + more[1:]) if part
    )


def _writable(annotation: Any) -> Any:
    """The part of an annotation that text can give: plain types as they are, callables as their names in text."""
    options = (
        typing.get_args(annotation)
        if typing.get_origin(annotation) in (typing.Union, types.UnionType)
        else (annotation,)
    )
    kept = []
    for option in options:
        if option in PLAIN or option is type(None) or typing.get_origin(option) is Literal:
            kept.append(option)
        elif _is_object(option):
            kept.append(str)
    if all(option is type(None) for option in kept):
        return None
    joined = kept[0]
    for option in kept[1:]:
        joined = joined | option
    return joined


def _is_object(option: Any) -> bool:
    """Whether it is written as GaussianNoise(0.3) is."""
    any_callable = typing.get_origin(option) is not None and "Callable" in str(option)
    return any_callable or getattr(option, "__name__", None) in SAVED_VALUES


def command_of(function: Callable[..., Any], parameters: list[inspect.Parameter], help_text: str) -> Callable[..., Any]:
    """A function for the parser: these parameters, everything passed on by name."""

    def command(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return function(dict(bound.arguments))

    signature = inspect.Signature(parameters)
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    command.__doc__ = help_text
    command.__name__ = function.__name__
    return command
