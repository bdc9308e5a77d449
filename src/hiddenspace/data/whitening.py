"""Whitening: features without correlations and of equal variance, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hiddenspace.errors import DataError, UsageError

Method = Literal["zca", "pca"]


@dataclass(frozen=True, eq=False)
class Whitening:
    """x -> W (x - mean), and back.

    Attributes
    ----------
    mean : (d,)
        Of the items it was fitted to.
    forward : (k, d)
        W; k = d for ZCA.
    backward : (d, k)
        Its pseudo-inverse.
    """

    mean: NDArray[np.float64]
    forward: NDArray[np.float64]
    backward: NDArray[np.float64]

    def apply(self, items: ArrayLike) -> NDArray[np.float32]:
        """(n, d) or (n, ...) of d numbers each -> (n, k) float32."""
        whitened = (self._rows(items) - self.mean) @ self.forward.T
        return whitened.astype(np.float32)

    def invert(self, whitened: ArrayLike) -> NDArray[np.float32]:
        """(n, k) -> (n, d) float32: the items, but for what the regularisation has damped beyond rounding."""
        items = np.asarray(whitened, np.float64) @ self.backward.T + self.mean
        return items.astype(np.float32)

    def _rows(self, items: ArrayLike) -> NDArray[np.float64]:
        array = np.asarray(items, np.float64)
        rows: NDArray[np.float64] = array.reshape(len(array), -1)
        if rows.shape[1] != len(self.mean):
            raise DataError(f"items have {rows.shape[1]} numbers each, but this whitening takes {len(self.mean)}.")
        return rows


def fit_whitening(items: ArrayLike, method: Method = "zca", *, floor: float = 1e-2) -> Whitening:
    """The whitening of the covariance of items.

    With eigenvalues l and eigenvectors V of the covariance, PCA whitening is (L + e)^(-1/2) V^T, and ZCA turns back,
    V (L + e)^(-1/2) V^T, so that whitened patches still look like patches (Bell and Sejnowski 1997; the floor e as in
    Coates, Ng and Lee 2011, here in units of the mean eigenvalue).

    Parameters
    ----------
    items : (n, d) or (n, ...)
        Each is taken as d numbers.
    method : {"zca", "pca"}
        Which of the two; the components of PCA come in the order of their variance, largest first.
    floor : float
        e over the mean eigenvalue, 0 or more: directions of less variance, mostly noise, stay small. With 0, directions
        without any variance are left out.

    Raises
    ------
    DataError
        If there are fewer than two items, or they are not finite.
    UsageError
        If the method is unknown or the floor negative.
    """
    if method not in ("zca", "pca") or not floor >= 0:
        raise UsageError(f"whitening is 'zca' or 'pca' with a floor of 0 or more, not {method!r} with {floor}.")
    array = np.asarray(items, np.float64)
    rows = array.reshape(len(array), -1)
    if len(rows) < 2 or not np.isfinite(rows).all():
        raise DataError("whitening needs at least two items, all of finite numbers.")
    mean = rows.mean(0)
    values, vectors = np.linalg.eigh((rows - mean).T @ (rows - mean) / len(rows))
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    known = values + floor * values.mean() > 1e-10 * values.max()
    scales = np.sqrt(values[known] + floor * values.mean())
    forward, backward = vectors[:, known].T / scales[:, None], vectors[:, known] * scales
    if method == "zca":
        forward, backward = vectors[:, known] @ forward, backward @ vectors[:, known].T
    return Whitening(mean, forward, backward)


def contrast_normalised(patches: ArrayLike, *, floor: float = 0.1) -> NDArray[np.float32]:
    """Each patch less its mean, over its standard deviation (Coates, Ng and Lee 2011).

    Parameters
    ----------
    patches : (n, ...)
    floor : float
        Added to the standard deviation, in units of its mean over all patches, so that flat patches stay flat.

    Returns
    -------
    ndarray (n, ...) float32
    """
    array = np.asarray(patches, np.float64)
    axes = tuple(range(1, array.ndim))
    spread = array.std(axes, keepdims=True)
    normalised: NDArray[np.float64] = (array - array.mean(axes, keepdims=True)) / np.maximum(
        spread + floor * spread.mean(), 1e-12
    )
    return normalised.astype(np.float32)
