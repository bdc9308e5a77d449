"""Losses that are no longer numbers: found soon, and named."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import torch
from torch import nn

from hiddenspace.errors import DivergedError
from hiddenspace.training import ranks
from hiddenspace.training.game import Terms

MEND = "lower the learning rate, clip gradients or train in precision='32'."


class FiniteCheck:
    """Collects terms as tensors, so that the device need not be waited for at every step."""

    def __init__(self) -> None:
        self._unchecked: list[tuple[int, str, Terms]] = []

    def add(self, round_: int, player: str, terms: Terms) -> None:
        """Terms of one step, to be looked at later."""
        self._unchecked.append((round_, player, terms))

    def look(self) -> None:
        """Looks at all terms since the last time; all ranks must come here together.

        Raises
        ------
        DivergedError
            On every rank, if a term of any is not finite.
        """
        mine = next((self._sentence(*entry) for entry in self._unchecked if not _all_finite(entry[2])), None)
        self._unchecked.clear()
        found = next((sentence for sentence in ranks.gathered(mine) if sentence), None)
        if found:
            raise DivergedError(found)

    def _sentence(self, round_: int, player: str, terms: Terms) -> str:
        term, value = next((term, float(value)) for term, value in terms.items() if not math.isfinite(value))
        return f"the term '{term}' of player '{player}' became {value} in round {round_}; {MEND}"


def _all_finite(terms: Terms) -> bool:
    return all(map(math.isfinite, terms.values()))


def check_means(means: Mapping[str, float], round_: int) -> None:
    """Means over held-out items must be finite too, or the best epoch could not be told.

    Raises
    ------
    DivergedError
        If one is not.
    """
    for term, value in means.items():
        if not math.isfinite(value):
            raise DivergedError(f"on held-out items the term '{term}' became {value} after round {round_}; {MEND}")


@torch.no_grad()
def check_weights(players: Mapping[str, Iterable[nn.Parameter]], round_: int) -> None:
    """A finite loss may have an infinite gradient: the weights are looked at before they are kept.

    Raises
    ------
    DivergedError
        If a player owns weights that are not finite.
    """
    for name, parameters in players.items():
        if not all(bool(parameter.isfinite().all()) for parameter in parameters):
            raise DivergedError(f"weights of player '{name}' were not finite after round {round_}; {MEND}")
