"""Decoded images on disk, as a memory map, for sets that are larger than memory should hold.

An entry is two files, pixels and a description. Each is written beside its place and moved there in one step, the
description last, so that a reader sees a whole entry or none, and of two processes the later one wins with the same
content.
"""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiddenspace.data.dataset import Broken
from hiddenspace.data.image_plan import Plan

VERSION = 1
SPARE = 2  # times what is needed must be free on the disk


@dataclass(frozen=True)
class Decoded:
    """All images of a set that could be decoded, which ones they are, and the others."""

    items: Any
    kept: tuple[int, ...]
    broken: tuple[Broken, ...]


def cache_folder(cache_dir: str | os.PathLike[str] | None) -> Path:
    """Where entries lie: the argument, else HIDDENSPACE_CACHE, else the user's cache folder."""
    if chosen := cache_dir or os.environ.get("HIDDENSPACE_CACHE"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "hiddenspace"


def entry_key(identity: Iterable[str], plan: Plan) -> str:
    """A name for what these files, decoded by this plan, give."""
    digest = hashlib.sha256(json.dumps([VERSION, asdict(plan)]).encode())
    for part in identity:
        digest.update(part.encode(errors="surrogateescape") + b"\0")
    return digest.hexdigest()[:32]


def has_room(folder: Path, needed: int) -> bool:
    """Whether the folder can be written and its disk has twice the room."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > SPARE * needed
    except OSError:
        return False


def read_entry(folder: Path, key: str, plan: Plan) -> Decoded | None:
    """The entry, if it is there and whole."""
    try:
        about = json.loads((folder / f"{key}.json").read_text())
        if (folder / f"{key}.bin").stat().st_size != len(about["kept"]) * plan.image_bytes:
            return None
    except (OSError, ValueError, KeyError):
        return None
    items = _mapped(folder, key, plan, len(about["kept"]))
    return Decoded(items, tuple(about["kept"]), tuple(Broken(**b) for b in about["broken"]))


def write_entry(folder: Path, key: str, plan: Plan, decoded: Iterable[tuple[int, NDArray[Any] | Broken]]) -> Decoded:
    """Write what is decoded, in its order, and map it.

    Raises
    ------
    OSError
        If the disk is full after all; nothing is left behind.
    """
    kept, broken = [], []
    own = uuid.uuid4().hex
    pixels, about = folder / f"{key}.{own}.bin", folder / f"{key}.{own}.json"
    try:
        with pixels.open("wb") as file:
            for index, result in decoded:
                if isinstance(result, Broken):
                    broken.append(result)
                else:
                    kept.append(index)
                    file.write(np.ascontiguousarray(result).data)
        if not kept:  # there is nothing to map
            return Decoded(np.empty((0, *plan.shape), plan.dtype), (), tuple(broken))
        about.write_text(json.dumps({"kept": kept, "broken": [asdict(b) for b in broken]}))
        os.replace(pixels, folder / f"{key}.bin")
        os.replace(about, folder / f"{key}.json")
    finally:
        pixels.unlink(missing_ok=True)
        about.unlink(missing_ok=True)
    return Decoded(_mapped(folder, key, plan, len(kept)), tuple(kept), tuple(broken))


def _mapped(folder: Path, key: str, plan: Plan, count: int) -> np.memmap[Any, Any]:
    return np.memmap(folder / f"{key}.bin", plan.dtype, "r", shape=(count, *plan.shape))
