"""The progress bar of a training: epoch, loss, items a second, time left."""

from __future__ import annotations

import sys
import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from hiddenspace.training import ranks
from hiddenspace.training.events import Observer, RoundEnded
from hiddenspace.training.game import Game

SECONDS = 0.2
"""Between two looks at the loss, each of which waits for the device."""


class ProgressBar(Observer):
    """Shows how far a training is. Nothing is drawn unless standard error is a terminal, or `show` says so."""

    def __init__(self, title: str, show: bool | None = None) -> None:
        self.title = title
        self.show = sys.stderr.isatty() if show is None else show
        self._bar: Progress | None = None
        self._task: Any = None
        self._items = 0
        self._looked = 0.0
        self._validation = ""
        self._watched = ""
        self._epochs = 0

    def started(self, game: Game, first_round: int, rounds: int) -> None:
        if first_round == 0:
            self._items, self._epochs, self._validation, self._watched = 0, 0, "", ""
        if not self.show or ranks.rank() != 0:
            return
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %  {task.fields[figures]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=False,
        )
        self._bar.start()
        self._task = self._bar.add_task(self.title, total=rounds, completed=first_round, figures="")
        self._looked = time.monotonic()

    def __call__(self, event: RoundEnded) -> None:
        if event.row is not None:
            self._epochs = int(event.row["epoch"])
        if self._bar is None:
            return
        self._items += event.items
        if event.row is not None:
            held_out = [value for name, value in event.row.items() if name.startswith("validation/")]
            self._validation = f"  validation {sum(held_out):.5g}" if held_out else ""
            watched = {name.removeprefix("monitor/"): v for name, v in event.row.items() if name.startswith("monitor/")}
            self._watched = "".join(f"  {name} {value:.3f}" for name, value in watched.items()) or self._watched
        now = time.monotonic()
        if now - self._looked < SECONDS and event.row is None and event.round < event.rounds:
            return
        speed = self._items / max(now - self._looked, 1e-9)
        loss = sum(float(value) for value in event.terms.values())
        epoch = self._epochs + (event.row is None)
        figures = f"epoch {epoch}  loss {loss:.5g}{self._validation}{self._watched}  {speed:,.0f} items/s"
        self._bar.update(self._task, completed=event.round, figures=figures)
        self._items, self._looked = 0, now

    def finished(self) -> None:
        if self._bar is not None:
            self._bar.stop()

    def state(self) -> dict[str, Any]:
        return {"epochs": self._epochs}

    def restore(self, state: dict[str, Any]) -> None:
        self._epochs = state["epochs"]
