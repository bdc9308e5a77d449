"""Those who watch a training: the best weights, early stopping, and the files of a run."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

from torch import Tensor

from hiddenspace.training.events import Observer, RoundEnded, Row, Stop
from hiddenspace.training.game import Game


def watched(row: Row) -> float:
    """The number that says how good an epoch was: the sum of its validation terms, or else of its training terms."""
    for kind in ("validation/", "train/"):
        values = [value for name, value in row.items() if name.startswith(kind)]
        if values:
            return sum(values)
    return float("inf")


class BestWeights(Observer):
    """Remembers the weights of the epoch with the lowest validation loss; `put_back` gives them to the game."""

    def __init__(self) -> None:
        self.loss = float("inf")
        self.epoch = 0
        self._weights: dict[str, Tensor] = {}
        self._game: Game | None = None

    def started(self, game: Game, first_round: int, rounds: int) -> None:
        self._game = game

    def __call__(self, event: RoundEnded) -> None:
        if event.row is None or self._game is None or watched(event.row) >= self.loss:
            return
        self.loss, self.epoch = watched(event.row), int(event.row["epoch"])
        self._weights = {name: value.detach().clone() for name, value in self._game.state_dict().items()}

    def put_back(self) -> None:
        """Gives the game its best weights."""
        if self._weights and self._game is not None:
            self._game.load_state_dict(self._weights)

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        return {"loss": self.loss if self._weights else None, "epoch": self.epoch}, self._weights

    def restore(self, values: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        if values["loss"] is not None:
            self.loss, self.epoch = values["loss"], values["epoch"]
            self._weights = {name: tensor.clone() for name, tensor in tensors.items()}


class EarlyStopping(Observer):
    """Ends the training after `patience` epochs without an improvement of at least `tolerance`, relatively."""

    def __init__(self, patience: int, tolerance: float = 1e-4) -> None:
        self.patience, self.tolerance = patience, tolerance
        self.loss = float("inf")
        self.waited = 0

    def __call__(self, event: RoundEnded) -> Stop | None:
        if event.row is None:
            return None
        loss = watched(event.row)
        if loss < self.loss - self.tolerance * abs(self.loss if self.loss < float("inf") else 0.0):
            self.loss, self.waited = loss, 0
            return None
        self.waited += 1
        return Stop(f"no improvement in {self.patience} epochs") if self.waited >= self.patience else None

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        return {"loss": None if self.loss == float("inf") else self.loss, "waited": self.waited}, {}

    def restore(self, values: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        self.loss = float("inf") if values["loss"] is None else values["loss"]
        self.waited = values["waited"]


class CsvLog(Observer):
    """Keeps `path` as a table of all epochs so far, also over an interruption."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []

    def __call__(self, event: RoundEnded) -> None:
        if event.row is not None:
            self.rows.append(dict(event.row))
            self._write()

    def _write(self) -> None:
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns)
        writer.writeheader()
        writer.writerows(self.rows)
        draft = self.path.with_suffix(".draft")
        draft.write_text(text.getvalue())
        os.replace(draft, self.path)

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        return {"rows": self.rows}, {}

    def restore(self, values: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        self.rows = values["rows"]


class TensorBoard(Observer):
    """Writes the means of each epoch as TensorBoard events; what a resumed run plays again is purged first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writer: Any = None

    def started(self, game: Game, first_round: int, rounds: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(self.folder), purge_step=first_round or None)

    def __call__(self, event: RoundEnded) -> None:
        for name, value in (event.row or {}).items():
            self._writer.add_scalar(name, value, event.round)

    def finished(self) -> None:
        if self._writer is not None:
            self._writer.close()
