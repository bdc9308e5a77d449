"""Whole numbers to bytes and back, by asymmetric numeral systems (Duda 2009; the coder is constriction's)."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from hiddenspace.space.normal_tables import PARTS, halvings, reach, table, uniform
from hiddenspace.space.symbol_mixture import Mixture, chunks

HALF = 16
"""Numbers that no table holds are coded as two halves of so many bits."""
MIDDLE = 1 << 31
NAMES = -1
"""Stands for the names of the components where numbers of the code are counted."""


class Pipe(Protocol):
    """What numbers pass through: a writer keeps them and hands them on, a reader fills in what was written."""

    def pass_on(self, values: np.ndarray, coder: Any) -> np.ndarray:
        """The values (m,); a reader looks only at how many they are."""
        ...

    def count(self, number: int, bits: float) -> None:
        """What a number of the code has cost."""
        ...


class Writer:
    """Keeps what shall be written: the coder is a stack, so the first comes last."""

    def __init__(self, size: int) -> None:
        self.kept: list[tuple[np.ndarray, Any]] = []
        self.bits = np.zeros(size)

    def pass_on(self, values: np.ndarray, coder: Any) -> np.ndarray:
        self.kept.append((values.astype(np.int32), coder))
        return values

    def count(self, number: int, bits: float) -> None:
        if number != NAMES:
            self.bits[number] += bits

    def words(self) -> np.ndarray:
        """Of 32 bits."""
        import constriction

        ans = constriction.stream.stack.AnsCoder()
        for values, coder in reversed(self.kept):
            ans.encode_reverse(values, coder)
        words: np.ndarray = ans.get_compressed()
        return words


class Reader:
    """Reads numbers in the order in which they were passed to the writer."""

    def __init__(self, words: np.ndarray) -> None:
        import constriction

        self.ans = constriction.stream.stack.AnsCoder(words)

    def pass_on(self, values: np.ndarray, coder: Any) -> np.ndarray:
        read: np.ndarray = self.ans.decode(coder, len(values))
        return read.astype(np.int64)

    def count(self, number: int, bits: float) -> None:
        pass

    def used_up(self) -> bool:
        """Whether everything that was written has been read."""
        return bool(self.ans.is_empty())


def write(symbols: np.ndarray, mixture: Mixture) -> tuple[np.ndarray, np.ndarray]:
    """Symbols (n, r) within +-2^30 as words (w,) uint32, and the bits (r,) that each column took, summed over items."""
    writer = Writer(symbols.shape[1])
    names = [mixture.costs(part).argmin(1) for part in chunks(symbols)] if len(mixture.weights) > 1 else []
    walk(writer, mixture, symbols, np.concatenate(names) if names else np.zeros(len(symbols), np.int64))
    return writer.words(), writer.bits


def read(words: np.ndarray, mixture: Mixture, count: int) -> tuple[np.ndarray, bool]:
    """The symbols (count, r) that `write` was given, and whether nothing was left over."""
    reader = Reader(words)
    symbols = np.zeros((count, mixture.widths.shape[1]), np.int64)
    return walk(reader, mixture, symbols, np.zeros(count, np.int64)), reader.used_up()


def walk(pipe: Pipe, mixture: Mixture, symbols: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Passes all numbers through a pipe, column by column, each as what remains of its prediction."""
    if len(mixture.weights) > 1:
        names = pipe.pass_on(names, mixture.common().coder)
    members = [np.flatnonzero(names == k) for k in range(len(mixture.weights))]
    coefficients = [mixture.coefficients(k) if mixture.linked else None for k in range(len(members))]
    symbols = symbols.copy()
    for number in range(symbols.shape[1]):
        expected = np.zeros(len(symbols), np.int64)
        for k, rows in enumerate(members):
            expected[rows] = mixture.expected(k, symbols[rows, :number], number, coefficients[k])
        widths = mixture.widths[names, number]
        symbols[:, number] = _column(pipe, symbols[:, number], expected, widths.astype(np.int64), number)
    return symbols


def _column(pipe: Pipe, values: np.ndarray, expected: np.ndarray, widths: np.ndarray, number: int) -> np.ndarray:
    """Values (n,) about what is expected of them, in groups that share a table."""
    lower = np.array([halvings(w) for w in range(256)])[widths]
    part = (expected >> lower) & (PARTS - 1)
    origin = (expected >> (lower + 3)) << lower
    passed = np.empty_like(values)
    groups = widths * PARTS + part
    order = np.argsort(groups, kind="stable")
    keys, starts = np.unique(groups[order], return_index=True)
    for key, rows in zip(keys, np.split(order, starts[1:]), strict=True):
        index, eighths = divmod(int(key), PARTS)
        passed[rows] = origin[rows] + _remains(pipe, values[rows] - origin[rows], index, eighths, number)
    return passed


def _remains(pipe: Pipe, values: np.ndarray, index: int, eighths: int, number: int) -> np.ndarray:
    """Values (m,) of one table; the lower bits of wide ones are uniform, those beyond the table come by themselves."""
    tabled, farthest, lower = table(index, eighths), reach(index), halvings(index)
    high = values >> lower
    beyond = 2 * farthest + 1
    entries = np.where(np.abs(high) <= farthest, high + farthest, beyond)
    entries = pipe.pass_on(entries, tabled.coder)
    far = np.flatnonzero(entries == beyond)
    high[:] = np.where(entries == beyond, high, entries - farthest)
    if len(far):
        shifted = high[far] + MIDDLE
        upper = pipe.pass_on(shifted >> HALF, uniform(HALF))
        high[far] = (upper << HALF | pipe.pass_on(shifted & (1 << HALF) - 1, uniform(HALF))) - MIDDLE
    pipe.count(number, float(tabled.bits[entries].sum()) + 2 * HALF * len(far) + lower * len(values))
    if lower:
        high = high << lower | pipe.pass_on(values & (1 << lower) - 1, uniform(lower))
    return high
