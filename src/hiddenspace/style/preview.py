"""How far a painting is, as a file that one can watch."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from hiddenspace.style.painting import Painting
from hiddenspace.style.pictures import as_bytes, write_picture
from hiddenspace.training import ranks
from hiddenspace.training.events import Observer, RoundEnded
from hiddenspace.training.game import Game


class Preview(Observer):
    """Writes the picture as it is by now, in the size of its scale, at the end of a row of steps.

    Parameters
    ----------
    path : Path
        The file, which is replaced each time by a whole one.
    seconds : float
        At least so many between two writes.
    """

    def __init__(self, path: Path, seconds: float = 3.0) -> None:
        self.path, self.seconds = path, seconds
        self._game: Painting | None = None
        self._written = -seconds

    def started(self, game: Game, first_round: int, rounds: int) -> None:
        self._game = game if isinstance(game, Painting) else None

    def __call__(self, event: RoundEnded) -> None:
        # between rows the picture is not the average of those that were passed through, which is what is kept
        if event.row is None or self._game is None or ranks.rank() != 0:
            return
        if time.monotonic() - self._written >= self.seconds:
            with suppress(OSError):  # no painting shall end because it cannot be watched
                write_picture(as_bytes(self._game.shown()), self.path)
            self._written = time.monotonic()
