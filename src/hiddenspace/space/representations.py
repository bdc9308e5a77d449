"""What items can be turned into before a probe sees them: raw values, a random encoder's code, a learned code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.base import clone

from hiddenspace.autoencoders.recipe import default_code
from hiddenspace.data.dataset import Dataset, Kind
from hiddenspace.data.format import fit_format, in_model_space
from hiddenspace.errors import UsageError
from hiddenspace.models.encoding import Encoding
from hiddenspace.names import MODELS, find
from hiddenspace.nets.defaults import default_encoder
from hiddenspace.space.coding import NetworkCoding
from hiddenspace.training.randomness import seeded
from hiddenspace.training.trainer import Trainer

RAW, RANDOM, PCA = "raw", "random encoder", "PCA"
BOTH = f"{RAW} + "
"""What stands before the name of a code that is put beside the raw values."""
BASELINES = (RAW, PCA, RANDOM)
TITLES = {"raw": RAW, "random": RANDOM, "pca": PCA}
COMPARED = ("pca", "autoencoder", "sparse", "redundant", "denoising", "masked", "contrastive")
"""Of the words of the command line, those that are compared when none are named; raw and random come first."""
PRESENTED = 200_000
"""Images that a model sees in training, repeated ones counted again, unless epochs are given."""

Encode = Callable[[Dataset], np.ndarray]


def chosen_models(models: str | Encoding | Sequence[str] | Mapping[str, Any] | None) -> dict[str, Any]:
    """Name -> word or unfitted estimator, the raw values always first.

    Raises
    ------
    UsageError
        If a word is unknown, or something is no encoder of ours.
    """
    if models is None:
        models = ["random", *(word for word in COMPARED if word in MODELS)]
    if isinstance(models, str):
        models = [models]
    if isinstance(models, Encoding):
        models = {type(models).__name__: models}
    if not isinstance(models, Mapping) and (wrong := [word for word in models if not isinstance(word, str)]):
        raise UsageError(f"models has {wrong[0]!r} in a list; give words, or a dict of name -> estimator.")
    named = models if isinstance(models, Mapping) else {TITLES.get(word, word): word for word in models}
    known = [*TITLES, *(word for word in MODELS if word not in TITLES)]
    for name, model in named.items():
        if isinstance(model, str) and model not in known:
            raise UsageError(f"there is no model {model!r} to compare; use {', '.join(known)}.")
        if not isinstance(model, str | Encoding):
            raise UsageError(f"{name} is a {type(model).__name__}; give a word, or an estimator such as Autoencoder().")
    return {RAW: "raw", **{name: model for name, model in named.items() if name != RAW}}


def learned(model: Any, training: Dataset, seed: int, code: int | None, epochs: int | None) -> Encode:
    """Learns a representation from items without labels, and gives the function that encodes others.

    Parameters
    ----------
    model : str or estimator
        A word, or an estimator that is cloned.
    training : Dataset
        Without labels.
    seed : int
    code : int, optional
        Numbers in the code of a model named by a word; else its own default, and for PCA and random at most that of
        an autoencoder.
    epochs : int, optional
        Passes over the data of a model named by a word.
    """
    if model == "raw":
        return _raw(training)
    if model == "random":
        return _random(training, seed, code)
    fitted: Encoding = _estimator(model, training, seed, code, epochs).fit(training)
    return fitted.transform


def default_epochs(kind: Kind, items: int) -> int | None:
    """Passes over images that keep a comparison of many models short; of rows each model's own."""
    return max(1, min(200, round(PRESENTED / items))) if kind == "images" else None


def _raw(training: Dataset) -> Encode:
    """Values in model space: pixels in [0, 1], standardised numbers, one column for each category."""
    format_ = fit_format(training)

    def encode(dataset: Dataset) -> np.ndarray:
        return torch.cat([x.flatten(1) for x in in_model_space(format_, dataset)]).numpy()

    return encode


def _random(training: Dataset, seed: int, code: int | None) -> Encode:
    """An autoencoder's encoder with the weights that training would start from."""
    shape = fit_format(training).shape
    with seeded(seed):
        coding = NetworkCoding(default_encoder(shape, code or default_code(shape)))
    coding.read(training)  # which sets the scales
    return coding.encode


def _estimator(model: Any, training: Dataset, seed: int, code: int | None, epochs: int | None) -> Encoding:
    named = isinstance(model, str)
    made: Encoding = find(MODELS[model])() if named else clone(model)
    mine: dict[str, Any] = {"random_state": seed}
    if made.trainer is None:
        mine["trainer"] = Trainer(progress=False)  # one bar for all of them is enough
    if named:
        most = min(int(np.prod(fit_format(training).shape)), len(training))
        mine["code"] = min(code, most) if code is not None and model == "pca" else code
        mine["epochs"] = epochs or default_epochs(training.kind, len(training))
        mine["scaling"] = "auto"  # PCA's own default would be another than that of all the others
    made.set_params(**{name: value for name, value in mine.items() if name in made.get_params()})
    return made
