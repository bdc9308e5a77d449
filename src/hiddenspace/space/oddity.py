"""How ordinary items are: by what the model cannot rebuild, by how rare their codes are, and by how far others are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import in_model_space
from hiddenspace.errors import ModelError, UsageError
from hiddenspace.models.coder import Coder
from hiddenspace.nets.devices import device_of
from hiddenspace.space.coding import Coding, ModelCoding, no_decoder
from hiddenspace.space.densities import fit_density
from hiddenspace.space.search import SAME
from hiddenspace.space.waiting import waiting

if TYPE_CHECKING:
    from hiddenspace.space.hidden_space import HiddenSpace

METHODS = ("reconstruction", "density", "both", "neighbours")
NEIGHBOURS = 5
LEAST_ERROR = 1e-12
_CODES_ALONE = "use 'neighbours' or 'density', or give a model that decodes"


def score_samples(space: HiddenSpace, X: Any, method: str, own: Dataset | None) -> np.ndarray:
    """How ordinary items are, (n,) float64: the lower, the odder, as scikit-learn's outlier detectors have it.

    Parameters
    ----------
    space : HiddenSpace
    X : anything `load_dataset` takes
    method : {"reconstruction", "density", "both", "neighbours"}
        Minus the mean squared error of the reconstruction, in model space; the log density of the code under a
        mixture of Gaussians, in nats; or that of the code and the logarithm of the error side by side, so that an
        error is held against those that are usual for such codes. Both densities are those of the space's own items.
        Or minus the mean distance to the 5 nearest codes of the space (Ramaswamy et al. 2000 take that to the k-th); an
        item that is in the space itself is not its own neighbour.
    own : Dataset, optional
        The space's own items, which 'both' needs.

    Raises
    ------
    UsageError
        If there is no such method, or 'both' is asked of a space that does not hold its items.
    ModelError
        If items cannot be encoded, or not decoded where the method needs it.
    """
    if method not in METHODS:
        raise UsageError(f"method={method!r} is unknown; use {', '.join(map(repr, METHODS))}.")
    if method in ("reconstruction", "both") and not space.coding.decodes:
        raise ModelError(f"without a decoder nothing is rebuilt that method={method!r} could judge; {_CODES_ALONE}.")
    if space.coding.encoder is None:
        return _by_codes(space, space.codes_of(X), method)
    if method == "both" and own is None:
        raise UsageError(
            "method='both' compares with the space's own items, which a stored space does not hold; open it with "
            "data=, or use 'reconstruction' or 'density'."
        )
    dataset = space.coding.read(X)
    with waiting(f"judging {len(dataset):,} items ..."):
        if method == "reconstruction":
            return -reconstruction_errors(space.coding, dataset)
        codes = space.coding.encode(dataset)
        if own is None or method != "both":
            return _by_codes(space, codes, method)
        joint = fit_density(_with_errors(space.coding, space.codes, own), "gmm")
        return joint.log_density(_with_errors(space.coding, codes, dataset))


def _by_codes(space: HiddenSpace, codes: np.ndarray, method: str) -> np.ndarray:
    """The two that look at codes alone."""
    if method == "density":
        return space.density("gmm").log_density(codes)
    distances = space.store.distances(codes, NEIGHBOURS + 1).astype(np.float64)
    if distances.shape[1] == 1:  # the only item there is
        return -distances[:, 0]
    own = distances[:, :1] <= SAME * np.linalg.norm(codes, axis=1, keepdims=True)
    nearness: np.ndarray = -np.where(own, distances[:, 1:], distances[:, :-1]).mean(1)
    return nearness


def _with_errors(coding: Coding, codes: np.ndarray, items: Dataset) -> np.ndarray:
    """Codes (n, d), and the logarithm of each item's error as one number more: errors are skewed."""
    return np.column_stack([codes, np.log(reconstruction_errors(coding, items) + LEAST_ERROR)])


def reconstruction_errors(coding: Coding, dataset: Dataset) -> np.ndarray:
    """Mean squared error of each item in model space, (n,) float64.

    Raises
    ------
    ModelError
        If nothing decodes.
    """
    if isinstance(coding, ModelCoding) and isinstance(coding.model, Coder):
        return np.asarray(coding.model.reconstruction_errors(dataset), np.float64)
    if coding.encoder is None or coding.decoder is None or coding.format is None:
        raise no_decoder("the model of this space")
    errors, there, back = [], device_of(coding.encoder), device_of(coding.decoder)
    with torch.inference_mode():
        for x in in_model_space(coding.format, dataset, there):
            rebuilt = coding.to_items(coding.to_codes(x).to(back)).to(there)
            errors.append(((rebuilt - x) ** 2).flatten(1).mean(1).double().cpu().numpy())
    return np.concatenate(errors)
