"""The file of compressed codes: everything that is needed to read it, and a checksum over all of it."""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from hiddenspace.errors import DataError, ModelError
from hiddenspace.space.entropy_coding import read, write
from hiddenspace.space.packing import Kind, inflated, packed, unpacked
from hiddenspace.space.quantiser import Lattice
from hiddenspace.space.symbol_mixture import Mixture
from hiddenspace.training.checkpoint import write_durably

MAGIC = b"hspc"
VERSION = 1
DIGEST = 16
"""Bytes of the SHA-256 of everything after it."""
FIELDS = struct.Struct("<BIIIHBBIII")
"""Length of the fingerprint; items, d, r, k; turned and linked; bytes of centre; of parameters, names and words."""


@dataclass(frozen=True, eq=False)
class Content:
    """What a file holds.

    Attributes
    ----------
    fingerprint : str
        Of the model that made the codes.
    lattice : Lattice
        How whole numbers become codes.
    mixture : Mixture
        Their probabilities.
    symbols : (n, r) int64
        The whole numbers.
    ids : sequence of n str, or None
        Names of the items, where they have any.
    """

    fingerprint: str
    lattice: Lattice
    mixture: Mixture
    symbols: np.ndarray
    ids: tuple[str, ...] | None = None


def to_bytes(content: Content) -> tuple[bytes, np.ndarray]:
    """The file, and how many bits each column of symbols takes in it."""
    words, bits = write(content.symbols, content.mixture)
    lattice, mixture = content.lattice, content.mixture
    with np.errstate(over="ignore"):
        short = np.array_equal(lattice.centre, lattice.centre.astype(np.float16))
    centre = lattice.centre.astype(np.float16 if short else np.float32)
    parameters = packed(
        centre, lattice.exponents, lattice.mantissas, mixture.weights, mixture.widths, mixture.means,
        _below(mixture.links),
    )  # fmt: skip
    names = b"" if content.ids is None else zlib.compress("\0".join(content.ids).encode(), 9)
    blocks = (parameters, names, words.astype("<u4").tobytes())
    name = content.fingerprint.encode()
    fields = FIELDS.pack(
        len(name), *content.symbols.shape[:1], len(centre), lattice.rank, len(mixture.weights),
        2 * (lattice.mantissas.ndim == 2) + mixture.linked, centre.itemsize, *map(len, blocks),
    )  # fmt: skip
    rest = b"".join((fields, name, *blocks))
    return MAGIC + bytes([VERSION]) + _digest(rest) + rest, bits


def from_bytes(file: bytes, fingerprint: str) -> Content:
    """Reads what `to_bytes` gave.

    Raises
    ------
    DataError
        If it is no such file, of a later version, cut short or altered.
    ModelError
        If the codes are another model's.
    """
    if file[: len(MAGIC)] != MAGIC:
        raise DataError("it was not written by hiddenspace compress.")
    start = len(MAGIC) + 1 + DIGEST
    if len(file) < start + FIELDS.size or _digest(file[start:]) != file[len(MAGIC) + 1 : start]:
        raise DataError("it was cut short or altered, as its checksum tells; copy it again from where it came.")
    if file[len(MAGIC)] != VERSION:
        raise DataError(f"it has version {file[len(MAGIC)]} of the format, not {VERSION}; upgrade hiddenspace.")
    fields, *blocks = _split(file[start:])
    maker = blocks[0].decode()
    if maker != fingerprint:
        raise ModelError(
            f"it was written with another model (fingerprint {maker}, this one has {fingerprint}); decompress it with "
            "that model."
        )
    return _content(fields, blocks)


def write_file(path: Path, file: bytes) -> None:
    """Writes what `to_bytes` gave: whatever happens, the old file is there, or the new one as a whole."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        write_durably(draft, file)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read_file(path: Path, fingerprint: str) -> Content:
    """Reads a file of codes.

    Raises
    ------
    DataError, ModelError
        As `from_bytes`, and where there is no such file.
    """
    try:
        file = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path} ({error.strerror or error}); check the name.") from error
    try:
        return from_bytes(file, fingerprint)
    except (DataError, ModelError) as error:
        raise type(error)(f"{path} cannot be decompressed: {error}") from error


def _split(rest: bytes) -> tuple[tuple[int, ...], bytes, bytes, bytes, bytes]:
    """Fields, fingerprint, parameters, names, words."""
    fields = FIELDS.unpack_from(rest)
    ends = np.cumsum([FIELDS.size, fields[0], *fields[-3:]])
    if ends[-1] != len(rest):
        raise DataError("its parts are not as long as its header says.")
    name, parameters, names, words = (rest[a:b] for a, b in pairwise(ends))
    return fields, name, parameters, names, words


def _content(fields: tuple[int, ...], blocks: list[bytes]) -> Content:
    _, count, size, rank, components, flags, item, *_ = fields
    name, parameters, names, words = blocks
    turned, linked = flags & 2, flags & 1
    kinds: list[Kind] = [
        (f"<f{item}", (size,)),
        ("<i2", (size,)),
        ("<i2", (size, rank) if turned else (size,)),
        ("<u2", (components,)),
        ("u1", (components, rank)),
        ("<i8", (components, rank)),
        ("i1", (components, rank * (rank - 1) // 2 if linked else 0)),
    ]
    centre, exponents, mantissas, weights, widths, means, below = unpacked(parameters, kinds)
    links = np.zeros((components, rank * linked, rank * linked), np.int8)
    if linked:
        links[:, *np.tril_indices(rank, -1)] = below
    mixture = Mixture(weights, widths, means, links)
    symbols, used_up = read(np.frombuffer(words, "<u4").astype(np.uint32), mixture, count)
    if not used_up:
        raise DataError("it holds more than its items.")
    ids = tuple(inflated(names).decode().split("\0")) if names else None
    return Content(name.decode(), Lattice(centre.astype(np.float32), exponents, mantissas), mixture, symbols, ids)


def _below(links: np.ndarray) -> np.ndarray:
    """What is below the diagonal of (k, r, r), as (k, r (r - 1) / 2)."""
    below: np.ndarray = links[:, *np.tril_indices(links.shape[1], -1)]
    return below


def _digest(rest: bytes) -> bytes:
    return hashlib.sha256(rest).digest()[:DIGEST]
