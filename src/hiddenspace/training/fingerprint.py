"""What decides how a training ends, as JSON: a resumed one must have all of it as before."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

import numpy as np
from torch import nn

from hiddenspace.errors import TrainingError, UsageError
from hiddenspace.training import ranks
from hiddenspace.training.game import Batches, Game
from hiddenspace.training.trainer import Trainer
from hiddenspace.training.turn import Turn

Settings = dict[str, Any]

EVERY_MODULE = frozenset(vars(nn.Module()))
"""Attributes of a game that are torch's own."""
HOW_COMPUTED = frozenset({"fused", "foreach", "capturable", "differentiable"})
"""Settings of optimizers that change how a step is computed, and not what comes of it."""


def settings_of(
    game: Game, turns: Mapping[str, Turn], batches: Batches, validation: Batches | None, rounds: int, trainer: Trainer
) -> Settings:
    """Figures by name. Devices and precision are not among them: a run may move to another machine."""
    shapes = [(name, list(t.shape)) for name, t in game.state_dict().items() if hasattr(t, "shape")]
    settings: Settings = {
        "rounds": rounds,
        **{f"data: {name}": value for name, value in _figures(batches).items()},
        **{f"held-out data: {name}": value for name, value in _figures(validation).items()},
        "game": attributes_of(game),
        "networks": _digest([_without_addresses(repr(game)), shapes]),
        "players": {n: [t.player.steps, t.player.start, t.player.fresh_batch] for n, t in turns.items()},
        "optimizers": {name: [type(t.optimizer).__name__, t.rates, _hyperparameters(t)] for name, t in turns.items()},
        "schedule": _plain(trainer.schedule),
        "clip": trainer.clip,
        "ema": trainer.ema,
    }
    made: Settings = json.loads(json.dumps(settings, default=_plain))
    return made


def attributes_of(game: Game) -> Settings:
    """A game's plain attributes by name, as JSON: its hyperparameters, but no networks, parameters and buffers."""
    own = {name: value for name, value in vars(game).items() if name not in EVERY_MODULE and name != "progress"}
    made: Settings = json.loads(json.dumps(_plain(own)))
    return made


def differences(before: Settings, now: Settings) -> str:
    """The names of what differs, with both values where they are short; empty where nothing does."""
    named = []
    for name in [*before, *(name for name in now if name not in before)]:
        old, new = json.dumps(before.get(name)), json.dumps(now.get(name))
        if old != new:
            named.append(f"{name} {old}, now {new}" if len(old) + len(new) < 40 else name)
    return "; ".join(named)


def check_resumable(before: Settings, now: Settings) -> None:
    """Refuses to go on with what is another training.

    Raises
    ------
    TrainingError
        If any setting differs; the message names it.
    """
    changed = differences(before, now)
    if changed:
        raise TrainingError(
            f"the checkpoint is of a training with other settings ({changed}); give the same data, settings and "
            "random_state as before, or start without resume."
        )


def check_attributes(settings: Settings, game: Game) -> None:
    """Refuses to save a game that keeps in plain attributes what changes during play: it would be lost.

    Raises
    ------
    TrainingError
        If any differs from what it was at the start; the message names it.
    """
    changed = differences(settings["game"], attributes_of(game))
    if changed:
        raise TrainingError(
            f"attributes of the game changed during play ({changed}), which no checkpoint keeps; make them buffers, "
            "with register_buffer."
        )


def check_ranks_agree(settings: Settings) -> None:
    """Refuses ranks that would train on different data or in another order.

    Raises
    ------
    UsageError
        On every rank, if any setting differs from that of rank 0.
    """
    everyone = ranks.gathered(settings)
    changed = next((d for d in (differences(everyone[0], other) for other in everyone) if d), None)
    if changed:
        raise UsageError(f"the ranks disagree ({changed}); give the same data and random_state to all.")


def _figures(batches: Batches | None) -> dict[str, Any]:
    if batches is None:
        return {}
    own = getattr(batches, "fingerprint", None)
    return {"batches": len(batches), **(own() if own is not None else {})}


def _plain(value: Any) -> Any:
    """Numbers (NumPy's too), texts and dataclasses of them as they are; of anything else what it is."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return _without_addresses(repr(value))
    return str(getattr(value, "__qualname__", type(value).__qualname__))


def _hyperparameters(turn: Turn) -> list[dict[str, Any]]:
    """Those of each group of parameters, but for the learning rate, which a schedule moves."""
    left_out = HOW_COMPUTED | {"params", "lr"}
    groups = turn.optimizer.param_groups
    return [{name: _plain(value) for name, value in group.items() if name not in left_out} for group in groups]


def _without_addresses(text: str) -> str:
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]
