"""Batches of several things at once, by name: items with their labels, and unlabelled ones beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from hiddenspace.data.batches import ArrayBatches


class NamedBatches:
    """Draws from several batches at the same position; those of one length and one seed stay side by side.

    Parameters
    ----------
    parts : mapping of str to ArrayBatches
        The first says how long an epoch is, and how many items a batch holds.
    fewest : int
        Steps of an epoch at least: fewer items are passed through several times in it.
    steps : int, optional
        Steps of an epoch, however many items there are: where parts differ in number no pass is that of all.
    """

    def __init__(self, parts: Mapping[str, ArrayBatches], fewest: int = 1, steps: int | None = None) -> None:
        self.parts, self.fewest, self.steps = dict(parts), fewest, steps
        self.first = next(iter(self.parts))

    def __len__(self) -> int:
        if self.steps is not None:
            return self.steps
        once = len(self.parts[self.first])
        return once * math.ceil(self.fewest / once)

    def on(self, device: torch.device, rank: int, world_size: int) -> NamedBatches:
        """The same batches on a device; each rank gets its share of every part."""
        moved = {name: part.on(device, rank, world_size) for name, part in self.parts.items()}
        return NamedBatches(moved, self.fewest, self.steps)

    def draw(self, position: int) -> tuple[dict[str, Tensor], int]:
        """This rank's tensors by name, and how many items of the first part the whole batch holds."""
        drawn = {name: part.draw(position) for name, part in self.parts.items()}
        return {name: tensor for name, (tensor, _) in drawn.items()}, drawn[self.first][1]

    def close(self) -> None:
        """Ends what reads ahead."""
        for part in self.parts.values():
            part.close()

    def fingerprint(self) -> dict[str, Any]:
        """Figures of all parts that tell other data apart."""
        return {f"{name} {key}": v for name, part in self.parts.items() for key, v in part.fingerprint().items()}
