"""The nearest among codes: by looking at all of them, or, where they are many, by an index that proposes candidates."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from hiddenspace.space.exact import ExactSearch
from hiddenspace.space.lance_index import candidates, figures_of

MANY = 100_000
"""From so many items on, an index is searched."""
MOST_BY_INDEX = 100
"""Of more neighbours than this, an index tuned for ten would miss many: every code is looked at."""
SAME = 1e-4
"""Codes nearer than this, as a part of their length, are those of one item."""


class CodeSearch:
    """The search in the codes of a table.

    Parameters
    ----------
    table : LanceTable
    codes : (n, d)
        Its codes, in the order of positions.
    rows : (n,)
        The row id of each.

    Attributes
    ----------
    recall : float, or None
        Recall@10 of the index, None where none is used.
    """

    def __init__(self, table: Any, codes: np.ndarray, rows: np.ndarray) -> None:
        self._table, self._codes = table, codes
        self._by_row = np.argsort(rows)
        self._sorted_rows = rows[self._by_row]
        figures = figures_of(table) if len(codes) >= MANY else None
        self.recall: float | None = None if figures is None else figures[0]
        self._lists = 0 if figures is None else figures[1]

    @cached_property
    def exact(self) -> ExactSearch:
        """The search that looks at every code."""
        return ExactSearch(self._codes)

    def nearest(self, queries: np.ndarray, k: int, among: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Positions (m, k) and distances (m, k) of the nearest codes; `among` are ascending positions, or all."""
        few = among is not None and len(among) < MANY
        if self.recall is None or few or k > MOST_BY_INDEX:
            return self.exact.nearest(queries, k, among)
        found = [self._by_index(query, k, among) for query in queries]
        return np.stack([p for p, _ in found]), np.stack([d for _, d in found])

    def _by_index(self, query: np.ndarray, k: int, among: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Positions (k,) and distances (k,); where too few candidates are in `among`, every code there is looked at."""
        share = 1.0 if among is None else len(among) / len(self._codes)
        rows = candidates(self._table, query, k if among is None else math.ceil(k + 2 * k / share), self._lists)
        positions = self._by_row[np.searchsorted(self._sorted_rows, rows)]
        if among is not None:
            places = np.searchsorted(among, positions).clip(max=len(among) - 1)
            positions = positions[among[places] == positions]
        if len(positions) < k:
            exact = self.exact.nearest(query[None], k, among)
            return exact[0][0], exact[1][0]
        return self.exact.measured(query, positions, k)
