"""State dicts that a person has: from a file or a mapping into the module they belong to."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from hiddenspace.errors import ModelError, UsageError

ENDINGS = (".safetensors", ".pt", ".pth", ".bin")
WRAPPED = ("state_dict", "model_state_dict", "model")
"""Where training scripts put the state dict among other things."""
AROUND = ("module.", "_orig_mod.", "model.", "backbone.", "encoder.", "network.", "net.")
"""What names begin with where the module was a part of another one: DataParallel, torch.compile, whole models."""
NAMED = 5
"""So many keys are named in a message."""


def is_weights_file(init: Any) -> bool:
    """Whether a path is that of a file with a state dict, and no folder of a model."""
    return Path(init).suffix.lower() in ENDINGS and not Path(init).is_dir()


def with_weights(module: nn.Module, init: Any) -> nn.Module:
    """A copy of the module with the weights of a state dict, every one of them.

    Where the module was a part of another one, names begin with that part's (`module.`, `backbone.` and others, see
    `AROUND`); what fits most of the module's own names is taken off. Tensors of the whole net that the encoder is a
    part of may be left over, where their names begin with a part that the encoder does not have or that holds nothing
    there: those of its head. A warning says what was loaded and names what was not.

    Parameters
    ----------
    module : Module
        What the weights belong to.
    init : mapping or path
        Names -> tensors, or a file of them: .safetensors, or one that `torch.save` wrote, which is read with
        `weights_only=True`, so that nothing in it is run.

    Raises
    ------
    ModelError
        If the file cannot be read, or tensors are missing, unknown or of another shape.
    """
    given = _unwrapped(init if isinstance(init, Mapping) else _read(Path(init)))
    module = copy.deepcopy(module).cpu()
    wanted = module.state_dict()
    around = _around(given, wanted)
    state = {name.removeprefix(around): tensor for name, tensor in given.items() if name.startswith(around)}
    left = sorted(state.keys() - wanted.keys())
    parts = {name.partition(".")[0] for name in wanted}
    unknown = [name for name in left if name.partition(".")[0] in parts]
    missing = sorted(wanted.keys() - state.keys())
    shapes = [n for n in wanted.keys() & state.keys() if wanted[n].shape != state[n].shape]
    for fault, names in (("lacks", missing), ("has the unknown", unknown), ("has with another shape", sorted(shapes))):
        if names:
            raise ModelError(
                f"the state dict {fault} {_some(names)}; give as encoder= the very module that it was saved from."
            )
    if left := sorted(given.keys() - {around + name for name in wanted}):
        under = f" whose names begin with {around!r}" if around else ""
        warnings.warn(
            f"loaded the {len(wanted)} tensors of the encoder{under}; left out as a head of the saved net: "
            f"{_some(left)}.",
            UserWarning,
            stacklevel=2,
        )
    module.load_state_dict({name: state[name] for name in wanted})
    return module


def _read(path: Path) -> Any:
    path = path.expanduser()
    try:
        if path.suffix.lower() == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, SafetensorError, RuntimeError, ValueError, EOFError) as error:
        raise ModelError(f"{path} cannot be read ({_first_line(error)}); give a state dict of tensors.") from error
    except Exception as error:  # UnpicklingError, and whatever a broken pickle leads to
        raise ModelError(
            f"{path} holds more than tensors, or is damaged, and is not opened ({type(error).__name__}); save it anew "
            "as torch.save(module.state_dict(), path) or with safetensors."
        ) from error


def _unwrapped(state: Any) -> dict[str, Tensor]:
    """The state dict itself, without what training scripts put around it."""
    for name in WRAPPED:
        if isinstance(state, Mapping) and isinstance(state.get(name), Mapping):
            state = state[name]
    if not isinstance(state, Mapping) or not state or not all(isinstance(t, Tensor) for t in state.values()):
        raise UsageError("init holds no state dict; give names and tensors, as module.state_dict() does.")
    return dict(state)


def _around(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> str:
    """What is to be taken off names, so that most of the wanted ones are there; nothing where that is as good."""
    starts = {""}
    for name in state:
        start = ""
        while (word := next((a for a in AROUND if name.startswith(start + a)), None)) is not None:
            start += word
            starts.add(start)
    return max(sorted(starts, key=len), key=lambda start: sum(start + name in state for name in wanted))


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(map(repr, names[:NAMED])) + more


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
