"""State dicts from files, of which nothing is run."""

from __future__ import annotations

import hashlib
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from hiddenspace.errors import ModelError

_MEND = "give a state dict as torch.save(net.state_dict(), path) or safetensors write it"


def digest_of(path: Path) -> str:
    """The sha256 of its content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_state(path: Path) -> dict[str, Tensor]:
    """Names -> tensors on the CPU, from safetensors or what `torch.save` wrote, read with `weights_only=True`.

    Raises
    ------
    ModelError
        If the file is no state dict, is damaged or holds code; one sentence says which.
    """
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror or error}); give the path of a file.") from error
    if not start:
        raise ModelError(f"{path} is empty; fetch it anew.")
    if start.lstrip().startswith(b"<"):
        raise ModelError(
            f"{path} is a web page, not weights (a download that was answered with an error or a login); fetch the "
            "file anew."
        )
    state = _opened(path, is_safetensors=start[8:9] == b"{")
    if not isinstance(state, Mapping) or not state or not all(isinstance(t, Tensor) for t in state.values()):
        raise ModelError(f"{path} holds no state dict, names and tensors; {_MEND}.")
    return {str(name): tensor for name, tensor in state.items()}


def _opened(path: Path, *, is_safetensors: bool) -> Any:
    try:
        if is_safetensors:
            return load_file(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of TorchScript archives, which are then refused
            # mapped, so that the classifiers, most of these files, are not even read
            mapped = zipfile.is_zipfile(path)
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped or None)
    except (OSError, SafetensorError, RuntimeError, EOFError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
        raise ModelError(f"{path} is damaged, cut short or no file of weights ({reason}); fetch it anew.") from error
    except Exception as error:  # UnpicklingError, and whatever a broken pickle leads to
        raise ModelError(
            f"{path} holds more than tensors, or is damaged, and is not opened ({type(error).__name__}); {_MEND}."
        ) from error
