"""A mixture of Gaussians over whitened codes."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import logsumexp

from hiddenspace.space.density import Density, StandardNormal, held_out, normal_logs

COMPONENTS = (2, 4, 8, 16, 32, 64)
CODES_EACH = 2
"""Codes that a component needs for each dimension, or its covariance cannot be learned."""
LEAST_VARIANCE = 1e-3
"""Of a component in any direction, where all codes together have 1."""


class Mixture:
    """Gaussians with full covariances.

    Parameters
    ----------
    weights, means, covariances : ndarray (c,), (c, k), (c, k, k)
    """

    def __init__(self, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> None:
        self.weights, self.means = weights / weights.sum(), means
        self.roots = np.linalg.cholesky(covariances)

    @classmethod
    def fit(cls, white: np.ndarray, rng: np.random.Generator) -> Density:
        """By expectation maximisation; their number is doubled as long as held-out codes become more probable."""
        learned, judged = held_out(white, rng)
        best: Density = StandardNormal(white.shape[1])
        reached = best.log_density(judged).mean()
        for count in COMPONENTS:
            if len(learned) < CODES_EACH * count * (white.shape[1] + 1):
                break
            tried = cls._fitted(learned, count, int(rng.integers(2**31)))
            if (now := tried.log_density(judged).mean()) <= reached:
                break
            best, reached = tried, now
        return best

    @classmethod
    def _fitted(cls, white: np.ndarray, count: int, seed: int) -> Mixture:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        mixture = GaussianMixture(count, reg_covar=LEAST_VARIANCE, max_iter=50, tol=1e-2, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # codes that repeat may be fewer than components
            mixture.fit(white)
        return cls(mixture.weights_, mixture.means_, mixture.covariances_)

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        chosen = rng.choice(len(self.weights), n, p=self.weights)
        drawn = rng.standard_normal((n, self.means.shape[1]))
        for component in np.unique(chosen):
            here = chosen == component
            drawn[here] = self.means[component] + drawn[here] @ self.roots[component].T
        return drawn

    def log_density(self, white: np.ndarray) -> np.ndarray:
        parts = np.empty((len(self.weights), len(white)))
        for i, (weight, mean, root) in enumerate(zip(self.weights, self.means, self.roots, strict=True)):
            standard = solve_triangular(root, (white - mean).T, lower=True)
            logs = normal_logs((standard**2).sum(0), len(mean))
            parts[i] = np.log(max(weight, 1e-300)) + logs - np.log(np.diag(root)).sum()
        whole: np.ndarray = logsumexp(parts, axis=0)
        return whole
