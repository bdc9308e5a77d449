"""torch-mimicry's loop, imported without what it cannot import any more or what would be installed for nothing."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch


def stand_in(name: str) -> None:
    """A module that holds whatever is asked of it, for what is imported and not used here, or cannot be any more."""
    module = ModuleType(name)
    module.__getattr__ = lambda attribute: object  # type: ignore[method-assign]
    module.__path__, module.__file__ = [], name
    sys.modules[name] = module


for needless in ("torchvision", "torch.utils.tensorboard", "torch_mimicry.datasets", "torch_mimicry.metrics"):
    stand_in(needless)
from torch_mimicry.training import Trainer  # noqa: E402  (after the stand-ins)

NEVER = 1_000_000_000


class Loop(Trainer):
    """Its trainer on the CPU, without checkpoints and logs, which would cost it time.

    `before_step` is called before each step of the discriminator, with how many there have been.
    """

    def __init__(self, *args: Any, before_step: Callable[[int], None], **how: Any) -> None:
        quiet = {"log_steps": NEVER, "vis_steps": NEVER, "print_steps": NEVER, "device": torch.device("cpu")}
        super().__init__(*args, **quiet, **how)
        self.before_step, self.steps = before_step, 0

    def _fetch_data(self, iter_dataloader: Any) -> Any:
        self.before_step(self.steps)
        self.steps += 1
        return super()._fetch_data(iter_dataloader)

    def _save_model_checkpoints(self, global_step: int) -> None:
        pass
