"""Those who watch a training: the best weights, early stopping, and the files of a run (written by rank 0 only)."""

from __future__ import annotations

import csv
import io
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from torch import Tensor

from hiddenspace.errors import writing
from hiddenspace.training import ranks
from hiddenspace.training.events import Observer, RoundEnded, Stop
from hiddenspace.training.game import Game

MEND = "mend that and go on with resume"


class BestWeights(Observer):
    """Remembers the weights of the epoch with the lowest loss; `put_back` gives them to the game.

    `rows` are those of all epochs so far. `by` names another figure of theirs, such as one that an observer adds; the
    lowest is the best, unless `highest` says otherwise.
    """

    def __init__(self, by: str = "loss", highest: bool = False) -> None:
        self.by, self.sign = by, -1 if highest else 1
        self.loss: float | None = None
        self.epoch = 0
        self.rows: list[dict[str, float]] = []
        self._weights: dict[str, Tensor] = {}
        self._game: Game | None = None

    def started(self, game: Game, first_round: int, rounds: int) -> None:
        self._game = game
        if first_round == 0:
            self.restore({"loss": None, "epoch": 0, "weights": {}, "rows": []})

    def __call__(self, event: RoundEnded) -> None:
        if event.row is None or self._game is None:
            return
        self.rows.append(dict(event.row))
        loss = self.sign * event.row[self.by]
        if self.loss is None or loss < self.loss:
            self.loss, self.epoch = loss, int(event.row["epoch"])
            unchanged = tuple(f"{name}." for name in self._game.never_changed)
            kept = ((n, v) for n, v in self._game.state_dict().items() if not n.startswith(unchanged))
            self._weights = {name: value.detach().clone() for name, value in kept}

    def put_back(self) -> None:
        """Gives the game its best weights."""
        if self._weights and self._game is not None:
            self._game.load_state_dict({**self._game.state_dict(), **self._weights})

    def state(self) -> dict[str, Any]:
        return {"loss": self.loss, "epoch": self.epoch, "weights": self._weights, "rows": self.rows}

    def restore(self, state: dict[str, Any]) -> None:
        self.loss, self.epoch, self._weights = state["loss"], state["epoch"], state["weights"]
        self.rows = list(state["rows"])


class EarlyStopping(Observer):
    """Ends the training after `patience` epochs without an improvement of at least `tolerance`, relatively.

    `by` is as in `BestWeights`.
    """

    def __init__(self, patience: int, tolerance: float = 1e-4, by: str = "loss") -> None:
        self.patience, self.tolerance, self.by = patience, tolerance, by
        self.loss: float | None = None
        self.waited = 0

    def started(self, game: Game, first_round: int, rounds: int) -> None:
        if first_round == 0:
            self.restore({"loss": None, "waited": 0})

    def __call__(self, event: RoundEnded) -> Stop | None:
        if event.row is None:
            return None
        loss = event.row[self.by]
        if self.loss is None or loss < self.loss - self.tolerance * abs(self.loss):
            self.loss, self.waited = loss, 0
            return None
        self.waited += 1
        return Stop(f"no improvement in {self.patience} epochs") if self.waited >= self.patience else None

    def state(self) -> dict[str, Any]:
        return {"loss": self.loss, "waited": self.waited}

    def restore(self, state: dict[str, Any]) -> None:
        self.loss, self.waited = state["loss"], state["waited"]


class CsvLog(Observer):
    """Keeps `path` as a table of all epochs so far, also over an interruption.

    Raises
    ------
    TrainingError
        If the operating system refuses to write.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []

    def started(self, game: Game, first_round: int, rounds: int) -> None:
        if first_round == 0:
            self.rows = []

    def __call__(self, event: RoundEnded) -> None:
        if event.row is not None:
            self.rows.append(dict(event.row))
            if ranks.rank() == 0:
                self._write()

    def _write(self) -> None:
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        draft = self.path.with_name(f".{self.path.name}")
        with writing(self.path, MEND):
            draft.write_text(text.getvalue())
            os.replace(draft, self.path)

    def state(self) -> dict[str, Any]:
        return {"rows": self.rows}

    def restore(self, state: dict[str, Any]) -> None:
        self.rows = state["rows"]


class TensorBoard(Observer):
    """Writes the means of each epoch as TensorBoard events.

    What a resumed run plays again, and all that a run started anew finds in the folder, is purged first.

    Raises
    ------
    TrainingError
        If the operating system refuses to write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writer: Any = None

    def started(self, game: Game, first_round: int, rounds: int) -> None:
        if ranks.rank() != 0:
            return
        from torch.utils.tensorboard import SummaryWriter

        # events of this step and later ones go; that of the last round before stays
        with writing(self.folder, MEND):
            self._writer = SummaryWriter(str(self.folder), purge_step=first_round + 1 if first_round else 0)

    def __call__(self, event: RoundEnded) -> None:
        if self._writer is None or event.row is None:
            return
        with writing(self.folder, MEND):
            for name, value in event.row.items():
                self._writer.add_scalar(name, value, event.round)
            self._writer.flush()  # a checkpoint of this round must not outlive them

    def finished(self) -> None:
        if self._writer is not None:
            with suppress(OSError):  # all epochs were flushed, and what failed there shall be what is told
                self._writer.close()
