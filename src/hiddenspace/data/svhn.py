"""The cropped digits of SVHN as their MATLAB files have them (Netzer et al. 2011)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hiddenspace.data.matlab import read_matlab
from hiddenspace.errors import DataError

MEND = "give train_32x32.mat, test_32x32.mat or extra_32x32.mat of SVHN, or save arrays with numpy.savez"


def read_svhn(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (n, h, w, 3) and labels (n,) of a .mat file: X (h, w, 3, n), and y (n, 1) with 10 for the digit 0.

    Raises
    ------
    DataError
        If it is no such file.
    """
    found = read_matlab(path)
    if not {"X", "y"} <= set(found):
        raise DataError(f"{path.name} lacks X or y, the images and labels of SVHN's cropped digits; {MEND}.")
    images, labels = found["X"], found["y"]
    _check(path.name, images, labels)
    # of MATLAB's order, in which the last axis is the slowest, to that of images here
    return np.ascontiguousarray(np.moveaxis(images, 3, 0)), labels.reshape(-1).astype(np.int64) % 10


def _check(name: str, images: NDArray[Any], labels: NDArray[Any]) -> None:
    if images.ndim != 4 or images.shape[2] != 3 or images.dtype != np.uint8:
        raise DataError(f"X of {name} is {images.dtype} of shape {images.shape}, not uint8 of (h, w, 3, n); {MEND}.")
    if labels.size != images.shape[3]:
        raise DataError(f"y of {name} has shape {labels.shape} for {images.shape[3]} images; {MEND}.")
    if not np.isin(labels, np.arange(11)).all():
        raise DataError(f"y of {name} holds other labels than 1 to 9 and 10 for 0; {MEND}.")
