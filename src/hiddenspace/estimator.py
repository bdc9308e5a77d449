"""What every estimator shares: scikit-learn's contract, reading data, saving and loading."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Self, get_args

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from hiddenspace.data.arrays import Channels
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import Format, Scaling, fit_format, format_from_config
from hiddenspace.data.hub import is_hub_object
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError, ModelError, UsageError
from hiddenspace.names import find_model
from hiddenspace.params import params_from_json
from hiddenspace.saving import fingerprint_of, read_model, write_model
from hiddenspace.training import ranks
from hiddenspace.training.randomness import seeded
from hiddenspace.training.trainer import Trainer


class Estimator(BaseEstimator):  # type: ignore[misc]
    """Abstract. Hyperparameters are stored by `__init__` and nothing else is; what is learned ends in an underscore.

    Subclasses name their networks in `network_names` (attributes `<name>_`) and build them in `_build_networks`.
    What they learn beyond that and is no tensor, they add to `_fitted_config` and take back in `_take_fitted_config`.
    """

    network_names: ClassVar[tuple[str, ...]] = ()

    random_state: Any
    trainer: Trainer | None
    format_: Format
    n_features_in_: int
    seed_: int
    history_: list[dict[str, float]]
    data_: dict[str, Any]

    def _build_networks(self) -> None:
        """Makes the networks from hyperparameters and what `_take_fitted_config` has set."""
        raise NotImplementedError

    # data -------------------------------------------------------------------------------------------------------

    def read(self, X: Any, channels: Channels = "auto") -> Dataset:
        """Any source as `transform` reads it: features checked, image files brought to the size of the fit.

        `channels` says where those of 4-D arrays are, see `load_dataset`.
        """
        return self._read(X, channels=channels)

    def _read(self, X: Any, *, fitting: bool = False, channels: Channels = "auto") -> Dataset:
        """Any source as a dataset; features are checked against those of the fit wherever scikit-learn does so."""
        if not fitting:
            check_is_fitted(self)
            if self.format_.kind == "images":
                return load_dataset(X, channels=channels, **self._size(X))
        if hasattr(X, "to_pandas") and not is_hub_object(X):  # tables of pyarrow and polars
            X = X.to_pandas()
        frame = isinstance(X, pd.DataFrame)
        if frame:
            validate_data(self, X, reset=fitting, skip_check_array=True)
        if is_matrix(X):
            return load_dataset(self._checked_matrix(X, fitting))
        if frame and not fitting and self.format_.kind != "table":
            return load_dataset(X.to_numpy())
        dataset = load_dataset(X)
        if fitting and not frame:
            self._remember_features(dataset)
        return dataset

    def _checked_matrix(self, X: Any, fitting: bool) -> Any:
        """A 2-D array or nested list, by scikit-learn's own checks and with its messages."""
        if isinstance(X, torch.Tensor):
            X = X.detach().cpu()
            X = (X.float() if X.dtype == torch.bfloat16 else X).numpy()
        # Not whether all is finite: load_dataset looks at that, and once over the data is enough.
        checked = validate_data(self, X, reset=fitting, dtype="numeric", ensure_all_finite=False)
        if isinstance(X, np.memmap):
            checked = X  # the check gives back a plain array, and what is on the disk shall stay there
        if not fitting and self.format_.kind == "table":
            return pd.DataFrame(checked, columns=getattr(self, "feature_names_in_", None))
        return checked

    def _size(self, X: Any) -> dict[str, Any]:
        """What image files are brought to: that on which the model was fitted. Arrays are taken as they are."""
        first = X[0] if isinstance(X, list | tuple) and X else X
        if not _is_image_or_path(first) and not is_hub_object(X):
            return {}
        channels, height, width = self.format_.shape
        return {"size": (height, width, channels)}

    def _remember_features(self, dataset: Dataset) -> None:
        """What scikit-learn's checks set for arrays and frames, for all other sources."""
        if dataset.kind == "table":
            validate_data(self, dataset.items, reset=True, skip_check_array=True)
            return
        self.n_features_in_ = int(np.prod(dataset.items.shape[1:]))
        if hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _begin(self, X: Any, scaling: Scaling, *, going_on: bool = False) -> Dataset:
        """What every fit starts with: the data, their format (the old one where a fit goes on), and a seed.

        Where there are several ranks they must have been started: all take the seed of the first.
        """
        if scaling not in get_args(Scaling):
            raise UsageError(f"scaling={scaling!r} is unknown; use {', '.join(map(repr, get_args(Scaling)))}.")
        dataset = self._read(X, fitting=not going_on)
        if len(dataset) < 2:
            raise DataError(
                f"{type(self).__name__} learns from at least 2 items, but {dataset.name} has "
                f"n_samples = {len(dataset)}; give it more."
            )
        if not going_on:
            self.format_ = fit_format(dataset, scaling)
        self.seed_ = int(ranks.told_by_first(self._draw_seed()))
        self.data_ = {
            "name": dataset.name,
            "kind": dataset.kind,
            "items": len(dataset),
            "shape": [int(size) for size in dataset.items.shape[1:]],
        }
        return dataset

    def _draw_seed(self) -> int:
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    @contextmanager
    def _whole_or_not_at_all(self) -> Iterator[None]:
        """A fit that fails or is interrupted inside the `with` leaves the estimator as it was, fitted or not."""
        before = self.__dict__.copy()
        try:
            yield
        except BaseException:
            self.__dict__ = before
            raise

    # scikit-learn -----------------------------------------------------------------------------------------------

    def __sklearn_is_fitted__(self) -> bool:
        return all(hasattr(self, f"{name}_") for name in self.network_names) and hasattr(self, "format_")

    # saving -----------------------------------------------------------------------------------------------------

    def networks(self) -> dict[str, nn.Module]:
        """The fitted networks by name."""
        check_is_fitted(self)
        return {name: getattr(self, f"{name}_") for name in self.network_names}

    def parameter_count(self) -> int:
        """Numbers in the networks, those that are fixed after a fit in closed form among them."""
        return sum(t.numel() for net in self.networks().values() for t in net.state_dict().values())

    def fingerprint(self) -> str:
        """16 hexadecimal digits that tell this fitted model from any other: of its class, weights and data format.

        Codes belong to a model; files and tables of codes keep this beside them.
        """
        return fingerprint_of(self.networks(), type(self).__name__, self.format_.config())

    def save_pretrained(self, folder: str | Path) -> None:
        """Writes a folder as the Hugging Face Hub has them: config.json, model.safetensors, README.md.

        A model that was there before stays whole until all files of the new one are written; a crash in the moment
        when they are moved into place leaves a mixture, which `load` refuses.

        Parameters
        ----------
        folder : path or str
            Made where needed.

        Raises
        ------
        ModelError
            If the folder cannot be written.
        """
        check_is_fitted(self)
        write_model(Path(folder), self, address="path/to/this/folder")

    @classmethod
    def from_pretrained(cls, folder: str | Path, **modules: Any) -> Self:
        """A saved model of this class; see `hiddenspace.load`. A class of one's own is read back in this way too."""
        model = _load(folder, modules, known=cls)
        if not isinstance(model, cls):
            raise ModelError(f"{folder} holds a {type(model).__name__}, not a {cls.__name__}; use hiddenspace.load.")
        return model

    def push_to_hub(self, repo_id: str, *, private: bool = False, token: str | None = None) -> str:
        """Uploads the saved model to the Hugging Face Hub, making the repository where needed; returns its address."""
        from huggingface_hub import HfApi

        check_is_fitted(self)
        api = HfApi(token=token)
        api.create_repo(repo_id, private=private, exist_ok=True)
        with TemporaryDirectory() as folder:
            write_model(Path(folder), self, address=repo_id)
            message = "Upload a hiddenspace model"
            return str(api.upload_folder(repo_id=repo_id, folder_path=folder, commit_message=message))

    def _fitted_config(self) -> dict[str, Any]:
        """What is learned and not a tensor, as JSON."""
        names = getattr(self, "feature_names_in_", None)
        return {
            "format": self.format_.config(),
            "seed": self.seed_,
            "data": self.data_,
            "n_features_in": self.n_features_in_,
            "feature_names_in": None if names is None else [str(name) for name in names],
            "history": self.history_,
        }

    def _take_fitted_config(self, config: dict[str, Any]) -> None:
        """Takes back what `_fitted_config` gave, out of `config`: what stays in there is unknown."""
        self.format_ = format_from_config(config.pop("format"))
        self.seed_, self.n_features_in_ = int(config.pop("seed")), int(config.pop("n_features_in"))
        self.data_, self.history_ = dict(config.pop("data")), list(config.pop("history"))
        if (names := config.pop("feature_names_in")) is not None:
            self.feature_names_in_ = np.array(names, dtype=object)


