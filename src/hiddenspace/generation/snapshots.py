"""What the same noise becomes as training goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hiddenspace.training.events import Observer, RoundEnded
from hiddenspace.training.game import Game

SHOWN, MOST, SPACE = 64, 60, 1 << 28
"""Items in a snapshot, snapshots, and the bytes they may take together; of more every second one is dropped."""


class Snapshots(Observer):
    """Keeps 64 items after each epoch, as bytes; of a long training, or of large images, some of them, evenly spaced.

    Parameters
    ----------
    draw : callable
        Count -> new images in model space, batch by batch, always of the same noise.
    """

    def __init__(self, draw: Callable[[int], Iterator[Tensor]]) -> None:
        self.draw = draw
        self.every, self.epochs = 1, 0
        self.taken: list[Tensor] = []
        self.at: list[int] = []

    def started(self, game: Game, first_round: int, rounds: int) -> None:
        if first_round == 0:
            self.restore({"every": 1, "epochs": 0, "taken": [], "at": []})

    def __call__(self, event: RoundEnded) -> None:
        if event.row is None:
            return
        if self.epochs % self.every == 0:
            with torch.inference_mode():
                images = torch.cat(list(self.draw(SHOWN)))
            self.taken.append((255 * images.clamp(0, 1)).round().byte().cpu())
            self.at.append(self.epochs + 1)
        self.epochs += 1
        if len(self.taken) > min(MOST, max(2, SPACE // self.taken[0].numel())):
            self.taken, self.at, self.every = self.taken[::2], self.at[::2], 2 * self.every

    def images(self) -> np.ndarray:
        """(snapshots, 64, h, w, c) uint8."""
        if not self.taken:
            return np.zeros((0, SHOWN, 0, 0, 0), np.uint8)
        return torch.stack(self.taken).permute(0, 1, 3, 4, 2).numpy()

    def state(self) -> dict[str, Any]:
        return {"every": self.every, "epochs": self.epochs, "taken": self.taken, "at": self.at}

    def restore(self, state: dict[str, Any]) -> None:
        self.every, self.epochs, self.taken = state["every"], state["epochs"], list(state["taken"])
        self.at = list(state["at"])
