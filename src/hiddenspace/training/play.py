"""The one training loop."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.optim import Optimizer

from hiddenspace.errors import TrainingError
from hiddenspace.training import ranks
from hiddenspace.training.checkpoint import Checkpoint, flattened, read_checkpoint, write_checkpoint
from hiddenspace.training.ema import MovingAverage
from hiddenspace.training.events import Observer, RoundEnded, Stop
from hiddenspace.training.game import Batch, Game, Player, Terms
from hiddenspace.training.history import History
from hiddenspace.training.interrupt import Interruption
from hiddenspace.training.precision import resolve
from hiddenspace.training.randomness import random_state, seeded, set_random_state
from hiddenspace.training.trainer import Trainer, default_optimizer

if TYPE_CHECKING:
    from lightning_fabric import Fabric

CHECKED_EVERY = {"cpu": 1}
"""Rounds between two looks for losses that are not finite; 32 where a look waits for the device."""
COMPILE_SECONDS = 60.0
COMPILE_GAIN = 0.25
"""What compiling is taken to cost, and the share of the time it saves, on CUDA."""


class Batches(Protocol):
    """Batches by position, so that a training goes on from a number alone."""

    def __len__(self) -> int:
        """Batches in one pass over the data."""
        ...

    def on(self, device: torch.device, rank: int, world_size: int) -> Batches:
        """The same batches, on a device, and of each only this rank's share."""
        ...

    def draw(self, position: int) -> tuple[Batch, int]:
        """The batch at a position (0, 1, ... over all epochs) and how many items it holds over all ranks."""
        ...


def play(
    game: Game,
    batches: Batches,
    *,
    rounds: int,
    trainer: Trainer,
    observers: Sequence[Observer] = (),
    validation: Batches | None = None,
) -> History:
    """For each round, for each player: freeze all others, take its steps, average gradients over the ranks.

    Parameters
    ----------
    game : Game
        Trained in place; afterwards on the device of the training, in evaluation mode.
    batches, validation : Batches
        Where training and held-out items come from. Held-out ones are judged after each epoch by `game.evaluate`,
        in float32, with the same random numbers each time.
    rounds : int
        How many rounds to play, unless an observer stops it.
    trainer : Trainer
        Devices, arithmetic, optimizer, checkpoints.
    observers : sequence of Observer
        Watch each round, besides the trainer's own.

    Raises
    ------
    TrainingError
        If a term is not finite (the message names round, player and term), or a checkpoint cannot be read or written.
    KeyboardInterrupt
        After Ctrl-C, when the round has been finished and saved.
    """
    match = _Match(game, batches, rounds, trainer, [*observers, *trainer.observers], validation)
    match.run()
    return match.history


