"""What stands still while one player plays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.instancenorm import _InstanceNorm

from hiddenspace.training.game import Game, Player


class Frozen:
    """Everything in the game but one player's own: its parameters, and the statistics of its normalisations."""

    def __init__(self, game: Game, player: Player) -> None:
        mine = {id(parameter) for parameter in player.parameters()}
        my_modules = {id(m) for part in player.modules if isinstance(part, nn.Module) for m in part.modules()}
        self.parameters = [p for p in game.parameters() if p.requires_grad and id(p) not in mine]
        self.norms = [
            module
            for module in game.modules()
            if isinstance(module, _NormBase) and module.track_running_stats and id(module) not in my_modules
        ]

    def held(self) -> AbstractContextManager[None]:
        """Freezes inside the `with`: gradients flow through what is frozen, but not into it."""
        return self._held() if self.parameters or self.norms else nullcontext()

    @contextmanager
    def _held(self) -> Iterator[None]:
        for parameter in self.parameters:
            parameter.requires_grad_(False)
        try:
            with statistics_kept(self.norms):
                yield
        finally:
            for parameter in self.parameters:
                parameter.requires_grad_(True)


@contextmanager
def statistics_kept(norms: Sequence[_NormBase]) -> Iterator[None]:
    """Normalisations in training mode use the batch as ever, but leave their running statistics as they are."""
    active = [norm for norm in norms if norm.training]
    kept = [(norm.running_mean, norm.running_var) for norm in active]
    for norm in active:
        if isinstance(norm, _InstanceNorm):  # it would update what it has, whatever `track_running_stats` says
            norm.running_mean = norm.running_var = None
        else:
            norm.track_running_stats = False
    try:
        yield
    finally:
        for norm, (mean, variance) in zip(active, kept, strict=True):
            norm.running_mean, norm.running_var, norm.track_running_stats = mean, variance, True
