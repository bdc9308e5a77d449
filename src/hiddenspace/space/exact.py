"""Nearest codes found by looking at all of them."""

from __future__ import annotations

import numpy as np

BLOCK = 2**23
"""Distances held at a time."""


class ExactSearch:
    """Exact Euclidean neighbours among codes (n, d).

    One product in float32 narrows the codes down to those that can be among the nearest, given how far such a product
    can be off; these are then measured in float64. So the answer is that of float64, at the speed of float32.

    Parameters
    ----------
    codes : ndarray (n, d)
        All finite.
    """

    def __init__(self, codes: np.ndarray) -> None:
        self.codes = codes
        # about their mean and in units of the largest, so that little is lost to rounding and nothing overflows
        self._mean = codes.mean(axis=0, dtype=np.float64) if len(codes) else np.zeros(codes.shape[1])
        self._unit = float(np.abs(codes - self._mean.astype(np.float32)).max(initial=0)) or 1.0
        self._scaled = self._to_scale(codes)
        self._squares = np.einsum("ij,ij->i", self._scaled, self._scaled)

    def nearest(self, queries: np.ndarray, k: int, among: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest codes of each query, the nearest first; of equally near ones the first come first.

        Parameters
        ----------
        queries : (m, d)
        k : int
            At most as many as there are to choose from.
        among : (p,) positions, optional
            Only these are chosen from.

        Returns
        -------
        positions (m, k), distances (m, k)
        """
        scaled = self._scaled if among is None else self._scaled[among]
        squares = self._squares if among is None else self._squares[among]
        positions = np.empty((len(queries), k), np.intp)
        distances = np.empty((len(queries), k))
        step = max(1, BLOCK // max(1, len(scaled)))
        for start in range(0, len(queries), step):
            block = queries[start : start + step]
            moved = self._to_scale(block)
            rough = squares - 2 * (moved @ scaled.T)  # squared distances, but for what is the same for all codes
            slack = self._slack(moved)
            for row, query in enumerate(block):
                near = _least(rough[row], k, slack[row])
                near = near if among is None else among[near]
                positions[start + row], distances[start + row] = self.measured(query, near, k)
        return positions, distances

    def measured(self, query: np.ndarray, positions: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest of the codes at these positions, and their distances, in float64."""
        distances = np.linalg.norm(self.codes[positions].astype(np.float64) - query, axis=1)
        best = np.lexsort((positions, distances))[:k]
        return positions[best], distances[best]

    def _to_scale(self, codes: np.ndarray) -> np.ndarray:
        scaled: np.ndarray = ((codes - self._mean) / self._unit).astype(np.float32)
        return scaled

    def _slack(self, moved: np.ndarray) -> np.ndarray:
        """Twice what rounding can do to a rough squared distance (Higham 2002, section 3.1: gamma_d |x| |y|)."""
        farthest = np.sqrt(self._squares.max(initial=0))
        reach = np.linalg.norm(moved.astype(np.float64), axis=1) + farthest
        slack: np.ndarray = 2 * (moved.shape[1] + 8) * np.finfo(np.float32).eps * reach**2
        return slack


def _least(rough: np.ndarray, k: int, slack: float) -> np.ndarray:
    """Positions of all values that are at most `slack` above the k-th smallest."""
    if k >= len(rough):
        return np.arange(len(rough))
    return np.flatnonzero(rough <= np.partition(rough, k - 1)[k - 1] + slack)
