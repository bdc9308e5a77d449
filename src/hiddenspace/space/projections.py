"""Codes laid out in two dimensions: by PCA, t-SNE, UMAP and PaCMAP, each from its own package."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from hiddenspace.errors import MissingExtraError, UsageError
from hiddenspace.training.quiet import quiet_logger

Points = NDArray[np.float32]

FEWEST = 5
"""Different codes that a method of neighbours needs; below, PCA draws the map."""


def project(codes: Points, method: str, random_state: int) -> tuple[Points, str]:
    """Lay codes out on a plane.

    All start from PCA, which keeps the large picture (Kobak and Linderman 2021), and with fewer items look at fewer
    neighbours. With fewer than five different codes there are no neighbourhoods to keep, and PCA is used.

    Parameters
    ----------
    codes : (n, d) float32
        Finite.
    method : {"auto", "code", "pca", "tsne", "umap", "pacmap"}
        'auto' is 'code' for codes of two numbers, 'pca' for codes of one, which loses nothing, else 'tsne'.
    random_state : int
        Of the method.

    Returns
    -------
    coordinates : (n, 2) float32
        All zero where all codes are the same.
    method : str
        The one that was used.

    Raises
    ------
    UsageError
        If there is no such method, or 'code' is asked of codes that have not two numbers.
    MissingExtraError
        If the package of UMAP or PaCMAP is not installed.
    """
    width = codes.shape[1]
    if method == "auto":
        method = {1: "pca", 2: "code"}.get(width, "tsne")
    if method not in METHODS:
        raise UsageError(f"there is no map called {method!r}; choose auto, {', '.join(METHODS)}.")
    if method == "code":
        if width != 2:
            raise UsageError(f"a code of {width} numbers is no map by itself; choose another method, such as tsne.")
        return codes.copy(), method
    if method != "pca" and len({row.tobytes() for row in codes}) < FEWEST:
        method = "pca"
    coordinates = METHODS[method](codes if method == "pca" else _standardised(codes), random_state)
    return np.ascontiguousarray(coordinates, np.float32), method


def pca_map(codes: Points, random_state: int = 0) -> Points:
    """The two first principal components (n, 2), in the units of the codes; missing ones are zero."""
    from sklearn.decomposition import PCA

    kept = min(2, *codes.shape)
    flat = np.zeros((len(codes), 2), np.float32)
    if np.ptp(codes, axis=0).any():
        flat[:, :kept] = PCA(kept, random_state=random_state).fit_transform(codes.astype(np.float64))
    return flat


def _tsne(codes: Points, random_state: int) -> Points:
    from sklearn.manifold import TSNE

    start = _start(codes, random_state)
    perplexity = min(30.0, (len(codes) - 1) / 3)
    tsne = TSNE(init=1e-4 * start / start[:, 0].std(), perplexity=perplexity, random_state=random_state)
    made: Points = tsne.fit_transform(codes)
    return made


def _umap(codes: Points, random_state: int) -> Points:
    umap = _package("umap", "UMAP")
    with warnings.catch_warnings():
        # among few or repeated items it finds points without neighbours, and says so
        warnings.filterwarnings("ignore", category=UserWarning, module="umap")
        flat: Points = umap.UMAP(
            n_neighbors=min(15, len(codes) - 1), init=_start(codes, random_state), random_state=random_state, n_jobs=1
        ).fit_transform(codes)
    return flat


def _pacmap(codes: Points, random_state: int) -> Points:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    pacmap = _package("pacmap", "PaCMAP")
    # it logs that a random state is set; and with several threads its index of neighbours comes out different each time
    with quiet_logger("pacmap"), threadpool_limits(1, "openmp"):
        made: Points = pacmap.PaCMAP(
            n_neighbors=min(10, len(codes) - 1), random_state=random_state, apply_pca=min(codes.shape) > 100
        ).fit_transform(codes, init=_start(codes, random_state))
    return made


METHODS: dict[str, Callable[[Points, int], Points]] = {
    "code": lambda codes, _: codes,
    "pca": pca_map,
    "tsne": _tsne,
    "umap": _umap,
    "pacmap": _pacmap,
}


def _standardised(codes: Points) -> Points:
    """Centred, on one scale for all numbers, at least two wide: distances change by one factor and fit into float32."""
    wide = codes.astype(np.float64) - codes.mean(axis=0, dtype=np.float64)
    scaled: Points = (wide / (wide.std() or 1.0)).astype(np.float32)
    return scaled if scaled.shape[1] > 1 else np.pad(scaled, ((0, 0), (0, 1)))


def _start(codes: Points, random_state: int) -> Points:
    """PCA's map, with a pinch of noise, so that a dimension without any spread is not closed for good."""
    start = pca_map(codes, random_state)
    noise = np.random.default_rng(random_state).normal(size=start.shape).astype(np.float32)
    start += np.float32(1e-3) * start.std() * noise
    return start


def _package(name: str, called: str) -> ModuleType:
    from importlib import import_module

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            warnings.filterwarnings("ignore", category=ImportWarning)  # what it can do with TensorFlow, which we do not
            return import_module(name)
    except ImportError as error:
        raise MissingExtraError(f"maps by {called} need a package more; pip install 'hiddenspace[maps]'.") from error
