"""The one training loop."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from hiddenspace.errors import UsageError
from hiddenspace.training import ranks
from hiddenspace.training.compiling import Compiler
from hiddenspace.training.ema import MovingAverage
from hiddenspace.training.events import Observer, RoundEnded, Row
from hiddenspace.training.fingerprint import check_ranks_agree, settings_of
from hiddenspace.training.finite import FiniteCheck, check_means, check_weights
from hiddenspace.training.game import Batch, Batches, Game
from hiddenspace.training.history import History
from hiddenspace.training.interrupt import Interruption
from hiddenspace.training.memory import memory_kept
from hiddenspace.training.precision import resolve
from hiddenspace.training.randomness import reseed
from hiddenspace.training.snapshot import Checkpoints, State
from hiddenspace.training.trainer import Trainer
from hiddenspace.training.turn import Turn
from hiddenspace.training.validation import means_over

LOOK_EVERY = 32
"""Rounds between two looks at what makes the device or the other ranks wait; a lone processor looks at every one."""


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

    Returns
    -------
    History
        `rows`, one for each epoch, and `stopped`, the reason where an observer ended it.

    Raises
    ------
    UsageError
        If there are no batches, a player owns what the game does not, the ranks disagree on data or settings,
        `torch.compile` was asked for and does not work here, or L-BFGS is to train weights that do not lie in memory
        row by row.
    TrainingError
        If a term or a weight is not finite (the message names round, player and term), no term has a gradient, a file
        of the run cannot be written, or a checkpoint cannot be read, written, or gone on with.
    KeyboardInterrupt
        After Ctrl-C, when the round has been finished and saved.
    """
    match = _Match(game, batches, rounds, trainer, [*observers, *trainer.observers], validation)
    with memory_kept() if game.keeps_memory and match.device.type == "cpu" else nullcontext():
        match.run()
    return match.state.history


