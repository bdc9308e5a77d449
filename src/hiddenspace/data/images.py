"""From image files to a dataset: headers first, then one decision for all, then pixels."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hiddenspace.data.arrays import check_labels
from hiddenspace.data.chunks import in_memory
from hiddenspace.data.dataset import Broken, Dataset
from hiddenspace.data.image_header import Header, Unreadable, read_header
from hiddenspace.data.image_plan import Plan, Size, make_plan
from hiddenspace.data.image_source import ImageSource, quiet_pillow
from hiddenspace.data.image_store import WORKERS, Readable, Storage, decode_all
from hiddenspace.data.progress import track
from hiddenspace.errors import DataError

IN_MEMORY = Storage()


def load_images(
    sources: Sequence[ImageSource],
    *,
    name: str,
    labels: ArrayLike | None = None,
    size: Size | None = None,
    storage: Storage = IN_MEMORY,
    like: Dataset | None = None,
) -> Dataset:
    """Read images, leave out the broken ones, and bring the rest to one size and kind.

    Parameters
    ----------
    sources : sequence of ImageSource
        The files, in order.
    name : str
        What the set is called.
    labels : array-like of shape (n,), optional
        A label for each source.
    size : int, (h, w) or (h, w, c), optional
        Overrides the size (and channels) that `make_plan` chooses.
    storage : Storage
        Where decoded images may lie.
    like : Dataset, optional
        Images whose size and kind these are to have: the other part of a split set.

    Raises
    ------
    DataError
        If more than half are broken.
    """
    known = None if labels is None else check_labels(labels, len(sources))
    with quiet_pillow():
        good, images, broken, notes = _read_headers(sources, size, like)
        _check_broken(broken, len(sources))
        decoded, storage_notes = decode_all(images, storage)
    broken = [*broken, *decoded.broken]
    _check_broken(broken, len(sources))
    kept = np.array(good, np.intp)[list(decoded.kept)]
    return Dataset(
        decoded.items,
        "images",
        None if known is None else known[kept],
        name,
        ids=tuple(sources[i].name for i in kept),
        layout="hwc",
        broken=tuple(broken),
        notes=(*notes, *storage_notes, *_copies(decoded.items)),
    )


def _read_headers(
    sources: Sequence[ImageSource], size: Size | None, like: Dataset | None
) -> tuple[list[int], Readable, list[Broken], tuple[str, ...]]:
    """Positions of the readable images, these with their plan, the broken ones, and notes."""
    with ThreadPoolExecutor(WORKERS) as pool:
        headers = list(track(pool.map(_header, sources), len(sources), "looking at images"))
    whole = [h for h in headers if isinstance(h, Header)]
    _check_broken([h for h in headers if isinstance(h, Broken)], len(sources))
    plan, notes = make_plan(whole, size) if like is None else (_plan_of(like), ())
    good, admitted, broken = [], [], []
    for index, header in enumerate(headers):
        if isinstance(header, Broken):
            broken.append(header)
        elif against := plan.objection(header):
            broken.append(Broken(sources[index].name, against))
        else:
            good.append(index)
            admitted.append(header)
    return good, Readable([sources[i] for i in good], admitted, plan), broken, notes


def _plan_of(images: Dataset) -> Plan:
    height, width, channels = images.items.shape[1:]
    return Plan(height, width, channels, str(images.items.dtype))


def _header(source: ImageSource) -> Header | Broken:
    try:
        return read_header(source)
    except Unreadable as error:
        return Broken(source.name, str(error))


def _check_broken(broken: Sequence[Broken], total: int) -> None:
    if 2 * len(broken) <= total:
        return
    first = f"{broken[0].name}: {broken[0].reason}"
    if total == 1:
        raise DataError(f"The image cannot be read ({first}); open and save it again, or give another.")
    raise DataError(f"{len(broken)} of {total} images cannot be read (the first is {first}); mend or remove them.")


def _copies(items: Any) -> tuple[str, ...]:
    if not in_memory(items):
        return ()
    copies = len(items) - len({hash(item.tobytes()) for item in items})
    return (f"Exact copies of other images: {copies:,}; they were kept.",) if copies else ()
