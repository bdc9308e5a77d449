"""A progress bar for reading that takes long enough to wonder about."""

from collections.abc import Iterable, Iterator
from time import monotonic
from typing import TypeVar

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

PATIENCE = 2.0  # seconds before a bar appears

T = TypeVar("T")


def track(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Hand the items on; where stderr is a terminal, show a bar once it has taken two seconds."""
    console = Console(stderr=True)
    begun = monotonic()
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task(what, total=total)
    try:
        for item in items:
            yield item
            bar.advance(task)
            if not bar.live.is_started and monotonic() - begun > PATIENCE:
                bar.start()
    finally:
        bar.stop()
