"""Where decoded images lie: in memory, else in a memory map on disk, else nowhere, decoded on each access."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiddenspace.data.dataset import Broken
from hiddenspace.data.image_cache import Decoded, cache_folder, entry_key, has_room, read_entry, write_entry
from hiddenspace.data.image_decode import decode
from hiddenspace.data.image_header import Header, Unreadable
from hiddenspace.data.image_plan import Plan
from hiddenspace.data.image_source import ImageSource
from hiddenspace.data.lazy_images import LazyImages
from hiddenspace.data.memory import default_memory_limit
from hiddenspace.data.progress import track

CHUNK = 256  # images that are decoded ahead of being stored
WORKERS = min(8, os.cpu_count() or 1)


@dataclass(frozen=True)
class Storage:
    """Bytes of memory that decoded images may take, the cache folder, and what identifies the set in it."""

    memory_limit: int | None = None
    cache_dir: str | os.PathLike[str] | None = None
    identity: str | None = None


@dataclass(frozen=True)
class Readable:
    """Images whose headers are well, and the plan for them."""

    sources: Sequence[ImageSource]
    headers: Sequence[Header]
    plan: Plan

    def __len__(self) -> int:
        return len(self.sources)

    def decoded(self) -> Iterator[tuple[int, NDArray[Any] | Broken]]:
        """Position, and pixels or what is wrong, in order, decoded by several threads."""
        with ThreadPoolExecutor(WORKERS) as pool:
            for start in range(0, len(self), CHUNK):
                chunk = range(start, min(start + CHUNK, len(self)))
                yield from zip(chunk, pool.map(self._one, chunk), strict=True)

    def _one(self, index: int) -> NDArray[Any] | Broken:
        try:
            return decode(self.sources[index], self.headers[index], self.plan)
        except Unreadable as error:
            return Broken(self.sources[index].name, str(error))


def decode_all(images: Readable, storage: Storage) -> tuple[Decoded, tuple[str, ...]]:
    """All images decoded, or decodable on access, and a note where they do not lie in memory."""
    needed = len(images) * images.plan.image_bytes
    limit = default_memory_limit() if storage.memory_limit is None else storage.memory_limit
    if needed <= limit:
        return _in_memory(images), ()
    much = f"Decoded, the images take {needed / 2**30:.3g} GiB, more than the memory limit of {limit / 2**30:.3g} GiB"
    folder = cache_folder(storage.cache_dir)
    identity = _identity(images.sources, storage.identity)
    if identity and has_room(folder, needed):
        try:
            return _on_disk(images, folder, entry_key(identity, images.plan)), (f"{much}; they lie in {folder}.",)
        except OSError:
            pass  # the disk filled up in the meantime: nothing is left there, and decoding on access still works
    return _on_access(images), (f"{much}; each is decoded whenever it is needed.",)


def _in_memory(images: Readable) -> Decoded:
    items = np.empty((len(images), *images.plan.shape), images.plan.dtype)
    kept: list[int] = []
    broken: list[Broken] = []
    for index, result in track(images.decoded(), len(images), "reading images"):
        if isinstance(result, Broken):
            broken.append(result)
        else:
            items[len(kept)] = result
            kept.append(index)
    return Decoded(items[: len(kept)], tuple(kept), tuple(broken))


def _on_disk(images: Readable, folder: Path, key: str) -> Decoded:
    if entry := read_entry(folder, key, images.plan):
        return entry
    return write_entry(folder, key, images.plan, track(images.decoded(), len(images), "reading images"))


def _on_access(images: Readable) -> Decoded:
    """All are decoded once to find the broken ones: later, a training would have to end at them or hide them."""
    results = track(images.decoded(), len(images), "checking images")
    broken = {index: result for index, result in results if isinstance(result, Broken)}
    kept = [index for index in range(len(images)) if index not in broken]
    sources, headers = [images.sources[i] for i in kept], [images.headers[i] for i in kept]
    return Decoded(LazyImages(sources, headers, images.plan, WORKERS), tuple(kept), tuple(broken.values()))


def _identity(sources: Sequence[ImageSource], container: str | None) -> list[str] | None:
    """What tells one set of files from another: their container's identity, else path, size and time of each."""
    if container is not None:
        return [container, *(source.name for source in sources)]
    if not all(isinstance(source.content, Path) for source in sources):
        return None
    return [file_identity(source.content) for source in sources if isinstance(source.content, Path)]


def file_identity(path: Path) -> str:
    """Absolute path, size, and time of the last change."""
    status = path.stat()
    return f"{path.absolute()}|{status.st_size}|{status.st_mtime_ns}"
