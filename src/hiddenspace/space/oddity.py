"""How ordinary items are: by what the model cannot rebuild, and by how rare their codes are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hiddenspace.autoencoders.batchwise import collected
from hiddenspace.autoencoders.coder import Coder
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import in_model_space
from hiddenspace.errors import ModelError, UsageError
from hiddenspace.nets.devices import device_of
from hiddenspace.space.coding import Coding, ModelCoding, no_decoder
from hiddenspace.space.waiting import waiting

if TYPE_CHECKING:
    from hiddenspace.space.hidden_space import HiddenSpace

METHODS = ("reconstruction", "density", "both")
LEAST_MISFIT, LEAST_SPREAD = 1e-6, 1e-9
"""Where every item is rebuilt without error, or all alike."""


def score_samples(space: HiddenSpace, X: Any, method: str, own: Dataset | None) -> np.ndarray:
    """How ordinary items are, (n,) float64: the lower, the odder, as scikit-learn's outlier detectors have it.

    Parameters
    ----------
    space : HiddenSpace
    X : anything `load_dataset` takes
    method : {"reconstruction", "density", "both"}
        Minus the mean squared error of the reconstruction, in model space; the log density of the code under a
        mixture of Gaussians that was fitted to the space's own items, in nats; or the sum of two, each in units of
        its spread over the space's own items and 0 at their median: that density, and minus the logarithm of the mean
        root of the absolute error. The root counts how much of an item is a little off, the square what is far off;
        which of density and error tells more hangs on the data, and for codes of any width the sum weighs them alike.
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
    if space.coding.encoder is None:
        if method != "density":
            raise ModelError("ready codes say nothing about reconstructions; use method='density', or give a model.")
        return space.density("gmm").log_density(space.codes_of(X))
    if method == "both" and own is None:
        raise UsageError(
            "method='both' compares with the space's own items, which a stored space does not hold; make "
            "HiddenSpace(model, data) anew, or use 'reconstruction' or 'density'."
        )
    dataset = space.coding.read(X)
    with waiting(f"judging {len(dataset):,} items ..."):
        if method == "reconstruction":
            return -reconstruction_errors(space.coding, dataset)
        density, codes = space.density("gmm"), space.coding.encode(dataset)
        if own is None or method == "density":
            return density.log_density(codes)
        scores: np.ndarray = _in_spreads(density.log_density(codes), density.log_density(space.codes))
        scores -= _in_spreads(_log_misfits(space.coding, dataset), _log_misfits(space.coding, own))
        return scores


def _in_spreads(values: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Values from the median of the usual ones, in units of the distance between their 16th and 84th percentile."""
    low, middle, high = np.percentile(usual, [16, 50, 84])
    scaled: np.ndarray = (values - middle) / max(high - low, LEAST_SPREAD)
    return scaled


def _log_misfits(coding: Coding, dataset: Dataset) -> np.ndarray:
    """The logarithm of the mean root of the absolute error of each item, (n,) float64."""
    roots = collected(residual.abs().sqrt().flatten(1).mean(1) for residual in _residuals(coding, dataset))
    misfits: np.ndarray = np.log(roots.astype(np.float64) + LEAST_MISFIT)
    return misfits


def reconstruction_errors(coding: Coding, dataset: Dataset) -> np.ndarray:
    """Mean squared error of each item in model space, (n,) float64.

    Raises
    ------
    ModelError
        If nothing decodes.
    """
    errors = collected((residual**2).flatten(1).mean(1) for residual in _residuals(coding, dataset))
    return errors.astype(np.float64)


def _residuals(coding: Coding, dataset: Dataset) -> Iterator[torch.Tensor]:
    """Reconstructions less items in model space, batch by batch, (b, *shape)."""
    if isinstance(coding, ModelCoding) and isinstance(coding.model, Coder):
        yield from coding.model.residuals(dataset)
        return
    if coding.encoder is None or coding.decoder is None or coding.format is None:
        raise no_decoder("the model of this space")
    there, back = device_of(coding.encoder), device_of(coding.decoder)
    for x in in_model_space(coding.format, dataset, there):
        with torch.inference_mode():
            residual = coding.to_items(coding.to_codes(x).to(back)).to(there) - x
        yield residual
