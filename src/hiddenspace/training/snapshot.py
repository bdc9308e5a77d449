"""What a training carries from one round to the next, and how checkpoints keep it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from hiddenspace.errors import TrainingError
from hiddenspace.training import ranks
from hiddenspace.training.checkpoint import Checkpoint, read_checkpoint, remove_checkpoints, write_checkpoint
from hiddenspace.training.ema import MovingAverage
from hiddenspace.training.events import Observer
from hiddenspace.training.fingerprint import Settings, check_attributes, check_resumable
from hiddenspace.training.game import Game
from hiddenspace.training.history import History
from hiddenspace.training.packing import packed, unpacked
from hiddenspace.training.randomness import random_state, set_random_state
from hiddenspace.training.turn import Turn


@dataclass
class State:
    """Where a training stands."""

    game: Game
    turns: dict[str, Turn]
    observers: Sequence[Observer]
    device: torch.device
    average: MovingAverage | None = None
    history: History = field(default_factory=History)
    round: int = 0
    position: int = 0

    def kept(self) -> dict[str, Any]:
        """Everything that a checkpoint needs but the random generators, which every rank has its own of."""
        return {
            "round": self.round,
            "position": self.position,
            "game": dict(self.game.state_dict()),
            "average": None if self.average is None else self.average.state(),
            "optimizers": {name: turn.optimizer.state_dict() for name, turn in self.turns.items()},
            "minimised": {name: sorted(turn.minimised) for name, turn in self.turns.items()},
            "history": self.history.state(),
            "observers": {name: observer.state() for name, observer in named(self.observers).items()},
        }

    def restore(self, kept: dict[str, Any]) -> None:
        """Takes back what `kept` gave; an observer that was not there before starts afresh."""
        self.round, self.position = kept["round"], kept["position"]
        self.game.load_state_dict(kept["game"])
        if self.average is not None:
            self.average.restore(kept["average"])
        for name, turn in self.turns.items():
            turn.optimizer.load_state_dict(kept["optimizers"][name])
            _lie_as_weights_do(turn.optimizer)
            turn.minimised = set(kept["minimised"][name])
        self.history.restore(kept["history"])
        for name, observer in named(self.observers).items():
            if name in kept["observers"]:
                observer.restore(kept["observers"][name])


def _lie_as_weights_do(optimizer: Optimizer) -> None:
    """Puts averages of gradients into the order that their weights have in memory, by which fused optimizers go."""
    for parameter, kept in optimizer.state.items():
        for name, value in kept.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                kept[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


class Checkpoints:
    """Saves a state from time to time, and takes up the last one or clears it away.

    Parameters
    ----------
    folder : path
        Rank 0 writes there; with several ranks all must see it.
    settings : dict
        What a resumed training must have in common with this one.
    seconds : float
        At least this long between two that are not forced.
    """

    def __init__(self, folder: Path, settings: Settings, seconds: float) -> None:
        self.folder, self.settings, self.seconds = folder, settings, seconds
        self._last = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether it is time for the next one."""
        return time.monotonic() - self._last > self.seconds

    def save(self, state: State) -> None:
        """Writes a checkpoint; all ranks must come here together.

        Raises
        ------
        TrainingError
            On every rank, if the first one cannot write, or the game has changed what no checkpoint keeps.
        """
        everyone = ranks.gathered(random_state(state.device))
        _on_first_rank(lambda: self._write(state, everyone))
        self._last = time.monotonic()

    def _write(self, state: State, everyone: list[Any]) -> None:
        check_attributes(self.settings, state.game)
        tensors: dict[str, Tensor] = {}
        kept = {name: packed(value, name, tensors) for name, value in state.kept().items()}
        kept |= {"random": packed(everyone, "random", tensors), "settings": self.settings}
        write_checkpoint(self.folder, Checkpoint(state.round, kept, tensors))

    def clear(self) -> None:
        """Removes what another training has left: a kill before the first checkpoint must not bring that one back.

        Raises
        ------
        TrainingError
            On every rank, if the operating system refuses.
        """
        _on_first_rank(lambda: remove_checkpoints(self.folder))

    def resume(self, state: State) -> None:
        """Goes on from the newest checkpoint, if there is one.

        Raises
        ------
        TrainingError
            If it is damaged, newer than this version, or of another training.
        """
        checkpoint = read_checkpoint(self.folder)
        found = ranks.gathered(checkpoint and checkpoint.round)
        if len(set(found)) > 1:
            raise TrainingError(
                f"the ranks see different checkpoints in {self.folder} (rounds {found}); let all see the same folder."
            )
        if checkpoint is None:
            return
        values = dict(checkpoint.values)
        check_resumable(values.pop("settings"), self.settings)
        kept = {name: unpacked(value, checkpoint.tensors) for name, value in values.items()}
        random = kept.pop("random")
        if len(random) != ranks.world_size():
            raise TrainingError(
                f"the checkpoint in {self.folder} was made with {len(random)} ranks and cannot go on with "
                f"{ranks.world_size()}; start as many as before."
            )
        state.restore(kept)
        set_random_state(random[ranks.rank()], state.device)


def _on_first_rank(do: Callable[[], None]) -> None:
    """Does something there; what goes wrong, goes wrong on all of them."""
    problem: TrainingError | None = None
    try:
        if ranks.rank() == 0:
            do()
    except TrainingError as error:
        problem = error
    problem = ranks.told_by_first(problem)
    if problem is not None:
        raise problem


def named(observers: Sequence[Observer]) -> dict[str, Observer]:
    """Observers by the name of their class, numbered where there are several of one name."""
    names: dict[str, Observer] = {}
    for observer in observers:
        name = type(observer).__name__
        count = sum(type(other).__name__ == name for other in names.values())
        names[f"{name}-{count + 1}" if count else name] = observer
    return names
