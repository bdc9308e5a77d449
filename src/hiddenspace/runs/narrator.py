"""What a run says: on the terminal, and in log.txt."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console, RenderableType

from hiddenspace.errors import writing
from hiddenspace.runs.folder import MEND


class Narrator:
    """Says things to a console and writes them into a log.

    Parameters
    ----------
    console : Console
        Where a person reads along.
    log : path
        A text file, appended to.
    """

    def __init__(self, console: Console, log: Path) -> None:
        self.console, self.log = console, log

    def say(self, what: RenderableType) -> None:
        """A sentence or a table; bytes of a file name that are no text are written as escapes."""
        if isinstance(what, str):
            what = what.encode("utf-8", "backslashreplace").decode()
        self.console.print(what, markup=False, highlight=False, soft_wrap=isinstance(what, str))
        with writing(self.log, MEND), self.log.open("a", encoding="utf-8") as file:
            stamp = time.strftime("%Y-%m-%d %H:%M:%S")
            text = Console(file=file, width=120, color_system=None)
            text.print(f"{stamp} ", end="", highlight=False)
            text.print(what, markup=False, highlight=False, soft_wrap=True)
