"""When and how `torch.compile` comes in."""

from __future__ import annotations

import time

import torch
from torch import nn

from hiddenspace.training import ranks
from hiddenspace.training.game import Game
from hiddenspace.training.trainer import Trainer

SECONDS = 60.0
GAIN = 0.25
"""What compiling is taken to cost, and the share of the time it saves, on CUDA."""
MEASURED = 20
"""Rounds over which the time left is measured."""


class Compiler:
    """Compiles the networks of a game in place, at once or when it pays; `undo` leaves them as they were."""

    def __init__(self, game: Game, trainer: Trainer, device: torch.device) -> None:
        self.game, self.wanted, self.device = game, trainer.compile, device
        self._compiled: list[nn.Module] = []
        self._rounds = 0
        self._started = 0.0

    def begin(self) -> None:
        """Before the first round."""
        self._started = time.monotonic()
        if self.wanted is True:
            self._compile()

    def round_ended(self, rounds_left: int) -> None:
        """Compiles after a few rounds where that was left to the clock; all ranks must come here together."""
        self._rounds += 1
        if self.wanted == "auto" and self.device.type == "cuda" and self._rounds == MEASURED:
            torch.cuda.synchronize(self.device)
            left = rounds_left * (time.monotonic() - self._started) / MEASURED
            if ranks.told_by_first(left * GAIN > SECONDS):
                self._compile()

    def _compile(self) -> None:
        self._compiled = [m for m in self.game.children() if m._compiled_call_impl is None]
        for module in self._compiled:
            module.compile()

    def undo(self) -> None:
        """Networks that were compiled here can be pickled and copied again."""
        for module in self._compiled:
            module._compiled_call_impl = None
