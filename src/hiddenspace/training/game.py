"""A game: players take turns, and each minimises its own loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from hiddenspace.errors import UsageError

Batch = Tensor | dict[str, Tensor]
"""What a loss receives: one tensor, or tensors by name where a game has several inputs."""

Terms = Mapping[str, Tensor]
"""Named, weighted scalars. One with a gradient is minimised; a detached one is only reported."""


class Batches(Protocol):
    """Batches by position, so that a training goes on from a number alone.

    Two methods more are used where a class has them: `close()`, after the training, and `fingerprint()`, figures by
    name that tell other data or another order apart; a training is not resumed with others.
    """

    def __len__(self) -> int:
        """Batches in one pass over the data."""
        ...

    def on(self, device: torch.device, rank: int, world_size: int) -> Batches:
        """The same batches, on a device, and of each only this rank's share."""
        ...

    def draw(self, position: int) -> tuple[Batch, int]:
        """The batch at a position (0, 1, ... over all epochs) and how many items it holds over all ranks."""
        ...


@dataclass(frozen=True, eq=False)
class Player:
    """The modules (or parameters) one optimizer owns, and the loss it minimises on a batch.

    Parameters
    ----------
    modules : tuple of modules or parameters
        What this player may change; attributes of the game, whose checkpoint keeps them. Everything else in the game
        is frozen while it plays.
    loss : callable
        Takes a batch, returns its terms. A bound method of the game, so that 'where is the loss' is one click.
    steps : int
        Optimizer steps a round: the K or M of an adversarial algorithm.
    start : int
        The first round in which this player plays.
    optimizer : callable, optional
        Parameters -> optimizer; without it the trainer's is used.
    fresh_batch : bool
        Whether each step draws a batch of its own or shares the one that the previous player saw last.

    Raises
    ------
    UsageError
        If `steps` is below 1 or `start` below 0.
    """

    modules: tuple[nn.Module | nn.Parameter, ...]
    loss: Callable[[Batch], Terms]
    steps: int = 1
    start: int = 0
    optimizer: Callable[[Iterable[nn.Parameter]], Optimizer] | None = None
    fresh_batch: bool = True

    def __post_init__(self) -> None:
        if self.steps < 1 or self.start < 0:
            raise UsageError(
                f"a player cannot take {self.steps} steps a round from round {self.start} on; use steps of 1 or more "
                "and a start of 0 or more."
            )

    def parameters(self) -> Iterator[nn.Parameter]:
        """Every parameter this player owns, each once."""
        seen: set[int] = set()
        for part in self.modules:
            for parameter in [part] if isinstance(part, nn.Parameter) else part.parameters():
                if id(parameter) not in seen:
                    seen.add(id(parameter))
                    yield parameter


class Game(nn.Module):
    """Networks, and who plays what with them.

    `progress` runs from 0 to 1 over the training; the loop sets it, and schedules inside losses read it.
    A game never touches an optimizer or `requires_grad`. What changes during play must be a buffer
    (`register_buffer`), and noise must come from the global generators of torch, NumPy or Python: checkpoints keep
    these, and no other attribute.
    """

    progress: float = 0.0
    never_compiled: ClassVar[tuple[str, ...]] = ()
    """Networks of which second derivatives are taken, which torch cannot compile."""
    never_changed: ClassVar[tuple[str, ...]] = ()
    """Networks that only look, their buffers too: of the best weights they are no part."""
    keeps_memory: bool = True
    """Whether what a step frees stays with the process for the next one, which is faster (`memory_kept`); not where one
    wants memory bounded, for between blocks of many sizes gaps are left."""

    def players(self) -> Mapping[str, Player]:
        """Who plays, in the order of their turns."""
        raise NotImplementedError

    def epoch_ended(self) -> None:
        """Called after each pass over the data; does nothing unless a game wants it."""

    def evaluate(self, batch: Batch) -> Terms:
        """Terms on held-out data; the losses of all players unless a game says otherwise.

        Their sum is what early stopping and the best epoch go by, so leave out what is only reported.
        """
        players = self.players()
        if len(players) == 1:
            return next(iter(players.values())).loss(batch)
        return {
            f"{name}.{term}": value for name, player in players.items() for term, value in player.loss(batch).items()
        }
