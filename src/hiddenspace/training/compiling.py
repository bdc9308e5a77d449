"""When and how `torch.compile` comes in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from hiddenspace.errors import UsageError
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
        self._compiled = [
            module
            for name, module in self.game.named_children()
            if module._compiled_call_impl is None and name not in self.game.never_compiled
        ]
        for module in self._compiled:
            module._compiled_call_impl = _compiled(module)

    @contextmanager
    def failures_told(self) -> Iterator[None]:
        """What torch cannot compile, it says only when a network is first called, and at length."""
        try:
            yield
        except Exception as error:
            if not self._compiled or not isinstance(error, torch._dynamo.exc.TorchDynamoException):
                raise
            reason = str(error).strip().splitlines()[0].rstrip(".:")
            raise UsageError(
                f"torch.compile does not work here ({reason}); mend that (on a CPU it needs a C++ compiler), or train "
                "with compile=False."
            ) from error

    def undo(self) -> None:
        """Networks that were compiled here can be pickled and copied again."""
        for module in self._compiled:
            module._compiled_call_impl = None


def _compiled(module: nn.Module) -> Callable[..., Any]:
    """A compiled call of a network, in a frame of our own: `Module.compile` passes over torch's own classes.

    While the weights of a network that learns are frozen it is called as it is: what torch 2.11 had compiled then gave
    no gradients to the weights later either.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        return module._call_impl(*args, **kwargs)  # type: ignore[no-untyped-call]

    compiled = torch.compile(call)

    def learns() -> bool:
        return any(parameter.requires_grad for parameter in module.parameters())

    never = not learns()  # nobody's turn has begun

    def called(*args: Any, **kwargs: Any) -> Any:
        return (compiled if never or learns() else call)(*args, **kwargs)

    return called
