"""Arguments written as text, such as GaussianNoise(0.3), without running anything."""

from __future__ import annotations

import ast
from typing import Any

from hiddenspace.errors import UsageError
from hiddenspace.names import SAVED_VALUES, find


def value_from_text(value: Any) -> Any:
    """An object of ours from 'Name(1, key=2)' or 'Name', None from 'None'; what is not such a text stays as it is.

    Raises
    ------
    UsageError
        If it looks like one but names nothing known, or its arguments do not fit.
    """
    if not isinstance(value, str) or not value[:1].isupper():
        return value
    if value == "None":  # which is another thing than leaving it out, where the default is not None
        return None
    usage = f"write one of {', '.join(SAVED_VALUES)}, with numbers in brackets as in GaussianNoise(0.3)"
    try:
        tree = ast.parse(value, mode="eval").body
        call = tree if isinstance(tree, ast.Call) else ast.Call(tree, [], [])
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        args = [ast.literal_eval(argument) for argument in call.args]
        named = {str(item.arg): ast.literal_eval(item.value) for item in call.keywords}
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"{value!r} cannot be understood; {usage}.") from error
    if name not in SAVED_VALUES:
        raise UsageError(f"{value!r} is unknown; {usage}.")
    try:
        return find(name)(*args, **named)
    except TypeError as error:
        raise UsageError(f"{value!r} does not fit ({error}); {usage}.") from error
