"""Held-out items, judged after each epoch."""

from __future__ import annotations

import torch
from torch import Tensor

from hiddenspace.training import ranks
from hiddenspace.training.game import Batch, Batches, Game
from hiddenspace.training.history import precise
from hiddenspace.training.randomness import seeded


@torch.no_grad()
def means_over(batches: Batches, game: Game, device: torch.device) -> dict[str, float]:
    """Means of the game's terms over all items of all ranks, in float32, with the same random numbers each time.

    Each batch counts by the items it holds on this rank; one that is smaller than the number of ranks leaves some
    of them without any.
    """
    game.eval()
    sums: dict[str, Tensor] = {}
    count = 0
    with seeded(ranks.rank(), device), torch.compiler.set_stance("force_eager"):
        for position in range(len(batches)):
            batch, _ = batches.draw(position)
            items = size_of(batch)
            if items == 0:
                continue
            for name, value in game.evaluate(batch).items():
                part = precise(value) * items
                sums[name] = sums[name] + part if name in sums else part
            count += items
    game.train()
    return ranks.mean_by_name({name: (float(value), count) for name, value in sums.items()})


def size_of(batch: Batch) -> int:
    """Items in a batch; of several inputs the first one counts."""
    return len(next(iter(batch.values())) if isinstance(batch, dict) else batch)
