"""The weights that meet the data first, as pictures of what each unit is sensitive to."""

from __future__ import annotations

import math
from itertools import chain

import numpy as np
from torch import nn

from hiddenspace.errors import UsageError


def first_filters(encoder: nn.Module, shape: tuple[int, ...]) -> np.ndarray:
    """The filters of an encoder's first layer, strongest first: (n, h, w) signed, or (n, h, w, c) of several channels.

    A convolution's kernels are as large as they are, the rows of a matrix (and PCA's components) as large as a picture.

    Parameters
    ----------
    encoder : Module
    shape : (c, h, w)
        Of a picture in model space.

    Raises
    ------
    UsageError
        If pictures are no rows of weights of the first layer, as where a network cuts them into patches.
    """
    channels, size = shape[0], math.prod(shape)
    for weights in chain(encoder.parameters(), encoder.buffers()):
        if weights.ndim == 4 and weights.shape[1] == channels:
            filters = weights
        elif weights.ndim == 2 and weights.shape[1] == size:
            filters = weights.reshape(-1, *shape)
        else:
            continue
        found: np.ndarray = filters.detach().float().cpu().permute(0, 2, 3, 1).numpy()
        order = np.argsort(-np.linalg.norm(found.reshape(len(found), -1), axis=1), kind="stable")
        return found[order, ..., 0] if channels == 1 else found[order]
    raise UsageError(
        f"the first layer of a {type(encoder).__name__} has no filters that are pictures; name another, or 'code'."
    )
