"""What a supervised net starts from: how `init` becomes an encoder, and how a saved one is built again."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from torch import nn

from hiddenspace.autoencoders.weights_files import is_weights_file, with_weights
from hiddenspace.data.dataset import Dataset
from hiddenspace.errors import UsageError
from hiddenspace.estimator import load
from hiddenspace.models.batchwise import Batchwise
from hiddenspace.models.encoding import Encoding
from hiddenspace.names import find_model
from hiddenspace.nets.head import Features
from hiddenspace.nets.mlp import vector_encoder
from hiddenspace.nets.resnet import FEATURES, ResNetEncoder
from hiddenspace.params import Absent, params_as_json, params_from_json
from hiddenspace.training.trainer import Trainer

Origin = dict[str, Any]
"""What an encoder is, as JSON: {"kind": "default" | "network" | "model", ...}."""

ROW_FEATURES = 32
"""Of the default encoder of rows."""


@dataclass(frozen=True)
class Start:
    """A fitted model, one that is to be fitted first, a network, or none of these: the default network.

    `pretrained` says whether its weights have learned something (or may have).
    """

    fitted: Batchwise | None = None
    unfitted: Encoding | None = None
    network: nn.Module | None = None
    pretrained: bool = True

    def check_use_of(self, unlabelled: Any, used: bool) -> None:
        """Says it where unlabelled items are `used` by the training and not there, or there and nothing uses them."""
        if unlabelled is None and used:
            raise UsageError(
                "consistency= is the weight of a loss on unlabelled items, and there are none; give unlabelled= to "
                "fit, or leave consistency at 0."
            )
        if unlabelled is not None and self.unfitted is None and not used:
            warnings.warn(
                "the unlabelled items are not used: only an init that is not fitted yet (it is pretrained on them) and "
                "a Classifier with consistency=1 learn from such.",
                UserWarning,
                stacklevel=3,
            )

    def after_pretraining(self, dataset: Dataset, trainer: Trainer | None) -> Start:
        """The same where there is nothing to pretrain; else what a copy of the model has learned from these items.

        Where `trainer`, that of the supervised training, keeps checkpoints, so does the pretraining in a folder of its
        own (`pretraining` beside them, unless it has one), and a training that is resumed does not pretrain again.
        """
        if self.unfitted is None:
            return self
        model = clone(self.unfitted)
        if trainer is not None and trainer.folder is not None and hasattr(model, "trainer"):
            own = model.trainer or Trainer(progress=trainer.progress)
            folder = own.folder or Path(trainer.folder) / "pretraining"
            model.set_params(trainer=replace(own, folder=folder, resume=own.resume or trainer.resume))
        return Start(fitted=model.fit(dataset))

    def origin(self, kind: str) -> Origin:
        """What the encoder is, for data of this kind."""
        if self.network is not None:
            return {"kind": "network", "code": type(self.network).__qualname__}
        if self.fitted is None:
            return {"kind": "default", "features": FEATURES if kind == "images" else ROW_FEATURES}
        if not isinstance(self.fitted, Encoding):
            origin: Origin = copy.deepcopy(self.fitted.origin_)
            return origin
        fitted = {**self.fitted._fitted_config(), "history": []}
        params = params_as_json(self.fitted.get_params(deep=False))
        return {"kind": "model", "class": type(self.fitted).__name__, "params": params, "fitted": fitted}

    def encoder(self, shape: tuple[int, ...], features: int | None) -> Features:
        """A network of its own, on the CPU, for items of this shape; `features` are those of the default one."""
        if self.fitted is not None:
            return features_of(copy.deepcopy(self.fitted)).cpu()
        if self.network is not None:
            return Features(copy.deepcopy(self.network).cpu())
        assert features is not None
        return Features(default_network(shape, features))


def start_from(init: Any, encoder: nn.Module | None) -> Start:
    """What `init` means.

    Raises
    ------
    UsageError
        If it is nothing that one can start from, or `encoder` is missing or too much.
    ModelError
        If a file cannot be read or does not fit.
    """
    for given in (init, encoder):
        if isinstance(given, Absent):
            given()
    init = init.estimator if isinstance(init, FrozenEstimator) else init
    is_path = isinstance(init, str | PathLike)
    if isinstance(init, Mapping) or (is_path and is_weights_file(init)):
        if not isinstance(encoder, nn.Module):
            raise UsageError("a state dict needs the module that it belongs to; give it as encoder=.")
        return Start(network=with_weights(encoder, init))
    if encoder is not None:
        raise UsageError("encoder= is the module of a state dict; a module with its weights is given as init=.")
    if init is None:
        return Start(pretrained=False)
    if isinstance(init, nn.Module):
        return Start(network=init)
    model = load(init) if is_path else init
    if isinstance(model, Batchwise) and (isinstance(model, Encoding) or hasattr(model, "head_")):
        return Start(fitted=model) if model.__sklearn_is_fitted__() else _unfitted(model)
    if isinstance(model, Batchwise):
        raise UsageError(f"a {type(model).__name__} that is not fitted learns from labels; fit it first.")
    raise UsageError(
        f"init={type(model).__name__} is nothing to start from; give a model of hiddenspace or the path of one, a "
        "torch.nn.Module, a state dict with encoder=, or None."
    )


def _unfitted(model: Batchwise) -> Start:
    assert isinstance(model, Encoding)
    return Start(unfitted=model)


def default_network(shape: tuple[int, ...], features: int) -> nn.Module:
    """A small residual net for images (c, h, w), a fully connected one for rows (d,)."""
    return ResNetEncoder(shape, features) if len(shape) == 3 else vector_encoder(shape[0], features)


def features_of(model: Batchwise) -> Features:
    """The encoder of a fitted model; of one that gives means and variances the means."""
    network = model.encoder_
    return network if isinstance(network, Features) else Features(network, model.code_size_)


def encoder_again(origin: Origin, shape: tuple[int, ...], own: Any) -> Features:
    """The network that an origin describes, with weights yet to be loaded; `own` is what a person gave anew.

    Raises
    ------
    ModelError
        If it was code of somebody's own and is not given.
    """
    if origin["kind"] == "default":
        return Features(default_network(shape, int(origin["features"])))
    if origin["kind"] == "network":
        if not isinstance(own, nn.Module):
            Absent("encoder", origin["code"])()
        return Features(copy.deepcopy(own).cpu())
    model_class = find_model(origin["class"])
    given = {"encoder": own} if isinstance(own, nn.Module) else {}
    model = model_class(**params_from_json(origin["params"], model_class, given))
    model._take_fitted_config(dict(origin["fitted"]))
    model._build_networks()
    return features_of(model)
