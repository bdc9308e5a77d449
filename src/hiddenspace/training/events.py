"""What the loop tells those who watch it, and what they may answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hiddenspace.training.game import Game, Terms

Row = Mapping[str, float]
"""The means of one pass over the data: epoch, round, seconds, train/<term>, validation/<term> and so on.

Its `loss` says how good the epoch was: the sum of the held-out terms, or without any of the training terms that are
minimised.
"""


@dataclass(frozen=True)
class RoundEnded:
    """One round is over.

    Parameters
    ----------
    round, rounds : int
        Rounds played so far, and planned in all.
    terms : mapping
        The last terms of each player, detached and still on their device: reading one waits for the device.
        Named `term` in a game of one and `player.term` otherwise.
    items : int
        Items seen in this round over all ranks.
    row : mapping, optional
        The means of the epoch, where this round ended one.
    """

    round: int
    rounds: int
    terms: Terms
    items: int
    row: Row | None = None


@dataclass(frozen=True)
class Stop:
    """An observer's wish to end the training, with its reason as a sentence, for `History.stopped`."""

    reason: str


class Observer:
    """Watches a training and may end it. What it must remember over an interruption it gives as its state.

    With several ranks each has its observers, and those that write files or print do so on rank 0 only
    (`hiddenspace.training.ranks.rank`); the wish of any rank to stop ends all of them.
    """

    def started(self, game: Game, first_round: int, rounds: int) -> None:
        """Before the first round (of a resumed run: the first that is played again).

        At round 0 it begins afresh: what it remembers of an earlier training does not count.
        """

    def __call__(self, event: RoundEnded) -> Stop | None:
        """After each round."""
        return None

    def figures(self, row: Row) -> dict[str, float]:
        """What this observer adds to the row of the epoch that just ended, by name; reported and nothing else."""
        return {}

    def finished(self) -> None:
        """After the last round, and after a failure too."""

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps: tensors, numbers, texts, None, and lists, tuples and dicts of such."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes back what `state` gave; tensors come on the processor."""