class _Match:
    """One call of `play`."""

    def __init__(
        self,
        game: Game,
        batches: Batches,
        rounds: int,
        trainer: Trainer,
        observers: Sequence[Observer],
        validation: Batches | None,
    ) -> None:
        self.fabric = trainer.launch()
        self.device: torch.device = self.fabric.device
        self.trainer, self.rounds, self.game = trainer, rounds, game.to(self.device).train()
        ranks.take_from_first([*game.parameters(), *game.buffers()])
        if len(batches) == 0:
            raise UsageError("there is nothing to train on; give at least one batch.")
        self.batches = batches.on(self.device, ranks.rank(), ranks.world_size())
        self.validation = validation and validation.on(self.device, ranks.rank(), ranks.world_size())
        bfloat16 = self.device if resolve(trainer.precision, self.device) == "bf16" else None
        self.turns = {name: Turn(name, p, game, trainer, bfloat16) for name, p in game.players().items()}
        if trainer.channels_last:
            _kernels_by_channel(game)
        for turn in self.turns.values():
            turn.check_order()
        average = MovingAverage(game, trainer.ema) if trainer.ema is not None else None
        self.state = State(game, self.turns, observers, self.device, average)
        settings = settings_of(game, self.turns, batches, validation, rounds, trainer)
        check_ranks_agree(settings)
        self.checkpoints: Checkpoints | None = None
        if trainer.checkpoints is not None:
            self.checkpoints = Checkpoints(trainer.checkpoints, settings, trainer.checkpoint_seconds)
        self.finite, self.compiler = FiniteCheck(), Compiler(game, trainer, self.device)
        self.wish: str | None = None  # an observer's, until all ranks know of it
        self.look_every = 1 if self.device.type == "cpu" and ranks.world_size() == 1 else LOOK_EVERY

    def run(self) -> None:
        if ranks.rank() > 0:  # each rank draws noise of its own
            reseed((torch.initial_seed() + ranks.rank()) % 2**63)
        if self.checkpoints is not None:
            if self.trainer.resume:
                self.checkpoints.resume(self.state)
            else:
                self.checkpoints.clear()
        status = "failed"
        try:
            for observer in self.state.observers:
                observer.started(self.game, self.state.round, self.rounds)
            self.compiler.begin()
            with self.compiler.failures_told(), Interruption() as interruption:
                self._rounds(interruption)
                self._leave_if(ranks.any_of(interruption.wanted)[0])  # Ctrl-C during the last checkpoint
            status = "success"
        finally:
            self._clear_up(status)
        if self.state.average is not None:
            self.state.average.copy_to_module()
        self.game.progress = 1.0
        self.game.eval()

    def _rounds(self, interruption: Interruption) -> None:
        state = self.state
        while state.round < self.rounds and state.history.stopped is None:
            self.game.progress = state.round / self.rounds
            self._schedule()
            before = state.position
            terms, items = self._round()
            state.round += 1
            state.history.add(terms, items)
            epoch_ended = state.position // len(self.batches) > before // len(self.batches)
            last = state.round == self.rounds
            looking = epoch_ended or last or state.round % self.look_every == 0
            if looking:
                self.finite.look()
            row = self._close_epoch() if epoch_ended else None
            self._tell(RoundEnded(state.round, self.rounds, terms, items, row))
            self.compiler.round_ended(self.rounds - state.round)
            if looking or ranks.world_size() == 1:
                self._save_and_leave(interruption, last)

    def _round(self) -> tuple[dict[str, Tensor], int]:
        """Every player's turn; returns the last terms of each, and how many items were drawn."""
        state = self.state
        reported: dict[str, Tensor] = {}
        items = 0
        batch: Batch | None = None
        for name, turn in self.turns.items():
            if state.round < turn.player.start:
                continue
            terms: dict[str, Tensor] = {}
            with turn.frozen.held():
                for _ in range(turn.player.steps):
                    if batch is None or turn.player.fresh_batch:
                        batch, count = self.batches.draw(state.position)
                        state.position += 1
                        items += count
                    terms = turn.step(batch)
                    self.finite.add(state.round + 1, name, terms)
            reported |= {self._called(name, term): value for term, value in terms.items()}
        if state.average is not None:
            state.average.update()
        return reported, items

    def _called(self, player: str, term: str) -> str:
        """A term by its full name, which bears that of its player where there are several."""
        return f"{player}.{term}" if len(self.turns) > 1 else term

    def _schedule(self) -> None:
        if self.trainer.schedule is not None:
            for turn in self.turns.values():
                turn.scale_rates(self.trainer.schedule(self.game.progress))

    def _close_epoch(self) -> Row:
        """Judges the held-out items, and writes the row of the epoch."""
        self.game.epoch_ended()
        ranks.take_from_first(self.game.buffers())  # statistics of normalisations, which each rank has gathered alone
        means: dict[str, float] = {}
        if self.validation is not None:
            with self._judged_weights():
                means = means_over(self.validation, self.game, self.device)
            check_means(means, self.state.round)
        rate = next(iter(self.turns.values())).optimizer.param_groups[0]["lr"]
        mine = {self._called(name, term) for name, turn in self.turns.items() for term in turn.minimised}
        minimised = sorted(set().union(*ranks.gathered(mine)))  # in one order, so that sums agree
        row = self.state.history.close_epoch(self.state.round, float(rate), means, minimised)
        with self._judged_weights():
            for observer in self.state.observers:
                row |= observer.figures(row)
        for logger in self.fabric.loggers:
            logger.log_metrics(dict(row), step=self.state.round)
        return row

    def _judged_weights(self) -> AbstractContextManager[None]:
        """The weights that are validated, and that observers see at the end of an epoch: averages, where wanted."""
        return nullcontext() if self.state.average is None else self.state.average.applied()

    def _tell(self, event: RoundEnded) -> None:
        with nullcontext() if event.row is None else self._judged_weights():
            answers = [observer(event) for observer in self.state.observers]
        self.wish = self.wish or next((answer.reason for answer in answers if answer), None)

    def _save_and_leave(self, interruption: Interruption, last: bool) -> None:
        """What all ranks do together: stop where one was told to, save where it is time, end on Ctrl-C."""
        stopped = next((wish for wish in ranks.gathered(self.wish) if wish is not None), None)
        self.state.history.stopped = stopped
        due = self.checkpoints is not None and self.checkpoints.due
        interrupted, due = ranks.any_of(interruption.wanted, due)
        if due or interrupted or last or stopped is not None:
            self.finite.look()
            check_weights({name: turn.parameters for name, turn in self.turns.items()}, self.state.round)
            if self.checkpoints is not None:
                self.checkpoints.save(self.state)
        self._leave_if(interrupted)

    def _leave_if(self, interrupted: bool) -> None:
        if interrupted:
            Interruption.leave(None if self.checkpoints is None else self.checkpoints.folder.parent)

    def _clear_up(self, status: str) -> None:
        self.compiler.undo()
        for batches in (self.batches, self.validation):
            getattr(batches, "close", _nothing)()
        for observer in self.state.observers:
            observer.finished()
        for logger in self.fabric.loggers:
            logger.finalize(status)


def _kernels_by_channel(game: Game) -> None:
    """Puts the kernels of convolutions into the order in memory in which hardware wants them, and maps follow."""
    for module in game.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # which torch's stubs leave out


def _nothing() -> None:
    """In place of a method that batches need not have."""
