"""Images that are decoded whenever they are indexed: for sets larger than memory and disk."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiddenspace.data.image_decode import decode
from hiddenspace.data.image_header import Header, Unreadable
from hiddenspace.data.image_plan import Plan
from hiddenspace.data.image_source import ImageSource
from hiddenspace.errors import DataError


class LazyImages:
    """An array-like of (n, h, w, c) that reads files on indexing; batches may index it from several threads.

    All of them could be decoded once (`image_store` looked, and left out the others), so that each row is the image
    of its name. One that cannot be decoded any more is an error: another in its place would be a lie, and what was
    learned until then is in the checkpoint.

    Parameters
    ----------
    sources, headers : sequences of n
        The files, and what their headers said.
    plan : Plan
        What each image is brought to.
    workers : int
        Threads that decode one indexed batch.
    """

    def __init__(self, sources: Sequence[ImageSource], headers: Sequence[Header], plan: Plan, workers: int = 1) -> None:
        self.sources = sources
        self.headers = headers
        self.plan = plan
        self.workers = workers

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.sources), *self.plan.shape)

    @property
    def ndim(self) -> int:
        return 4

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.plan.dtype)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """One image for an integer; a batch for a slice, an array of integers, or a mask.

        Raises
        ------
        DataError
            If a file cannot be decoded any more.
        """
        wanted = np.arange(len(self))[index]
        if np.ndim(wanted) == 0:
            return self._one(int(wanted))
        batch = np.empty((len(wanted), *self.plan.shape), self.dtype)
        with ThreadPoolExecutor(self.workers) as pool:
            for row, pixels in enumerate(pool.map(self._one, wanted.tolist())):
                batch[row] = pixels
        return batch

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype=dtype)

    def _one(self, index: int) -> NDArray[Any]:
        try:
            return decode(self.sources[index], self.headers[index], self.plan)
        except Unreadable as error:
            name = self.sources[index].name
            raise DataError(
                f"{name} cannot be read any more ({error}); put it back, or start again without it."
            ) from error
