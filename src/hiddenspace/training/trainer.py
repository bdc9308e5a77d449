"""How a training is run: devices, arithmetic, optimizer, checkpoints. What is learned is the game's affair."""

from __future__ import annotations

import logging
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
from hiddenspace.training.quiet import quiet_logger

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
    strategy : 'auto' or 'ddp'
        How ranks are started where `devices` is more than one: Lightning Fabric runs the same script once more for
        each, unless `torchrun` or a scheduler has started them. Gradients are averaged by the loop, so no network is
        wrapped. Choose a batch size that the ranks share evenly; otherwise some items count a little more.
    nodes : int
        How many machines take part.
    precision : 'auto', '32' or 'bf16'
        'auto' is bfloat16 mixed precision where the hardware multiplies it fast, float32 elsewhere. Training only.
    compile : bool or 'auto'
        Whether `torch.compile` compiles the networks. 'auto' does so on CUDA once the time left, measured over the
        first rounds, is long enough to pay for it; never on the CPU, where the decision would hang on a clock and a
        resumed run could then differ from an uninterrupted one.
    channels_last : bool
        Put the kernels of convolutions into the order in memory that hardware prefers, and maps come out in it too: two
        convolutions at 28 x 28 pixels took a sixth less time on a CPU. Networks must then `reshape` maps, not `view`
        them. The default networks see to it themselves.
    optimizer : callable, optional
        Parameters -> optimizer, for each player that brings none.
    schedule : callable, optional
        Progress in [0, 1] -> factor on the learning rate.
    clip : float, optional
        Largest norm of a player's gradient; the estimators' own optimizer uses 1 unless told otherwise.
    ema : float, optional
        Decay (a round) of an exponential moving average of the weights, which is then what is validated and kept.
    folder : path, optional
        Where checkpoints go (`folder/checkpoints`); without it none are written.
    checkpoint_seconds : float
        At least this long between two checkpoints, which are written at the end of a round (over several ranks: of
        every 32nd, and of an epoch).
    resume : bool
        Go on from the newest checkpoint in `folder`, if there is one; otherwise a new training begins, and removes
        those in `folder`.
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
    channels_last: bool = False
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
        if self.strategy not in ("auto", "ddp"):
            raise UsageError(f"strategy={self.strategy!r} is unknown; use 'auto' or 'ddp'.")
        if self.ema is not None and not 0 <= self.ema < 1:
            raise UsageError(f"ema={self.ema} is no decay; use a number from 0 up to but not 1, or None.")
        if self.clip is not None and not self.clip > 0:
            raise UsageError(f"clip={self.clip} is no norm; use a number above 0, or None.")
        resolve(self.precision, torch.device("cpu"))

    @property
    def checkpoints(self) -> Path | None:
        """Where they lie."""
        return None if self.folder is None else Path(self.folder) / "checkpoints"

    # Fabric advises on the precision of products whenever it meets a GPU; here `precision` decides on that
    @quiet_logger("lightning_fabric.utilities.rank_zero", logging.WARNING)
    def launch(self) -> Fabric:
        """Lightning Fabric with its ranks started; calling it again starts no more of them.

        Raises
        ------
        UsageError
            If this machine has no such devices.
        """
        from lightning_fabric import Fabric

        started = "LOCAL_RANK" in os.environ  # by torchrun, a scheduler, or an earlier call
        devices = (_ranks_here() if started else 1) if self.devices == "auto" else self.devices
        try:
            fabric = Fabric(
                accelerator=self.accelerator,
                devices=devices,
                strategy="ddp" if started else self.strategy,
                num_nodes=self.nodes,
                loggers=list(self.loggers),
            )
        except Exception as error:  # of several kinds that have no base in common
            reason = " ".join(str(error).split()).rstrip(".")
            raise UsageError(
                f"accelerator={self.accelerator!r} with devices={self.devices!r} cannot be had here ({reason}); "
                "use what there is, or 'auto'."
            ) from error
        fabric.launch()
        return fabric


def _ranks_here() -> int:
    """How many ranks `torchrun` or a person has started on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", os.environ.get("WORLD_SIZE", "1")))
