"""Images of another size and number of channels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F

from hiddenspace.data.chunks import chunks
from hiddenspace.data.dataset import Dataset
from hiddenspace.errors import DataError


def resized(dataset: Dataset, height: int, width: int, channels: int) -> Dataset:
    """Images brought to this size (bilinearly, and averaged where they shrink), grey ones to several equal channels.

    They keep their type, and lie in memory afterwards.

    Parameters
    ----------
    dataset : Dataset
        Of images (n, h, w, c).
    height, width, channels : int

    Raises
    ------
    DataError
        If the images have another number of channels, and more than one.
    """
    _, h, w, c = dataset.items.shape
    if c not in (1, channels):
        raise DataError(f"images of {c} channels cannot become ones of {channels}; convert those of {dataset.name}.")
    if (h, w, c) == (height, width, channels):
        return dataset
    items = np.concatenate([_resized(np.asarray(part), height, width) for part in chunks(dataset.items)])
    if c != channels:
        items = np.repeat(items, channels, axis=3)
    layout = "hwc" if dataset.layout == "hw" and channels > 1 else dataset.layout
    return replace(dataset, items=items, layout=layout)


def _resized(images: np.ndarray, height: int, width: int) -> np.ndarray:
    if images.shape[1:3] == (height, width):
        return images
    whole = np.issubdtype(images.dtype, np.integer)
    x = torch.from_numpy(np.ascontiguousarray(images, dtype=np.float32)).permute(0, 3, 1, 2)
    y = F.interpolate(x, (height, width), mode="bilinear", align_corners=False, antialias=True)
    made: np.ndarray = y.permute(0, 2, 3, 1).numpy()
    if whole:
        limits = np.iinfo(images.dtype)
        made = np.clip(np.rint(made), limits.min, limits.max)
    return made.astype(images.dtype, copy=False)
