"""A fully connected encoder of rows of which some columns are hidden."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hiddenspace.nets.mlp import MLP


class ColumnsEncoder(nn.Module):
    """Rows to codes, knowing which columns are hidden: (b, d) -> (b, code).

    A hidden column is 0 in all values that encode it, and has an input of its own that says so: to the first layer
    that is a vector learned for each column, added in place of what is hidden.

    Parameters
    ----------
    groups
        For each of the d values the number of the column it belongs to, from 0.
    code
        Numbers in the code.
    width
        Of the two hidden layers.
    """

    def __init__(self, groups: tuple[int, ...], code: int, width: int = 256) -> None:
        super().__init__()
        self.columns = max(groups) + 1
        self.register_buffer("groups", torch.tensor(groups), persistent=False)
        self.net = MLP([len(groups) + self.columns, width, width, code])

    def forward(self, x: Tensor, hidden: Tensor | None = None) -> Tensor:
        """Rows (b, d) and which of their columns are hidden, (b, columns) booleans or None -> (b, code)."""
        if hidden is None:
            hidden = torch.zeros(len(x), self.columns, dtype=torch.bool, device=x.device)
        seen = x.masked_fill(hidden[:, self.groups], 0.0)  # type: ignore[index]
        code: Tensor = self.net(torch.cat([seen, hidden.to(x.dtype)], dim=1))
        return code
