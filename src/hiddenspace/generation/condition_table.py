"""Conditions that the data have, for those who name none."""

from __future__ import annotations

import torch
from torch import Tensor, nn

MOST = 1_000


class ConditionTable(nn.Module):
    """Up to 1,000 of the encoded conditions of the data, as a buffer that is saved with the networks.

    Parameters
    ----------
    rows, width
        Of the table.
    """

    table: Tensor

    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.register_buffer("table", torch.zeros(rows, width))

    def chosen(self, count: int, generator: torch.Generator) -> Tensor:
        """So many of them, drawn at random: (count, width)."""
        return self.table.cpu()[torch.randint(len(self.table), (count,), generator=generator)]
