"""torch-mimicry, imported without what it cannot import any more or what would be installed for nothing."""

import sys
from types import ModuleType

import torch  # noqa: F401  (it must not look at the stand-ins)


def stand_in(name: str) -> None:
    """A module that holds whatever is asked of it, for what is imported and not used here, or cannot be any more."""
    module = ModuleType(name)
    module.__getattr__ = lambda attribute: object  # type: ignore[method-assign]
    module.__path__, module.__file__ = [], name
    sys.modules[name] = module


for needless in ("torchvision", "torch.utils.tensorboard", "torch_mimicry.datasets", "torch_mimicry.metrics"):
    stand_in(needless)
