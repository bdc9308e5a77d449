"""Digits blended with photographs, as MNIST-M is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hiddenspace import checks
from hiddenspace.data.pixels import grey_pixels, to_bytes
from hiddenspace.errors import DataError


def blended(
    images: ArrayLike,
    photographs: Sequence[NDArray[np.uint8]] | None = None,
    seed: int = 0,
    *,
    hard: bool = False,
) -> NDArray[np.uint8]:
    """Grey images blended with random patches of photographs: |patch - image| in each channel.

    So MNIST-M is made of MNIST and the photographs of BSDS500 (Ganin et al. 2016, "Domain-adversarial training of
    neural networks", JMLR 17). In the files of it that go round, pixels are either wholly digit or not at all, as with
    `hard`, and images of 28 x 28 pixels lie in a frame of two black ones. The same arguments give the same pictures on
    every machine.

    Parameters
    ----------
    images : array-like of shape (n, h, w) or (n, h, w, 1)
        Bytes, or floats in [0, 1], for example digits that are bright on black.
    photographs : sequence of ndarray of shape (H, W, 3), uint8, optional
        What patches are cut from, each at a random place of a random photograph; by default the two of scikit-learn.
    seed : int
        What is drawn from it: which photograph, and where.
    hard : bool
        Whether every pixel of an image that is not black counts as white.

    Returns
    -------
    ndarray of shape (n, h, w, 3), uint8

    Raises
    ------
    DataError
        If the images are not grey, or a photograph is none in colour, or is smaller than they are.
    UsageError
        If the seed makes no sense.

    Examples
    --------
    >>> import hiddenspace as hs
    >>> digits = hs.load_dataset("digits").items
    >>> coloured = hs.data.blended(digits, seed=0)
    """
    grey = to_bytes(grey_pixels(images))
    if hard:
        grey = np.where(grey > 0, np.uint8(255), np.uint8(0))
    rng = np.random.default_rng(checks.seed("seed", seed))
    photographs = _checked(_of_scikit_learn() if photographs is None else photographs, grey.shape[1:])
    which, (height, width) = rng.integers(len(photographs), size=len(grey)), grey.shape[1:]
    lots = rng.random((len(grey), 2))
    result = np.empty((*grey.shape, 3), np.uint8)
    for at, (image, (down, across)) in enumerate(zip(grey, lots, strict=True)):
        photograph = photographs[which[at]]
        top, left = int(down * (len(photograph) - height + 1)), int(across * (photograph.shape[1] - width + 1))
        patch = photograph[top : top + height, left : left + width]
        result[at] = np.abs(patch.astype(np.int16) - image[..., None])
    return result


def _checked(photographs: Sequence[Any], size: tuple[int, ...]) -> list[NDArray[np.uint8]]:
    if not len(photographs):
        raise DataError("there are no photographs; give at least one, or None for those of scikit-learn.")
    arrays = [np.asarray(photograph) for photograph in photographs]
    for at, array in enumerate(arrays):
        if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8:
            raise DataError(
                f"photograph {at} is {array.dtype} of shape {array.shape}; give each as uint8 of shape (H, W, 3)."
            )
        if array.shape[0] < size[0] or array.shape[1] < size[1]:
            raise DataError(
                f"photograph {at} of {array.shape[0]}x{array.shape[1]} pixels is smaller than the images of "
                f"{size[0]}x{size[1]}; leave it out."
            )
    return arrays


def _of_scikit_learn() -> list[NDArray[np.uint8]]:
    from sklearn.datasets import load_sample_images  # heavy, and only needed here

    return list(load_sample_images().images)
