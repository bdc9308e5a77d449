"""How much like a Gabor function a filter is: a wave under a Gaussian, as cells of the visual cortex answer to."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hiddenspace.errors import UsageError

Floats = NDArray[np.float64]
STARTS = 3
"""The best of the grid from which the least squares begin."""
NARROWEST, WIDEST = 0.5, 0.75
"""Bounds of the Gaussian's standard deviations: in pixels, and in sides of the filter."""
FASTEST = 0.5
"""Cycles in a pixel, at most: beyond that a grid of pixels shows another wave."""


@dataclass(frozen=True, eq=False)
class GaborFit:
    """The Gabor function that is nearest to a filter.

    a exp(-u^2 / 2 s_u^2 - v^2 / 2 s_v^2) cos(2 pi f u + phase), u along the wave and v across it, in pixels.

    Attributes
    ----------
    r2 : float
        1 - |filter - fit|^2 / |filter - its mean|^2; 1 is a Gabor function.
    centre : (2,)
        Row and column.
    widths : (2,)
        s_u and s_v.
    angle : float
        Of the wave, in radians, from the columns towards the rows.
    frequency : float
        f, in cycles a pixel.
    picture : (h, w)
        The function itself.
    """

    r2: float
    centre: tuple[float, float]
    widths: tuple[float, float]
    angle: float
    frequency: float
    picture: Floats


def fit_gabor(filters: ArrayLike) -> list[GaborFit]:
    """Fits a Gabor function to each filter.

    Amplitude and phase are linear (a cosine and a sine under the same Gaussian), so they are solved for, and the six
    other numbers are found by least squares from the best places of a coarse grid (variable projection; Golub and
    Pereyra 1973).

    Parameters
    ----------
    filters : (n, h, w)
        Signed; the scale does not matter.

    Returns
    -------
    list of n GaborFit

    Raises
    ------
    UsageError
        If they are not (n, h, w), not finite, or smaller than 3x3.
    """
    array = np.asarray(filters, np.float64)
    if array.ndim != 3 or min(array.shape[1:]) < 3 or not np.isfinite(array).all():
        raise UsageError(f"filters must be (n, h, w), finite and at least 3x3; these are {array.shape}.")
    grid = _grid(array.shape[1], array.shape[2])
    waves = np.stack([_waves(place, array.shape[1], array.shape[2]) for place in grid])  # (g, 2, h w)
    bases = np.linalg.qr(waves.transpose(0, 2, 1))[0]  # (g, h w, 2), orthonormal
    return [_fit(picture, grid, bases) for picture in array]


def gabor_share(filters: ArrayLike, least: float = 0.6) -> float:
    """The share of filters (n, h, w) that a Gabor function fits with an R2 above `least`."""
    return float(np.mean([fit.r2 > least for fit in fit_gabor(filters)]))


def _grid(height: int, width: int) -> Floats:
    """Places to start from: row, column, log widths, angle, frequency, (g, 6)."""
    side = min(height, width)
    rows, columns = (np.linspace(0.15, 0.85, 5) * (size - 1) for size in (height, width))
    widths = np.log(side * np.array([0.1, 0.2, 0.4]))
    angles = np.arange(8) * np.pi / 8
    frequencies = np.minimum(np.array([0.5, 1, 1.5, 2.5, 4]) / side, 0.8 * FASTEST)
    return np.array(list(product(rows, columns, widths, widths, angles, frequencies)))


def _waves(place: Floats, height: int, width: int) -> Floats:
    """The cosine and the sine under the Gaussian, (2, h w)."""
    row, column, along, across, angle, frequency = place
    y, x = np.mgrid[:height, :width].reshape(2, -1)
    u = (x - column) * np.cos(angle) + (y - row) * np.sin(angle)
    v = (y - row) * np.cos(angle) - (x - column) * np.sin(angle)
    hill = np.exp(-0.5 * ((u / np.exp(along)) ** 2 + (v / np.exp(across)) ** 2))
    phase = 2 * np.pi * frequency * u
    return np.stack([hill * np.cos(phase), hill * np.sin(phase)])


def _fit(picture: Floats, grid: Floats, bases: Floats) -> GaborFit:
    from scipy.optimize import least_squares

    height, width = picture.shape
    flat = picture.ravel() / (np.abs(picture).max() or 1)
    explained = np.square(np.einsum("gpk,p->gk", bases, flat)).sum(1)
    side = max(height, width)
    widths = (np.log(NARROWEST), np.log(WIDEST * side))
    lower = np.array([-1, -1, widths[0], widths[0], -np.inf, 0])
    upper = np.array([height, width, widths[1], widths[1], np.inf, FASTEST])

    def remains(place: Floats) -> Floats:
        waves = _waves(place, height, width)
        return flat - waves.T @ np.linalg.lstsq(waves.T, flat, rcond=None)[0]

    starts = grid[np.argsort(-explained)[:STARTS]]
    scale = np.array([1, 1, 0.3, 0.3, 0.3, 0.05])
    found = [
        least_squares(
            remains, np.clip(s, lower + 1e-6, upper - 1e-6), bounds=(lower, upper), x_scale=scale, max_nfev=40
        )
        for s in starts
    ]
    best = min(found, key=lambda result: float(result.cost))
    row, column, along, across, angle, frequency = best.x
    spread = np.square(flat - flat.mean()).sum()
    r2 = 1 - 2 * best.cost / spread if spread > 0 else 0.0
    fitted = (flat - remains(best.x)).reshape(picture.shape) * (np.abs(picture).max() or 1)
    wide = (float(np.exp(along)), float(np.exp(across)))
    return GaborFit(float(r2), (float(row), float(column)), wide, float(angle % np.pi), float(frequency), fitted)
