"""One player's turn: its optimizer, what is frozen meanwhile, and a step."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import LBFGS

from hiddenspace.errors import TrainingError, UsageError
from hiddenspace.training import ranks
from hiddenspace.training.freezing import Frozen
from hiddenspace.training.game import Batch, Game, Player, Terms
from hiddenspace.training.trainer import Trainer, default_optimizer


class Turn:
    """What the loop needs to let one player play. `minimised` names the terms that have had a gradient so far.

    Parameters
    ----------
    name : str
        The player's, for messages.
    player : Player
        Its parameters are on the device already.
    game : Game
        Holds all players' networks.
    trainer : Trainer
        Optimizer and clipping, where the player does not bring its own.
    bfloat16 : torch.device, optional
        With it, losses are computed in mixed precision there.

    Raises
    ------
    UsageError
        If the player owns parameters that the game does not hold, or none at all.
    """

    def __init__(self, name: str, player: Player, game: Game, trainer: Trainer, bfloat16: torch.device | None) -> None:
        self.name, self.player, self.clip, self.bfloat16 = name, player, trainer.clip, bfloat16
        self.parameters = list(player.parameters())
        held = {id(parameter) for parameter in game.parameters()}
        if not self.parameters or any(id(parameter) not in held for parameter in self.parameters):
            what = "parameters that the game does not hold" if self.parameters else "no parameters"
            raise UsageError(f"player '{name}' owns {what}; make its modules attributes of the game.")
        self.optimizer = (player.optimizer or trainer.optimizer or default_optimizer)(self.parameters)
        self.rates = [float(group["lr"]) for group in self.optimizer.param_groups]
        self.frozen = Frozen(game, player)
        self.minimised: set[str] = set()

    def check_order(self) -> None:
        """Refuses L-BFGS for weights that it cannot flatten, which torch says in the middle of the training only."""
        if isinstance(self.optimizer, LBFGS) and not all(weight.is_contiguous() for weight in self.parameters):
            raise UsageError(
                f"L-BFGS does not take the weights of player '{self.name}', which lie in memory channel by channel; "
                "leave channels_last=True out, or use another optimizer."
            )

    def scale_rates(self, factor: float) -> None:
        """Sets the learning rates to their first ones times `factor`."""
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """One step of the optimizer; returns the terms, detached."""
        if not isinstance(self.optimizer, LBFGS):
            terms, _ = self._gradients(batch)
            self.optimizer.step()
            return terms
        latest: dict[str, Tensor] = {}

        def closure() -> Tensor:
            terms, total = self._gradients(batch)
            latest.update(terms)
            # its line search must come to the same end on every rank
            return ranks.total_over_ranks(total) / ranks.world_size()

        self.optimizer.step(closure)  # type: ignore[no-untyped-call]  # it evaluates the loss several times
        return latest

    def _gradients(self, batch: Batch) -> tuple[dict[str, Tensor], Tensor]:
        self.optimizer.zero_grad(set_to_none=True)
        with self._arithmetic():
            terms = self.player.loss(batch)
        total = self._total(terms)
        total.backward()  # type: ignore[no-untyped-call]
        ranks.average_gradients(self.parameters)
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self.parameters, self.clip)
        return {term: value.detach() for term, value in terms.items()}, total.detach()

    def _arithmetic(self) -> AbstractContextManager[Any]:
        return nullcontext() if self.bfloat16 is None else torch.autocast(self.bfloat16.type, torch.bfloat16)

    def _total(self, terms: Terms) -> Tensor:
        for term, value in terms.items():
            if not isinstance(value, Tensor) or value.numel() != 1:
                what = f"of shape {tuple(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"
                raise TrainingError(f"the term '{term}' of player '{self.name}' is {what}; make it a scalar tensor.")
        graded = {term: value for term, value in terms.items() if value.requires_grad}
        if not graded:
            raise TrainingError(
                f"no term of player '{self.name}' has a gradient ({', '.join(terms) or 'it returned none'}); "
                "return at least one that depends on its parameters and is not detached."
            )
        self.minimised.update(graded)
        first, *others = graded.values()
        return sum(others, first)
