"""Saved models: config.json, model.safetensors and a model card. Settings are JSON, weights are tensors, no pickles."""

from __future__ import annotations

import inspect
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from hiddenspace.errors import ModelError
from hiddenspace.names import SAVED_VALUES, find
from hiddenspace.training.checkpoint import write_durably

FORMAT = 1
KEYS = {"library", "format", "version", "class", "params", "fitted", "versions"}
NOT_SAVED = ("trainer", "verbose")
"""How a model was run is no part of the model."""
PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".bin", ".joblib", ".ckpt")


@dataclass(frozen=True)
class SavedModel:
    """What a model folder says, checked."""

    class_name: str
    params: dict[str, Any]
    fitted: dict[str, Any]
    tensors: dict[str, Tensor]

    def give_weights_to(self, networks: Mapping[str, nn.Module]) -> None:
        """Loads the tensors, every one and nothing else.

        Raises
        ------
        ModelError
            If tensors are missing, left over or of another shape.
        """
        wanted = {f"{name}.{key}": t for name, net in networks.items() for key, t in net.state_dict().items()}
        for key in wanted.keys() ^ self.tensors.keys():
            fault = "lacks the tensor" if key in wanted else "holds the unknown tensor"
            raise ModelError(f"model.safetensors {fault} {key!r}; it does not belong to this config.json.")
        for key, tensor in wanted.items():
            if self.tensors[key].shape != tensor.shape:
                shapes = f"{tuple(self.tensors[key].shape)}, not {tuple(tensor.shape)}"
                raise ModelError(
                    f"the tensor {key!r} has the shape {shapes}; the weights do not belong to this config.json."
                )
        for name, net in networks.items():
            prefix = name + "."
            net.load_state_dict({k.removeprefix(prefix): t for k, t in self.tensors.items() if k.startswith(prefix)})
            net.eval()


def write_model(folder: Path, model: Any) -> None:
    """Writes a fitted estimator.

    Raises
    ------
    ModelError
        If the operating system refuses to write.
    """
    from hiddenspace.model_card import model_card

    tensors = {
        f"{name}.{key}": tensor.detach().cpu().clone().contiguous()
        for name, net in model.networks().items()
        for key, tensor in net.state_dict().items()
    }
    params = {name: as_json(value) for name, value in model.get_params(deep=False).items() if name not in NOT_SAVED}
    versions = {name: version(name) for name in ("hiddenspace", "torch", "numpy", "scikit-learn")}
    config = {
        "library": "hiddenspace",
        "format": FORMAT,
        "version": versions["hiddenspace"],
        "class": type(model).__name__,
        "params": params,
        "fitted": model._fitted_config(),
        "versions": {**versions, "python": platform.python_version()},
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_durably(folder / "model.safetensors", save(tensors, metadata={"format": "pt"}))
        write_durably(folder / "config.json", json.dumps(config, indent=1).encode())
        write_durably(folder / "README.md", model_card(model, config).encode())
    except OSError as error:
        raise ModelError(
            f"cannot write the model to {folder} ({error.strerror or error}); choose a folder that can be written."
        ) from error


def read_model(source: str | Path) -> SavedModel:
    """Reads a model folder, or fetches one from the Hub.

    Raises
    ------
    ModelError
        If it is not a model of this library, is damaged or is from a newer version.
    """
    folder = _folder(source)
    try:
        config = json.loads((folder / "config.json").read_text())
        tensors = load((folder / "model.safetensors").read_bytes())
    except (json.JSONDecodeError, UnicodeDecodeError, SafetensorError) as error:
        raise ModelError(f"the model in {folder} is damaged ({error}); save it again.") from error
    if not isinstance(config, dict) or config.get("library") != "hiddenspace":
        raise ModelError(f"{folder} holds a model of another library; hiddenspace reads only what it saved itself.")
    if config.get("format", 0) > FORMAT:
        raise ModelError(f"{folder} was saved by hiddenspace {config.get('version')}, newer than this one; upgrade it.")
    if config.keys() != KEYS:
        odd = ", ".join(sorted(config.keys() ^ KEYS))
        raise ModelError(f"config.json in {folder} has unknown or missing keys ({odd}); save the model again.")
    return SavedModel(config["class"], config["params"], config["fitted"], tensors)


def _folder(source: str | Path) -> Path:
    folder = Path(source)
    if (folder / "model" / "config.json").exists():
        folder = folder / "model"
    if folder.is_dir():
        if not (folder / "config.json").exists() or not (folder / "model.safetensors").exists():
            pickles = sorted(p.name for p in folder.iterdir() if p.suffix in PICKLES)
            why = (
                f"only {pickles[0]}, a pickle, which is never opened"
                if pickles
                else "no config.json and model.safetensors"
            )
            raise ModelError(f"{folder} holds {why}; give a folder that save_pretrained wrote.")
        return folder
    if folder.exists():
        raise ModelError(f"{folder} is a file; give the folder that save_pretrained wrote, pickles are never opened.")
    return _from_hub(str(source))


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download

    if name.count("/") != 1 or name.startswith((".", "/")):
        raise ModelError(f"there is no model folder {name}; check the path.")
    try:
        wanted = ["config.json", "model.safetensors", "README.md"]
        return Path(snapshot_download(name, allow_patterns=wanted))
    except Exception as error:
        raise ModelError(f"there is no folder {name}, and the Hub did not give it ({type(error).__name__}).") from error


def as_json(value: Any) -> Any:
    """A hyperparameter as JSON: plain values, objects of ours by name, and a mark for anything that is code."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return value.item()
    if type(value).__name__ in SAVED_VALUES and is_dataclass(value):
        return {"name": type(value).__name__, **asdict(value)}  # type: ignore[arg-type]
    return {"code": getattr(value, "__qualname__", type(value).__qualname__)}


def saved_params(params: Mapping[str, Any], model_class: Any, modules: Mapping[str, nn.Module]) -> dict[str, Any]:
    """Hyperparameters from JSON.

    Raises
    ------
    ModelError
        If one is unknown to the class, or was code and is not given anew.
    """
    known = inspect.signature(model_class).parameters
    values: dict[str, Any] = {}
    for name, value in params.items():
        if name not in known:
            raise ModelError(f"the saved model sets {name!r}, unknown to this version; upgrade hiddenspace.")
        values[name] = modules.get(name, _from_json(name, value, needed=name in ("encoder", "decoder")))
    for name in modules:
        if name not in known:
            raise ModelError(f"{model_class.__name__} takes no {name!r}; give encoder and decoder only.")
    return values


def _from_json(name: str, value: Any, needed: bool) -> Any:
    if not isinstance(value, dict):
        return value
    if "code" in value:
        if needed:
            return _Missing(name, value["code"])
        return None
    if value.get("name") not in SAVED_VALUES:
        raise ModelError(f"the saved model sets {name} to an unknown {value.get('name')!r}; upgrade hiddenspace.")
    try:
        return find(value["name"])(**{key: item for key, item in value.items() if key != "name"})
    except TypeError as error:
        raise ModelError(f"the saved model sets {name} to a {value['name']} it cannot be made of ({error}).") from error


@dataclass(frozen=True)
class _Missing:
    """Stands for a network that was code of somebody's own and has not been given to `load`."""

    argument: str
    code: str
