"""Codes as small files: quantised where the decoder is least sensitive, and entropy coded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hiddenspace.data.dataset import Dataset
from hiddenspace.errors import HiddenspaceError, UsageError, writing
from hiddenspace.space.codefile import Content, read_file, to_bytes, write_file
from hiddenspace.space.coding import checked_codes
from hiddenspace.space.quantisation_loss import judge_of, largest_step
from hiddenspace.space.quantiser import TURNED, Axes, Quantiser, axes_of, regularised, spread_of
from hiddenspace.space.sensitivity import Decoder, metric
from hiddenspace.space.symbol_mixture import best_mixture
from hiddenspace.space.waiting import waiting

if TYPE_CHECKING:
    from hiddenspace.space.hidden_space import HiddenSpace

EXAMPLES = 10_000
"""Codes from which axes and probabilities are learned, at most."""
FEW = 1000
"""With fewer items the matrix that turns codes may cost more than it saves, so both ways are tried."""
MARGIN = 0.95
"""Of the loss that is allowed, as other items differ from those that judge."""
ODD = 30
"""So many standard deviations from the median a code is no example of anything."""


@dataclass(frozen=True, eq=False)
class Compressed:
    """What `compress` has written.

    Attributes
    ----------
    path : Path
        The file.
    items : int
        How many it holds.
    bytes : int
        Its size.
    bits : ndarray (d,)
        What each dimension of the turned code takes, a mean over the items; 0 for those under the water level.
    lost : float
        Decibels by which the error grew, on the items that judged it; 0.3 is 7 % more error.
    """

    path: Path
    items: int
    bytes: int
    bits: np.ndarray
    lost: float

    @property
    def bytes_per_item(self) -> float:
        """Of the whole file."""
        return self.bytes / self.items


def compress(space: HiddenSpace, X: Any, path: Path, loss: float = 0.3) -> Compressed:
    """Writes the codes of items as a small file.

    The step is the largest that loses at most 95 % of what is allowed; probabilities are fitted to the codes
    themselves, and where these are few, to the space's codes as well, and stand in the file.

    Parameters
    ----------
    space : HiddenSpace
        With a decoder; its codes are those that the quantiser is learned from.
    X : anything `load_dataset` takes
        The items.
    path : Path
        The file; one that is there is replaced.
    loss : float
        Decibels of error allowed beyond that of unquantised codes, on the space's own items, or where it has only their
        codes, on those of X.

    Raises
    ------
    UsageError
        If loss is not above 0.
    ModelError
        If the space has no decoder, or items are of another kind than it takes.
    """
    if not (isinstance(loss, int | float) and 0 < loss < float("inf")):
        raise UsageError(f"loss must be above 0 decibel, not {loss!r}; 0.3 is 7 % more error.")
    decoder = Decoder(space.coding)
    dataset = space.coding.read(X)
    with waiting(f"compressing {len(dataset):,} items ..."):
        file, bits, lost = _smallest(space, decoder, dataset, loss)
    with writing(path, "choose another place", HiddenspaceError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, file)
    each = np.pad(bits / len(dataset), (0, space.code_size - len(bits)))
    return Compressed(path, len(dataset), len(file), each, lost)


def _smallest(space: HiddenSpace, decoder: Decoder, dataset: Dataset, loss: float) -> tuple[bytes, np.ndarray, float]:
    """The smallest file of those worth trying, the bits of each coordinate, and the decibels that are lost."""
    codes = checked_codes(space.coding.encode(dataset), space.code_size)
    judge = judge_of(space, decoder, dataset, codes)
    examples = ordinary(some_of(space.codes, EXAMPLES))
    content = partial(_content, space.coding.fingerprint, codes, examples, dataset.ids)
    tried = [largest_step(judge, axes, MARGIN * loss) for axes in _axes(decoder, examples, len(codes))]
    files = [(*to_bytes(content(quantiser)), lost) for quantiser, lost in tried]
    return min(files, key=lambda made: len(made[0]))


def decompress(path: Path, fingerprint: str) -> np.ndarray:
    """The codes (n, d) float32 in a file that `compress` wrote.

    Raises
    ------
    DataError
        If there is no such file, or it is cut short, altered, or something else.
    ModelError
        If its codes are those of a model with another fingerprint.
    """
    return read_codes(path, fingerprint)[0]


def read_codes(path: Path, fingerprint: str) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """The codes in a file and the names of their items, where they have any; errors are those of `decompress`."""
    content = read_file(path, fingerprint)
    return content.lattice.restore(content.symbols), content.ids


def _axes(decoder: Decoder, examples: np.ndarray, items: int) -> list[Axes]:
    """Those that are worth trying for so many items."""
    spread = spread_of(examples)
    seen = regularised(metric(decoder, examples, spread))
    turned = axes_of(examples, seen, spread)
    ways = [turned] if examples.shape[1] <= TURNED else []
    return ways if ways and items >= FEW else [*ways, turned.unturned(seen, spread)]


def _content(
    fingerprint: str, codes: np.ndarray, examples: np.ndarray, ids: tuple[str, ...] | None, quantiser: Quantiser
) -> Content:
    symbols = quantiser.quantise(codes)
    mine = ordinary(some_of(codes, EXAMPLES)) if len(codes) > 1 else codes
    learned = quantiser.position(np.concatenate([mine, examples[: EXAMPLES - len(mine)]]))
    return Content(fingerprint, quantiser.lattice, best_mixture(symbols, learned), symbols, ids)


def some_of(codes: np.ndarray, count: int) -> np.ndarray:
    """At most so many, drawn at random."""
    if len(codes) <= count:
        return codes
    return codes[np.random.default_rng(0).permutation(len(codes))[:count]]


def ordinary(codes: np.ndarray) -> np.ndarray:
    """Codes without those that lie far outside of all others, which would widen every distribution."""
    middle = np.median(codes.astype(np.float64), axis=0)
    away = np.abs(codes - middle)
    usual = 1.4826 * np.median(away, axis=0)  # a standard deviation, where they are normal
    kept = (away <= ODD * np.where(usual > 0, usual, np.inf)).all(1)
    return codes[kept] if kept.any() else codes