class _Match:
    """One call of `play`: the state of the loop, and what is done with it."""

    def __init__(
        self,
        game: Game,
        batches: Batches,
        rounds: int,
        trainer: Trainer,
        observers: list[Observer],
        validation: Batches | None,
    ) -> None:
        self.fabric: Fabric = trainer.launch()
        self.device: torch.device = self.fabric.device
        self.trainer, self.rounds, self.observers = trainer, rounds, observers
        self.bfloat16 = resolve(trainer.precision, self.device) == "bf16"
        self.game = game.to(self.device).train()
        ranks.take_from_first(game)
        self.batches = batches.on(self.device, ranks.rank(), ranks.world_size())
        self.validation = validation and validation.on(self.device, ranks.rank(), ranks.world_size())
        self.players = dict(game.players())
        self.owned = {name: list(player.parameters()) for name, player in self.players.items()}
        self.optimizers = {name: self._optimizer(name, player) for name, player in self.players.items()}
        self.learning_rates = {n: [g["lr"] for g in o.param_groups] for n, o in self.optimizers.items()}
        self.average = MovingAverage(game, trainer.ema) if trainer.ema is not None else None
        self.folder = Path(trainer.folder) / "checkpoints" if trainer.folder is not None else None
        self.history = History()
        self.round = self.position = 0
        self.unchecked: list[tuple[int, str, Terms]] = []
        self.compiled = False

    def _optimizer(self, name: str, player: Player) -> Optimizer:
        return (player.optimizer or self.trainer.optimizer or default_optimizer)(self.owned[name])

    # the loop ---------------------------------------------------------------------------------------------------

    def run(self) -> None:
        self._resume()
        if self.trainer.compile is True:
            self._compile()
        for observer in self.observers:
            observer.started(self.game, self.round, self.rounds)
        try:
            with Interruption() as interruption:
                self._rounds(interruption)
        finally:
            for module in self.game.modules():
                module._compiled_call_impl = None
            for observer in self.observers:
                observer.finished()
        if self.average is not None:
            self.average.copy_to_module()
        self.game.progress = 1.0
        self.game.eval()

    def _rounds(self, interruption: Interruption) -> None:
        stop: Stop | None = None
        last_saved = started = time.monotonic()
        first = self.round
        while self.round < self.rounds and stop is None:
            self.game.progress = self.round / self.rounds
            self._set_learning_rates()
            before = self.position
            terms, items = self._round()
            self.round += 1
            self.history.add(terms, items)
            epoch_ended = self.position // len(self.batches) > before // len(self.batches)
            if len(self.unchecked) and (self.round % CHECKED_EVERY.get(self.device.type, 32) == 0 or epoch_ended):
                self._check_finite()
            row = self._epoch() if epoch_ended else None
            event = RoundEnded(self.round, self.rounds, terms, items, row)
            with self._validated_weights() if epoch_ended else nullcontext():
                answers = [observer(event) for observer in self.observers]
            stop = next((answer for answer in answers if answer), None)
            if self.round - first == 20 and self._compiling_pays(time.monotonic() - started):
                self._compile()
            late = time.monotonic() - last_saved > self.trainer.checkpoint_seconds
            interrupted = ranks.told_by_first(interruption.wanted) if epoch_ended or ranks.world_size() == 1 else False
            due = ranks.told_by_first(late) if epoch_ended or ranks.world_size() == 1 else False
            if self.folder is not None and (due or interrupted or stop or self.round == self.rounds):
                self._check_finite()
                self._save(stop)
                last_saved = time.monotonic()
            if interrupted:
                interruption.leave(self.folder)

    def _round(self) -> tuple[dict[str, Tensor], int]:
        """Every player's turn; returns the last terms of each, and how many items were drawn."""
        reported: dict[str, Tensor] = {}
        items = 0
        batch: Batch | None = None
        for name, player in self.players.items():
            if self.round < player.start:
                continue
            with self._turn(name):
                for _ in range(player.steps):
                    if batch is None or player.fresh_batch:
                        batch, count = self.batches.draw(self.position)
                        self.position += 1
                        items += count
                    terms = self._step(name, player, batch)
            prefix = f"{name}." if len(self.players) > 1 else ""
            reported |= {prefix + term: value for term, value in terms.items()}
        return reported, items

    def _step(self, name: str, player: Player, batch: Batch) -> Terms:
        optimizer = self.optimizers[name]
        latest: dict[str, Tensor] = {}

        def closure() -> Tensor:
            optimizer.zero_grad(set_to_none=True)
            with self._arithmetic():
                terms = player.loss(batch)
            graded = [value for value in terms.values() if value.requires_grad]
            total = graded[0] if len(graded) == 1 else torch.stack(graded).sum()
            total.backward()  # type: ignore[no-untyped-call]
            ranks.average_gradients(self.owned[name])
            if self.trainer.clip is not None:
                nn.utils.clip_grad_norm_(self.owned[name], self.trainer.clip)
            latest.clear()
            latest.update({term: value.detach() for term, value in terms.items()})
            return total

        if isinstance(optimizer, torch.optim.LBFGS):
            optimizer.step(closure)  # type: ignore[no-untyped-call]  # it evaluates the loss several times a step
        else:
            closure()
            optimizer.step()
        if self.average is not None:
            self.average.update()
        self.unchecked.append((self.round + 1, name, latest))
        return latest

    def _arithmetic(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, torch.bfloat16) if self.bfloat16 else nullcontext()

    @contextmanager
    def _turn(self, name: str) -> Iterator[None]:
        """Freezes what the player does not own: its parameters, and the statistics of its normalisations."""
        if len(self.players) == 1:
            yield
            return
        mine = {id(parameter) for parameter in self.owned[name]}
        frozen = [p for p in self.game.parameters() if p.requires_grad and id(p) not in mine]
        my_modules = {
            id(m) for part in self.players[name].modules if isinstance(part, nn.Module) for m in part.modules()
        }
        norms = [
            module
            for module in self.game.modules()
            if isinstance(module, _NormBase) and module.track_running_stats and id(module) not in my_modules
        ]
        for parameter in frozen:
            parameter.requires_grad_(False)
        for norm in norms:
            norm.track_running_stats = False
        try:
            yield
        finally:
            for parameter in frozen:
                parameter.requires_grad_(True)
            for norm in norms:
                norm.track_running_stats = True

    def _set_learning_rates(self) -> None:
        if self.trainer.schedule is None:
            return
        factor = self.trainer.schedule(self.game.progress)
        for name, optimizer in self.optimizers.items():
            for group, rate in zip(optimizer.param_groups, self.learning_rates[name], strict=True):
                group["lr"] = rate * factor

    def _check_finite(self) -> None:
        for round_, player, terms in self.unchecked:
            for term, value in terms.items():
                if not math.isfinite(value):
                    raise TrainingError(
                        f"the term '{term}' of player '{player}' became {float(value)} in round {round_}; "
                        "lower the learning rate, clip gradients or train in precision='32'."
                    )
        self.unchecked.clear()

    # once an epoch ----------------------------------------------------------------------------------------------

    def _epoch(self) -> Any:
        self.game.epoch_ended()
        rate = next(iter(self.optimizers.values())).param_groups[0]["lr"]
        row = self.history.close_epoch(self.round, float(rate), self._validate())
        for logger in self.fabric.loggers:
            logger.log_metrics(dict(row), step=self.round)
        return row

    def _validated_weights(self) -> AbstractContextManager[None]:
        """The weights that are judged, and that observers see at the end of an epoch: averaged ones, where wanted."""
        return self.average.applied() if self.average is not None else nullcontext()

    @torch.no_grad()
    def _validate(self) -> dict[str, float]:
        """Means of the game's terms over held-out items, weighted by how many each batch holds."""
        if self.validation is None:
            return {}
        self.game.eval()
        sums: dict[str, Tensor] = {}
        count = 0
        with seeded(0, [self.device]), self._validated_weights():
            for position in range(len(self.validation)):
                batch, items = self.validation.draw(position)
                for name, value in self.game.evaluate(batch).items():
                    sums[name] = sums.get(name, torch.zeros((), device=self.device)) + value.detach().float() * items
                count += items
        self.game.train()
        return {name: float(ranks.total_over_ranks(v)) / count / ranks.world_size() for name, v in sums.items()}

    # compiling --------------------------------------------------------------------------------------------------

    def _compiling_pays(self, seconds_for_twenty: float) -> bool:
        if self.compiled or self.trainer.compile != "auto" or self.device.type != "cuda":
            return False
        torch.cuda.synchronize(self.device)
        left = (self.rounds - self.round) * seconds_for_twenty / 20
        return bool(ranks.told_by_first(left * COMPILE_GAIN > COMPILE_SECONDS))

    def _compile(self) -> None:
        self.compiled = True
        for module in self.game.children():
            module.compile()

    # checkpoints ------------------------------------------------------------------------------------------------

    def _save(self, stop: Stop | None) -> None:
        random_values, random_tensors = random_state(self.device)
        everyone = ranks.gathered((random_values, random_tensors))
        history_values, history_tensors = self.history.state()
        observed = [observer.state() for observer in self.observers]
        values: dict[str, Any] = {
            "round": self.round,
            "rounds": self.rounds,
            "position": self.position,
            "stopped": stop.reason if stop else None,
            "random": [v for v, _ in everyone],
            "history": history_values,
            "observers": [v for v, _ in observed],
            "optimizers": {name: _numbers(o.state_dict()) for name, o in self.optimizers.items()},
        }
        tensors: dict[str, Tensor] = {f"game/{name}": t for name, t in self.game.state_dict().items()}
        tensors |= {f"history/{name}": t for name, t in history_tensors.items()}
        for index, (_, state) in enumerate(everyone):
            tensors |= {f"random/{index}/{name}": t for name, t in state.items()}
        for index, (_, state) in enumerate(observed):
            tensors |= {f"observer/{index}/{name}": t for name, t in state.items()}
        for name, optimizer in self.optimizers.items():
            tensors |= dict(flattened(optimizer.state_dict()["state"], f"optimizer/{name}"))
        if self.average is not None:
            values["average_steps"], averages = self.average.state()
            tensors |= {f"average/{name}": t for name, t in averages.items()}
        if ranks.rank() == 0 and self.folder is not None:
            # A copy of each: safetensors refuses tensors that share memory, as tied weights do.
            write_checkpoint(self.folder, Checkpoint(self.round, values, {n: t.clone() for n, t in tensors.items()}))
        ranks.wait_for_all()

    def _resume(self) -> None:
        checkpoint = read_checkpoint(self.folder) if self.folder is not None and self.trainer.resume else None
        if checkpoint is None:
            return
        values = checkpoint.values
        if len(values["random"]) != ranks.world_size():
            raise TrainingError(
                f"this run was made with {len(values['random'])} ranks and cannot go on with {ranks.world_size()}; "
                "start as many as before."
            )
        self.round, self.position = values["round"], values["position"]
        if values["stopped"]:
            self.rounds = self.round  # it had ended by itself: nothing is left to play
        self.game.load_state_dict(checkpoint.under("game"))
        self.history.restore(values["history"], checkpoint.under("history"))
        for name, optimizer in self.optimizers.items():
            _restore_optimizer(optimizer, values["optimizers"][name], checkpoint.under(f"optimizer/{name}"))
        if self.average is not None:
            self.average.restore(values["average_steps"], checkpoint.under("average"))
        for index, observer in enumerate(self.observers):
            observer.restore(values["observers"][index], checkpoint.under(f"observer/{index}"))
        mine = ranks.rank()
        set_random_state(values["random"][mine], checkpoint.under(f"random/{mine}"), self.device)


def _numbers(state: dict[str, Any]) -> dict[str, Any]:
    """What of an optimizer's state is not a tensor."""
    return {
        "state": {
            str(index): {key: value for key, value in entry.items() if not isinstance(value, Tensor)}
            for index, entry in state["state"].items()
            if isinstance(entry, dict)
        },
        "param_groups": state["param_groups"],
    }


def _restore_optimizer(optimizer: Optimizer, numbers: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Any]] = {int(i): dict(entry) for i, entry in numbers["state"].items()}
    for name, tensor in tensors.items():
        index, _, key = name.partition("/")
        state.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": numbers["param_groups"]})
