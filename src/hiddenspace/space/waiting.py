"""A word to those who wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

from rich.console import Console

from hiddenspace.data.progress import PATIENCE

_said: list[str] = []


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Says what goes on, with a moving sign, where stderr is a terminal and it takes more than two seconds.

    Within another one nothing more is said: two moving signs would overwrite each other.
    """
    console = Console(stderr=True)
    if not console.is_terminal or _said:
        yield
        return
    status = console.status(what)
    timer = Timer(PATIENCE, status.start)
    timer.daemon = True
    _said.append(what)
    timer.start()
    try:
        yield
    finally:
        _said.pop()
        timer.cancel()
        timer.join()
        status.stop()
