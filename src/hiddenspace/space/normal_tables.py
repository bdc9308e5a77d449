"""Tables of a quantised normal distribution that are the same on every machine, bit for bit.

Entropy coding needs probabilities on which both sides agree exactly, but the exponential functions of two machines may
differ in the last bit. So all here is made of literals, sums, products and quotients of float64, one at a time, which
IEEE 754 fixes, and the probabilities are whole numbers.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

PRECISION = 24
"""Probabilities are multiples of 2^-24, as in constriction."""
PARTS = 8
"""Means are multiples of an eighth of a step."""
OCTAVE = 8
"""Standard deviations are powers of the eighth root of two: `width` gives that of an index."""
NARROWEST = 8
"""Index 0 is a standard deviation of 2^-8 steps."""
WIDEST = 239
"""The largest index; numbers that are spread wider are coded one by one, as far from what was expected."""
WIDE = 6
"""Distributions wider than 2^6 steps are coded in two parts, of which the lower is uniform."""
_ROOTS = (1.0, 1.0905077326652577, 1.189207115002721, 1.2968395546510096, 1.4142135623730951, 1.5422108254079407,
          1.681792830507429, 1.8340080864093424)  # fmt: skip
_GRID, _REACH = 128, 9  # points in a standard deviation, and standard deviations to each side
_FALL, _FALL_OF_FALL = 0.9999694828875315, 0.9999389667063573  # exp(-h^2 / 2) and exp(-h^2) for h = 1 / 128
_RARE = 2.0**-10  # the share of what the normal distribution does not expect


class Table:
    """Probabilities of 0, 1, ... m, for an entropy coder.

    Attributes
    ----------
    coder : constriction Categorical
    bits : (m + 1,)
        Minus the logarithm of each probability.
    """

    def __init__(self, probabilities: np.ndarray) -> None:
        import constriction

        whole = np.maximum(np.floor(probabilities * 2.0**PRECISION), 1.0)
        whole[np.argmax(whole)] += 2.0**PRECISION - whole.sum()  # sums of whole numbers are exact in any order
        shares = whole * 2.0**-PRECISION
        self.bits = -np.log2(shares)
        self.coder: Any = constriction.stream.model.Categorical(shares, perfect=False)


def width(index: np.ndarray | int) -> Any:
    """The standard deviation, in steps, of an index."""
    whole = np.asarray(index, np.int64)
    return np.ldexp(np.asarray(_ROOTS)[whole % OCTAVE], whole // OCTAVE - NARROWEST)


def index_of_width(widths: np.ndarray) -> np.ndarray:
    """The index, 0 to 239, of the nearest standard deviation."""
    position = (np.log2(np.maximum(widths, 2.0**-NARROWEST)) + NARROWEST) * OCTAVE
    return np.clip(np.rint(position), 0, WIDEST).astype(np.uint8)  # type: ignore[no-any-return]


def halvings(index: int) -> int:
    """How many lower bits of numbers of this width are coded as uniform."""
    return max(0, index // OCTAVE - NARROWEST - WIDE + 1)


def reach(index: int) -> int:
    """The largest magnitude that the table of this width holds; its last entry stands for all others."""
    return int(np.ceil(_REACH * width(index - OCTAVE * halvings(index)))) + 1


@lru_cache(4096)
def table(index: int, part: int) -> Table:
    """For numbers about part / 8, from -reach to reach, and then all others."""
    farthest, narrowed = reach(index), width(index - OCTAVE * halvings(index))
    edges = (np.arange(-farthest, farthest + 2) - 0.5 - part / PARTS) / narrowed
    below = _normal_distribution(edges)
    expected = np.append(below[1:] - below[:-1], 0.0)
    return Table(expected * (1 - _RARE) + _RARE / len(expected))


@cache
def uniform(bits: int) -> Any:
    """All numbers of so many bits, at most 16, equally likely."""
    import constriction

    return constriction.stream.model.Uniform(1 << bits)


def _normal_distribution(x: np.ndarray) -> np.ndarray:
    """The share below x, by linear interpolation of a sum."""
    sums = _sums()
    position = np.clip((x + _REACH) * _GRID, 0.0, float(len(sums) - 1))
    left = np.minimum(position.astype(np.int64), len(sums) - 2)
    share: np.ndarray = sums[left] + (sums[left + 1] - sums[left]) * (position - left)
    return share


@cache
def _sums() -> np.ndarray:
    """Of the normal density on a grid from -9 to 9, by the trapezium rule, from 0 to 1."""
    density, fall, half = 1.0, _FALL, [1.0]
    for _ in range(_GRID * _REACH):
        density, fall = density * fall, fall * _FALL_OF_FALL
        half.append(density)
    heights, total, sums = [*reversed(half), *half[1:]], 0.0, [0.0]
    for left, right in pairwise(heights):
        total += (left + right) / 2
        sums.append(total)
    return np.array([value / total for value in sums])
