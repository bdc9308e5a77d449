"""Checkpoints: tensors in safetensors and JSON beside them, written so that a crash leaves the older one whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from hiddenspace.errors import TrainingError

FORMAT = 1
KEPT = 2
"""How many checkpoints stay: the last one, and the one before it should the last be damaged."""


@dataclass(frozen=True)
class Checkpoint:
    """A training as it stood after a round: `values` are JSON, `tensors` are by slash-separated name."""

    round: int
    values: dict[str, Any]
    tensors: dict[str, Tensor]


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Writes `folder/round-N`, whole or not at all, and removes what is no longer needed.

    Both files go to a temporary folder first and are flushed to the disk; one rename makes them visible. When that
    fails (a full disk, say), what was there before stays as it was. Afterwards the newest `KEPT` remain; those of
    later rounds were damaged, or this one would not have been reached, and go.

    Raises
    ------
    TrainingError
        If the operating system refuses to write.
    """
    target = folder / f"round-{checkpoint.round:09d}"
    draft = folder / f".draft-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(".draft-*"):
            shutil.rmtree(old, ignore_errors=True)
        draft.mkdir()
        _write_files(draft, checkpoint)
        if target.exists():
            _remove(target)
        os.replace(draft, target)
        flush_folder(folder)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise TrainingError(
            f"cannot write a checkpoint to {folder} ({error.strerror or error}); mend that and go on with resume, the "
            "checkpoint before it is untouched."
        ) from error
    _remove_all_but(folder, target)


def remove_checkpoints(folder: Path) -> None:
    """Removes all of them, the newest last: a kill on the way leaves the training that was there, or nothing of it.

    Raises
    ------
    TrainingError
        If the operating system refuses.
    """
    try:
        for path in sorted(folder.glob("round-*")):
            _remove(path)
    except OSError as error:
        raise TrainingError(
            f"cannot remove the checkpoints in {folder} ({error.strerror or error}); mend that, or take another folder."
        ) from error


def _write_files(draft: Path, checkpoint: Checkpoint) -> None:
    content = save(_on_host(checkpoint.tensors))
    head = {"format": FORMAT, "round": checkpoint.round, "sha256": _checksum(content, checkpoint.values)}
    write_durably(draft / "state.safetensors", content)
    write_durably(draft / "state.json", json.dumps({**head, "values": checkpoint.values}).encode())
    flush_folder(draft)


def _checksum(content: bytes, values: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(values).encode())
    digest.update(content)
    return digest.hexdigest()


def _on_host(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Contiguous copies: safetensors refuses tensors that share memory, as tied weights do."""
    return {name: torch.empty(t.shape, dtype=t.dtype).copy_(t.detach()) for name, t in tensors.items()}


def _remove_all_but(folder: Path, newest: Path) -> None:
    every = sorted(folder.glob("round-*"))
    kept = [path for path in every if path.name <= newest.name][-KEPT:]
    for path in every:
        if path not in kept:
            with suppress(OSError):  # it is in nobody's way
                _remove(path)


def _remove(path: Path) -> None:
    """One rename takes it out of sight: half removed it would pass for a damaged one."""
    hidden = path.with_name(f".draft-{path.name}")
    os.replace(path, hidden)
    shutil.rmtree(hidden, ignore_errors=True)


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest whole checkpoint in `folder`, or None if it has none at all.

    A damaged one is passed over with a warning.

    Raises
    ------
    TrainingError
        If there are checkpoints but every one is damaged, or the newest whole one is of a newer version.
    """
    found = sorted(folder.glob("round-*"), reverse=True)
    for path in found:
        try:
            return _read(path)
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            warnings.warn(f"the checkpoint {path} is damaged ({error}) and passed over.", stacklevel=2)
    if found:
        raise TrainingError(f"every checkpoint in {folder} is damaged; start again without resume.")
    return None


def read_settings(folder: Path) -> dict[str, Any] | None:
    """What the newest checkpoint says of its training, without the tensors; None where there is none to be read."""
    for path in sorted(folder.glob("round-*"), reverse=True):
        with suppress(OSError, ValueError, KeyError, TypeError):  # `read_checkpoint` tells of damage
            settings: dict[str, Any] = json.loads((path / "state.json").read_text())["values"]["settings"]
            return settings
    return None


def _read(path: Path) -> Checkpoint:
    head = json.loads((path / "state.json").read_text())
    if head["format"] > FORMAT:
        raise TrainingError(f"{path} was written by a newer hiddenspace; upgrade it to resume.")
    content = (path / "state.safetensors").read_bytes()
    if _checksum(content, head["values"]) != head["sha256"]:
        raise ValueError("its checksum does not match")
    return Checkpoint(head["round"], head["values"], load(content))


def write_durably(path: Path, content: bytes) -> None:
    """Writes a file and waits until the disk has it."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Makes a rename in `folder` durable, where the platform can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
