"""How a training is run: devices, arithmetic, optimizer, checkpoints, watchers. What is learned is the game's affair."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import nn
from torch.optim import Optimizer

from hiddenspace.errors import UsageError
from hiddenspace.training.events import Observer
from hiddenspace.training.precision import Precision, resolve

if TYPE_CHECKING:
    from lightning_fabric import Fabric

OptimizerFactory = Callable[[Iterable[nn.Parameter]], Optimizer]
Schedule = Callable[[float], float]


def default_optimizer(parameters: Iterable[nn.Parameter]) -> Optimizer:
    """AdamW at 1e-3, fused into one kernel per step."""
    return torch.optim.AdamW(parameters, lr=1e-3, weight_decay=1e-4, fused=True)


@dataclass(frozen=True)
class Trainer:
    """How to train.

    Parameters
    ----------
    devices : int, list of int or 'auto'
        How many devices (or which). 'auto' is one, or what `torchrun` has started.
    accelerator : str
        'auto', 'cpu', 'cuda', 'mps'.
    strategy : str
        How ranks are started where `devices` is more than one: any of Lightning Fabric's data-parallel strategies.
        Gradients are averaged by the loop, so no network is wrapped.
    nodes : int
        How many machines take part.
    precision : 'auto', '32' or 'bf16'
        'auto' is bfloat16 mixed precision where the hardware multiplies it fast, float32 elsewhere. Training only.
    compile : bool or 'auto'
        Whether `torch.compile` compiles the networks. 'auto' does so on CUDA once the time left, measured over the
        first rounds, is long enough to pay for it; never on the CPU, where the decision would hang on a clock and a
        resumed run could then differ from an uninterrupted one.
    optimizer : callable, optional
        Parameters -> optimizer, for each player that brings none.
    schedule : callable, optional
        Progress in [0, 1] -> factor on the learning rate.
    clip : float, optional
        Largest norm of a player's gradient.
    ema : float, optional
        Decay of an exponential moving average of the weights, which is then what is validated and kept.
    folder : path, optional
        Where checkpoints go (`folder/checkpoints`); without it none are written.
    checkpoint_seconds : float
        At least this long between two checkpoints, which are written at the end of a round.
    resume : bool
        Go on from the newest checkpoint in `folder`, if there is one.
    loggers : sequence
        Lightning Fabric loggers; each gets the means of every epoch.
    observers : sequence of Observer
        Watch every round and may end the training.
    progress : bool, optional
        Show a progress bar; by default where standard error is a terminal.
    """

    devices: int | list[int] | Literal["auto"] = "auto"
    accelerator: str = "auto"
    strategy: str = "auto"
    nodes: int = 1
    precision: Precision = "auto"
    compile: bool | Literal["auto"] = "auto"
    optimizer: OptimizerFactory | None = None
    schedule: Schedule | None = None
    clip: float | None = None
    ema: float | None = None
    folder: str | Path | None = None
    checkpoint_seconds: float = 30.0
    resume: bool = False
    loggers: Sequence[Any] = field(default_factory=tuple)
    observers: Sequence[Observer] = field(default_factory=tuple)
    progress: bool | None = None

    def __post_init__(self) -> None:
        if self.compile not in (True, False, "auto"):
            raise UsageError(f"compile={self.compile!r} is unknown; use True, False or 'auto'.")
        if self.ema is not None and not 0 <= self.ema < 1:
            raise UsageError(f"ema={self.ema} is no decay; use a number from 0 up to but not 1, or None.")
        resolve(self.precision, torch.device("cpu"))

    def launch(self) -> Fabric:
        """Lightning Fabric with its ranks started, in the arithmetic asked for."""
        from lightning_fabric import Fabric

        launched = "TORCHELASTIC_RUN_ID" in os.environ or "LOCAL_RANK" in os.environ
        devices = ("auto" if launched else 1) if self.devices == "auto" else self.devices
        if launched and self.devices == "auto" and not torch.cuda.is_available():
            devices = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        fabric = Fabric(
            accelerator=self.accelerator,
            devices=devices,
            strategy="ddp" if launched and self.strategy == "auto" else self.strategy,
            num_nodes=self.nodes,
            loggers=list(self.loggers),
        )
        fabric.launch()
        return fabric
