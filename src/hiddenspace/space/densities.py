"""Densities of codes: what draws new ones, and says how ordinary one is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hiddenspace import checks
from hiddenspace.errors import DataError, UsageError
from hiddenspace.space.code_whitening import Whitening
from hiddenspace.space.coding import Coding, ModelCoding, checked_codes
from hiddenspace.space.density import Density, StandardNormal
from hiddenspace.space.flow import fit_flow
from hiddenspace.space.kernel_density import Kernel
from hiddenspace.space.mixture_density import Mixture

METHODS: dict[str, Callable[[np.ndarray, np.random.Generator], Density]] = {
    "gaussian": lambda white, rng: StandardNormal(white.shape[1]),
    "gmm": Mixture.fit,
    "kde": Kernel.fit,
    "flow": fit_flow,
}
"""Each takes whitened codes (n, k)."""
PRIOR = "prior"


class CodeDensity:
    """A density of whitened codes, and N(0, 1) in the directions in which codes do not vary.

    Parameters
    ----------
    whitening : Whitening
    inner : Density
        Of the first `whitening.rank` whitened numbers.
    """

    def __init__(self, whitening: Whitening, inner: Density) -> None:
        self.whitening, self.inner = whitening, inner
        self.rest = StandardNormal(whitening.size - whitening.rank)

    def sample(self, n: int, seed: int | None = None) -> np.ndarray:
        """Codes (n, d) float32; without a seed others each time.

        Raises
        ------
        UsageError
            If n is no whole number of 1 or more.
        """
        checks.whole("n", n)
        if seed is not None:
            checks.seed("seed", seed)
        rng = np.random.default_rng(seed)
        return self.whitening.back(np.hstack([self.inner.draw(n, rng), self.rest.draw(n, rng)]))

    def log_density(self, codes: np.ndarray) -> np.ndarray:
        """The logarithm of the density at codes (n, d), in nats, (n,) float64."""
        white = self.whitening.there(checked_codes(codes, self.whitening.size))
        inner, rest = np.split(white, [self.whitening.rank], axis=1)
        logs: np.ndarray = self.inner.log_density(inner) + self.rest.log_density(rest)
        return logs + self.whitening.log_determinant


def check_prior(coding: Coding) -> None:
    """Refuses the prior of a model that has none.

    Raises
    ------
    UsageError
        Unless it is trained to have one, as a variational autoencoder is.
    """
    if not isinstance(coding, ModelCoding) or not getattr(coding.model, "codes_are_normal", False):
        raise UsageError(
            "method='prior' is N(0, 1), to which only the codes of a VariationalAutoencoder, an AdversarialAutoencoder "
            "or a GAN are trained; use 'gmm'."
        )


def fit_density(codes: np.ndarray, method: str = "gmm", seed: int = 0) -> CodeDensity:
    """The density of codes.

    Codes are whitened first (see `Whitening.of`), so that every method sees zero mean and unit covariance. Directions
    in which codes do not vary are N(0, 1) beside it, very narrow in the units of the code.

    Parameters
    ----------
    codes : ndarray (n, d)
        At least two.
    method : {"gaussian", "gmm", "kde", "flow", "prior"}
        One Gaussian; a mixture with full covariances, which is one Gaussian where codes are too few for more; a
        kernel density; a normalising flow of spline couplings; or N(0, 1) whatever the codes are.
    seed : int
        Of the choice of codes and of the training.

    Raises
    ------
    UsageError
        If there is no such method.
    DataError
        If there are fewer than two codes, or too few for a flow.
    """
    if method not in (*METHODS, PRIOR):
        raise UsageError(f"method={method!r} is no density; use {', '.join(map(repr, METHODS))} or {PRIOR!r}.")
    codes = checked_codes(codes)
    checks.seed("random_state", seed)
    if method == PRIOR:
        return CodeDensity(Whitening.none(codes.shape[1]), StandardNormal(codes.shape[1]))
    if len(codes) < 2:
        raise DataError("a density is learned from at least 2 codes, but the space has 1; give it more items.")
    whitening = Whitening.of(codes)
    white = whitening.there(codes)[:, : whitening.rank]
    if not whitening.rank:  # all codes are equal
        return CodeDensity(whitening, StandardNormal(0))
    return CodeDensity(whitening, METHODS[method](white, np.random.default_rng(seed)))
