"""Saved models: config.json, model.safetensors and a model card. Settings are JSON, weights are tensors, no pickles."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from hiddenspace.errors import ModelError
from hiddenspace.model_card import model_card
from hiddenspace.params import params_as_json
from hiddenspace.training.checkpoint import flush_folder, write_durably

FORMAT = 1
KEYS: dict[str, type] = {
    "library": str,
    "format": int,
    "version": str,
    "class": str,
    "params": dict,
    "fitted": dict,
    "versions": dict,
    "sha256": str,
}
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
            If tensors are missing, left over, or of another shape or type.
        """
        wanted = {f"{name}.{key}": t for name, net in networks.items() for key, t in net.state_dict().items()}
        for key in sorted(wanted.keys() ^ self.tensors.keys()):
            fault = "lacks the tensor" if key in wanted else "holds the unknown tensor"
            raise ModelError(f"model.safetensors {fault} {key!r}; save the model again, or give its own networks.")
        for key, tensor in wanted.items():
            if (found := _kind(self.tensors[key])) != _kind(tensor):
                raise ModelError(
                    f"the tensor {key!r} is {found}, but the network takes {_kind(tensor)}; save it again."
                )
        for name, net in networks.items():
            prefix = name + "."
            net.load_state_dict({k.removeprefix(prefix): t for k, t in self.tensors.items() if k.startswith(prefix)})
            net.eval()


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} of shape {tuple(tensor.shape)}"


def write_model(folder: Path, model: Any, address: str) -> None:
    """Writes a fitted estimator; `address` is what its card tells people to load.

    All files are written to a draft folder and flushed to the disk, and only then moved into place, so that a full
    disk leaves an older model whole. A crash between two of the moves leaves a mixture, which is told by the checksum
    in config.json and never loaded.

    Raises
    ------
    ModelError
        If the operating system refuses to write.
    """
    tensors = {
        f"{name}.{key}": tensor.detach().cpu().clone().contiguous()
        for name, net in model.networks().items()
        for key, tensor in net.state_dict().items()
    }
    weights = save(tensors, metadata={"format": "pt"})
    config = _config(model, hashlib.sha256(weights).hexdigest())
    files = {
        "README.md": model_card(model, config, address).encode(),
        "model.safetensors": weights,
        "config.json": json.dumps(config, indent=1).encode(),
    }
    draft = folder / f".draft-{os.getpid()}"
    left = "what was there before is untouched"
    try:
        draft.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_durably(draft / name, content)
        for name in files:
            os.replace(draft / name, folder / name)
            left = "what was there before is partly replaced"
        flush_folder(folder)
    except OSError as error:
        raise ModelError(
            f"cannot write the model to {folder} ({error.strerror or error}); make room there or choose another "
            f"folder, {left}."
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _config(model: Any, sha256: str) -> dict[str, Any]:
    from hiddenspace import __version__

    others = {name: version(name) for name in ("torch", "numpy", "scikit-learn")}
    return {
        "library": "hiddenspace",
        "format": FORMAT,
        "version": __version__,
        "class": type(model).__name__,
        "params": params_as_json(model.get_params(deep=False)),
        "fitted": model._fitted_config(),
        "versions": {"hiddenspace": __version__, **others, "python": platform.python_version()},
        "sha256": sha256,
    }


def fingerprint_of(networks: Mapping[str, nn.Module], *settings: Any) -> str:
    """16 hexadecimal digits of a hash over the networks' tensors and over settings, which must be JSON."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for name, net in networks.items():
        for key, tensor in sorted(net.state_dict().items()):
            digest.update(f"{name}.{key} {_kind(tensor)}".encode())
            digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()[:16]


def read_model(source: str | Path) -> SavedModel:
    """Reads a model folder, or fetches one from the Hub.

    Raises
    ------
    ModelError
        If it is not a model of this library, is damaged or is from a newer version.
    """
    folder = _folder(source)
    try:
        config = json.loads((folder / "config.json").read_bytes())
        weights = (folder / "model.safetensors").read_bytes()
        tensors = load(weights)
    except (OSError, ValueError, RecursionError, SafetensorError) as error:
        raise ModelError(f"the model in {folder} cannot be read ({error}); save it again.") from error
    _check_config(config, folder)
    if hashlib.sha256(weights).hexdigest() != config["sha256"]:
        raise ModelError(f"model.safetensors in {folder} does not belong to its config.json; save the model again.")
    return SavedModel(config["class"], config["params"], config["fitted"], tensors)


def find_class(source: str | Path) -> str | None:
    """What a model folder or a run holds, by its config.json; None where it is no such folder here."""
    folder = Path(source).expanduser()
    for path in (folder / "model" / "config.json", folder / "config.json"):
        if path.exists():
            try:
                return str(json.loads(path.read_bytes())["class"])
            except (OSError, ValueError, LookupError, TypeError):
                return None
    return None


def _check_config(config: Any, folder: Path) -> None:
    if not isinstance(config, dict) or config.get("library") != "hiddenspace":
        raise ModelError(f"{folder} holds a model of another library; hiddenspace reads only what it saved itself.")
    if isinstance(config.get("format"), int) and config["format"] > FORMAT:
        raise ModelError(f"{folder} was saved by hiddenspace {config.get('version')}, newer than this one; upgrade it.")
    if odd := config.keys() ^ KEYS.keys():
        names = ", ".join(sorted(odd))
        raise ModelError(f"config.json in {folder} has unknown or missing keys ({names}); save the model again.")
    for key, kind in KEYS.items():
        if not isinstance(config[key], kind):
            raise ModelError(f"{key!r} in config.json of {folder} is no {kind.__name__}; save the model again.")


def _folder(source: str | Path) -> Path:
    folder = Path(source).expanduser()
    if (folder / "model" / "config.json").exists():
        folder = folder / "model"
    if not folder.exists():
        return _from_hub(str(source))
    if not folder.is_dir():
        raise ModelError(f"{folder} is a file; give the folder that save_pretrained wrote, pickles are never opened.")
    if (folder / "config.json").exists() and (folder / "model.safetensors").exists():
        return folder
    pickles = sorted(p.name for p in folder.iterdir() if p.suffix in PICKLES)
    what = f"only {pickles[0]}, a pickle, which is never opened" if pickles else "no config.json and model.safetensors"
    raise ModelError(f"{folder} holds {what}; give a folder that save_pretrained wrote.")


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download

    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise ModelError(f"there is no model folder {name}; check the path.")
    try:
        return Path(snapshot_download(name, allow_patterns=["config.json", "model.safetensors", "README.md"]))
    except Exception as error:  # the Hub's client raises errors of its own, of several HTTP libraries and of sockets
        raise ModelError(
            f"there is no folder {name}, and the Hugging Face Hub did not give it ({type(error).__name__}); "
            "check the name and the network."
        ) from error
