"""What every estimator shares: scikit-learn's contract, reading data, saving and loading."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import Format, fit_format, format_from_config
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError, ModelError
from hiddenspace.names import find_model
from hiddenspace.saving import read_model, saved_params, write_model


class Estimator(BaseEstimator):  # type: ignore[misc]
    """Abstract. Hyperparameters are stored by `__init__` and nothing else is; what is learned ends in an underscore.

    Subclasses name their networks in `network_names` (attributes `<name>_`) and build them in `_build_networks`.
    """

    network_names: ClassVar[tuple[str, ...]] = ()

    format_: Format
    n_features_in_: int
    seed_: int
    history_: list[dict[str, float]]
    data_: dict[str, Any]

    def _build_networks(self) -> None:
        """Makes the networks from hyperparameters and `format_`."""
        raise NotImplementedError

    # data -------------------------------------------------------------------------------------------------------

    def _read(self, X: Any, *, fitting: bool = False) -> Dataset:
        """Any source as a dataset, checked against what the model was fitted on."""
        if not fitting:
            check_is_fitted(self)
        if isinstance(X, Dataset):
            dataset = X
        elif isinstance(X, str | Path):
            dataset = load_dataset(X, **({} if fitting else self._size()))
        elif isinstance(X, pd.DataFrame):
            validate_data(self, X, reset=fitting, skip_check_array=True)
            as_table = fitting or self.format_.kind == "table"
            dataset = load_dataset(X if as_table else X.to_numpy())
        elif _is_matrix(X):
            dataset = self._read_matrix(X, fitting)
        else:
            dataset = load_dataset(X)
        if fitting and len(dataset) < 2:
            raise DataError(
                f"{type(self).__name__} learns from at least 2 items, but {dataset.name} has "
                f"n_samples = {len(dataset)}; give it more."
            )
        if fitting and not hasattr(self, "n_features_in_"):
            self.n_features_in_ = int(np.prod(dataset.items.shape[1:]))
        return dataset

    def _read_matrix(self, X: Any, fitting: bool) -> Dataset:
        """A 2-D array or nested list, by scikit-learn's own checks and with its messages."""
        if isinstance(X, torch.Tensor):
            X = X.detach().cpu().numpy()
        checked = validate_data(self, X, reset=fitting, dtype="numeric", ensure_all_finite=True)
        if isinstance(X, np.memmap):
            checked = X  # the check gives back a plain array, and what is on the disk shall stay there
        if not fitting and self.format_.kind == "table":
            return load_dataset(pd.DataFrame(checked, columns=getattr(self, "feature_names_in_", None)))
        return load_dataset(checked)

    def _size(self) -> dict[str, Any]:
        return {"size": self.format_.shape[1:]} if self.format_.kind == "images" else {}

    def _begin(self, X: Any, scaling: Any = "auto") -> Dataset:
        """What every fit starts with: the data, their format, and a seed."""
        for known in ("n_features_in_", "feature_names_in_"):
            if hasattr(self, known):
                delattr(self, known)
        dataset = self._read(X, fitting=True)
        self.format_ = fit_format(dataset, scaling)
        self.seed_ = int(check_random_state(self.random_state).randint(2**31 - 1))
        self.data_ = {
            "name": dataset.name,
            "kind": dataset.kind,
            "items": len(dataset),
            "shape": [int(size) for size in dataset.items.shape[1:]],
        }
        return dataset

    # scikit-learn -----------------------------------------------------------------------------------------------

    def __sklearn_is_fitted__(self) -> bool:
        return all(hasattr(self, f"{name}_") for name in self.network_names) and hasattr(self, "format_")

    # saving -----------------------------------------------------------------------------------------------------

    def networks(self) -> dict[str, nn.Module]:
        """The fitted networks by name."""
        check_is_fitted(self)
        return {name: getattr(self, f"{name}_") for name in self.network_names}

    def save_pretrained(self, folder: str | Path) -> None:
        """Writes a folder as the Hugging Face Hub has them: config.json, model.safetensors, README.md.

        Raises
        ------
        ModelError
            If the folder cannot be written.
        """
        check_is_fitted(self)
        write_model(Path(folder), self)

    @classmethod
    def from_pretrained(cls, folder: str | Path, **modules: nn.Module) -> Self:
        """Reads what `save_pretrained` wrote, from a folder or the Hub; see `hiddenspace.load`."""
        model = load(folder, **modules)
        if not isinstance(model, cls):
            raise ModelError(f"{folder} holds a {type(model).__name__}, not a {cls.__name__}; use hiddenspace.load.")
        return model

    def push_to_hub(self, repo_id: str, *, private: bool = False, token: str | None = None) -> str:
        """Uploads the saved model to the Hugging Face Hub, making the repository where needed; returns its address."""
        import tempfile

        from huggingface_hub import HfApi

        api = HfApi(token=token)
        api.create_repo(repo_id, private=private, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            self.save_pretrained(folder)
            return str(
                api.upload_folder(repo_id=repo_id, folder_path=folder, commit_message="Upload a hiddenspace model")
            )

    def _fitted_config(self) -> dict[str, Any]:
        """What is learned and not a tensor."""
        names = getattr(self, "feature_names_in_", None)
        return {
            "format": self.format_.config(),
            "seed": self.seed_,
            "data": self.data_,
            "n_features_in": self.n_features_in_,
            "feature_names_in": None if names is None else [str(name) for name in names],
            "history": self.history_,
        }

    def _take_fitted_config(self, config: Mapping[str, Any]) -> None:
        self.format_ = format_from_config(config["format"])
        self.seed_, self.data_, self.history_ = config["seed"], dict(config["data"]), list(config["history"])
        self.n_features_in_ = config["n_features_in"]
        if config["feature_names_in"] is not None:
            self.feature_names_in_ = np.array(config["feature_names_in"], dtype=object)


def load(folder: str | Path, **modules: nn.Module) -> Any:
    """A saved model, from a folder or a name on the Hugging Face Hub.

    Parameters
    ----------
    folder : path or str
        What `save_pretrained` wrote, a run folder, or a repository such as 'somebody/model'.
    **modules
        Networks of one's own (`encoder=`, `decoder=`), where the model was fitted with such: code is never saved.

    Raises
    ------
    ModelError
        If anything in it is unknown, missing, of another shape, or from a newer version; nothing is ever unpickled.
    """
    saved = read_model(folder)
    model_class = find_model(saved.class_name)
    model = model_class(**saved_params(saved.params, model_class, modules))
    model._take_fitted_config(saved.fitted)
    model._build_networks()
    saved.give_weights_to(model.networks())
    return model


def _is_matrix(X: Any) -> bool:
    """Whether scikit-learn's checks for 2-D input are the ones that apply."""
    if isinstance(X, torch.Tensor | np.ndarray):
        return X.ndim <= 2
    if isinstance(X, list | tuple):
        return not (len(X) and getattr(X[0], "ndim", 1) >= 2) and not hasattr(X[0] if len(X) else None, "convert")
    return hasattr(X, "__array__") or hasattr(X, "tocsr")
