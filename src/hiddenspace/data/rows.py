"""Some rows of a large array-like, without copying them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Rows:
    """A selection of rows of a memory map or of lazily decoded images; reads only what is indexed.

    Parameters
    ----------
    source : array-like, shape (n, ...)
        Anything with ``shape``, ``dtype`` and indexing by an integer array.
    indices : ndarray of int, shape (m,)
        The rows, in the order in which they are to appear.
    """

    def __init__(self, source: Any, indices: NDArray[np.intp]) -> None:
        nested = isinstance(source, Rows)  # a selection of a selection reads the source directly
        self.source: Any = source.source if nested else source
        self.indices: NDArray[np.intp] = source.indices[indices] if nested else indices

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.indices), *self.source.shape[1:])

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = self.source.dtype
        return dtype

    def __getitem__(self, index: Any) -> NDArray[Any]:
        return np.asarray(self.source[self.indices[index]])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype=dtype)
