"""A game: players take turns, and each minimises its own loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor, nn
from torch.optim import Optimizer

Batch = Tensor | dict[str, Tensor]
"""What a loss receives: one tensor, or tensors by name where a game has several inputs."""

Terms = Mapping[str, Tensor]
"""Named, weighted scalars. One with a gradient is minimised; a detached one is only reported."""


@dataclass(frozen=True, eq=False)
class Player:
    """The modules (or parameters) one optimizer owns, and the loss it minimises on a batch.

    Parameters
    ----------
    modules : tuple of modules or parameters
        What this player may change. Everything else in the game is frozen while it plays.
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
    """

    modules: tuple[nn.Module | nn.Parameter, ...]
    loss: Callable[[Batch], Terms]
    steps: int = 1
    start: int = 0
    optimizer: Callable[[Iterable[nn.Parameter]], Optimizer] | None = None
    fresh_batch: bool = True

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
    A game never touches an optimizer or `requires_grad`.
    """

    progress: float = 0.0

    def players(self) -> Mapping[str, Player]:
        """Who plays, in the order of their turns."""
        raise NotImplementedError

    def epoch_ended(self) -> None:
        """Called after each pass over the data; does nothing unless a game wants it."""

    def evaluate(self, batch: Batch) -> Terms:
        """Terms on held-out data; the losses of all players unless a game says otherwise."""
        players = self.players()
        if len(players) == 1:
            return next(iter(players.values())).loss(batch)
        return {
            f"{name}.{term}": value for name, player in players.items() for term, value in player.loss(batch).items()
        }
