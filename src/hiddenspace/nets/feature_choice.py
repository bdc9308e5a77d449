"""Which layers of a feature net, and what colours: a person's words, looked at."""

from __future__ import annotations

from collections.abc import Sequence

from hiddenspace.errors import UsageError
from hiddenspace.nets.preparing import CAFFE, IMAGENET, Colours

COLOURS = {"imagenet": IMAGENET, "caffe": CAFFE}
_NAMED = 24


def chosen_layers(
    layers: str | Sequence[str] | None, default: tuple[str, ...], names: tuple[str, ...]
) -> tuple[str, ...]:
    """The layers that are meant, each once, in their order.

    Raises
    ------
    UsageError
        If one does not exist, or there is none.
    """
    if layers is None:
        return default
    chosen = (layers,) if isinstance(layers, str) else tuple(dict.fromkeys(layers))
    unknown = [layer for layer in chosen if layer not in names]
    if unknown or not chosen:
        what = f"there is no layer {unknown[0]!r} in this net" if unknown else "layers= is empty"
        raise UsageError(f"{what}; it has {_some(names)}.")
    return chosen


def checked_preprocessing(preprocessing: str) -> str:
    """'auto', 'none' or the word for some colours.

    Raises
    ------
    UsageError
        If it is another.
    """
    if preprocessing not in ("auto", "none", *COLOURS):
        raise UsageError(f"preprocessing={preprocessing!r} is unknown; use 'auto', 'imagenet', 'caffe' or 'none'.")
    return preprocessing


def refuse_preprocessing(preprocessing: str, what: str, colours: Colours | None = None) -> None:
    """Says it where somebody wants other colours than `what` can take.

    Raises
    ------
    UsageError
        Unless it is 'auto' or those that it takes anyway.
    """
    if preprocessing != "auto" and (colours is None or COLOURS.get(preprocessing) != colours):
        takes = f"takes {colours.phrase}" if colours else "brings its own"
        raise UsageError(f"preprocessing={preprocessing!r} is not for {what}, which {takes}; leave it at 'auto'.")


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
