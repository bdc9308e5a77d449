"""Frechet distance between two sets of features."""

from __future__ import annotations

import numpy as np

from hiddenspace.errors import DataError


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), in float64: how far two Gaussians with these moments are apart.

    With the features of a certain Inception network this is the FID of Heusel et al. 2017; figures of other features
    cannot be compared with it. It falls with the number of items, so compare only sets of the same sizes.

    Parameters
    ----------
    first, second : ndarray (n, d), (m, d)
        Features of at least two items each. Covariances are the unbiased ones.

    Returns
    -------
    float
        In squared units of the features, 0 or more.

    Raises
    ------
    DataError
        If the sets do not have the same features, or fewer than two items.
    """
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1] or min(len(first), len(second)) < 2:
        raise DataError(
            f"a Frechet distance needs two sets (n, d) of the same d features, 2 items or more each, not {first.shape} "
            f"and {second.shape}."
        )
    (m1, c1), (m2, c2) = _moments(first), _moments(second)
    root = _root(c1)
    # (C1 C2)^(1/2) has the trace of (R C2 R)^(1/2) with R R = C1, and that one is symmetric
    overlap = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ c2 @ root), 0)).sum()
    return max(float(((m1 - m2) ** 2).sum() + np.trace(c1) + np.trace(c2) - 2 * overlap), 0.0)


def _moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    wide = features.astype(np.float64)
    return wide.mean(0), np.atleast_2d(np.cov(wide, rowvar=False))


def _root(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    root: np.ndarray = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root