def load(folder: str | Path, **modules: Any) -> Any:
    """A saved model, from a folder or a name on the Hugging Face Hub.

    Parameters
    ----------
    folder : path or str
        What `save_pretrained` wrote, a run folder, or a repository such as 'somebody/model'.
    **modules
        Networks of one's own (`encoder=`, `decoder=`), where the model was fitted with such, and functions of one's
        own (`corruption=`, `code_noise=`), where it is to be fitted once more: code is never saved.

    Raises
    ------
    ModelError
        If anything in it is unknown, missing, of another shape, or from a newer version; nothing is ever unpickled.
    """
    return _load(folder, modules, known=None)


def _load(folder: str | Path, modules: dict[str, Any], known: type[Estimator] | None) -> Any:
    saved = read_model(folder)
    own = known is not None and known.__name__ == saved.class_name
    model_class: Any = known if own else find_model(saved.class_name)
    model = model_class(**params_from_json(saved.params, model_class, modules))
    fitted = dict(saved.fitted)
    try:
        model._take_fitted_config(fitted)
    except ModelError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(
            f"what config.json in {folder} says is incomplete or damaged ({error!r}); save the model again."
        ) from error
    if fitted:
        raise ModelError(
            f"config.json in {folder} has unknown keys ({', '.join(sorted(fitted))}); upgrade hiddenspace."
        )
    with seeded(model.seed_):  # fresh networks draw their weights, which nobody else shall notice
        model._build_networks()
    saved.give_weights_to(model.networks())
    return model


def is_matrix(X: Any) -> bool:
    """Whether scikit-learn's checks for 2-D input are the ones that apply: numbers with at most two axes."""
    if isinstance(X, list | tuple):
        return not _is_image_or_path(X[0] if X else None) and _axes(X) <= 2
    if isinstance(X, pd.DataFrame):
        return False
    return hasattr(X, "tocsr") or (hasattr(X, "__array__") and getattr(X, "ndim", 2) <= 2)


def _is_image_or_path(item: Any) -> bool:
    return isinstance(item, str | os.PathLike) or hasattr(item, "convert")


def _axes(X: Any) -> int:
    if isinstance(X, list | tuple):
        return 1 + (_axes(X[0]) if X else 0)
    return int(getattr(X, "ndim", 0))
