"""Checkpoints: tensors in safetensors and JSON beside them, written so that a crash leaves the older one whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

    def under(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose names start with `prefix` and a slash, without it."""
        return {name.removeprefix(prefix + "/"): t for name, t in self.tensors.items() if name.startswith(prefix + "/")}


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> Path:
    """Writes `folder/round-N`, whole or not at all, and removes all but the last two.

    Both files go to a temporary folder first and are flushed to the disk; one rename makes them visible. When that
    fails (a full disk, say), what was there before stays as it was.

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
        content = save({name: t.detach().cpu().contiguous() for name, t in checkpoint.tensors.items()})
        head = {"format": FORMAT, "round": checkpoint.round, "sha256": hashlib.sha256(content).hexdigest()}
        write_durably(draft / "state.safetensors", content)
        write_durably(draft / "state.json", json.dumps({**head, "values": checkpoint.values}).encode())
        if target.exists():
            shutil.rmtree(target)
        os.replace(draft, target)
        flush_folder(folder)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise TrainingError(
            f"cannot write a checkpoint to {folder} ({error.strerror or error}); the one before it is untouched, "
            "so mend that and go on with resume."
        ) from error
    for old in sorted(folder.glob("round-*"))[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return target


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest whole checkpoint in `folder`, or None if it has none at all.

    A damaged one is passed over with a warning.

    Raises
    ------
    TrainingError
        If there are checkpoints but every one is damaged.
    """
    found = sorted(folder.glob("round-*"), reverse=True)
    for path in found:
        try:
            return _read(path)
        except (OSError, ValueError, KeyError) as error:
            warnings.warn(f"the checkpoint {path} is damaged ({error}) and passed over.", stacklevel=2)
    if found:
        raise TrainingError(f"every checkpoint in {folder} is damaged; start again without resume.")
    return None


def _read(path: Path) -> Checkpoint:
    head = json.loads((path / "state.json").read_text())
    if head["format"] > FORMAT:
        raise TrainingError(f"{path} was written by a newer hiddenspace; upgrade it to resume.")
    content = (path / "state.safetensors").read_bytes()
    if hashlib.sha256(content).hexdigest() != head["sha256"]:
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


def flattened(state: dict[str, Any], prefix: str) -> Iterator[tuple[str, Tensor]]:
    """Names for the tensors in nested dicts."""
    for key, value in state.items():
        if isinstance(value, Tensor):
            yield f"{prefix}/{key}", value
        elif isinstance(value, dict):
            yield from flattened(value, f"{prefix}/{key}")
