"""Best weights, early stopping, and what is written: tables, TensorBoard events, Fabric's loggers, the bar."""

import csv
import errno
from pathlib import Path

import pytest
import torch
from lightning_fabric.loggers import CSVLogger
from lightning_fabric.loggers.logger import Logger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.summary.writer import event_file_writer
from torch import nn
from torch.utils.tensorboard import SummaryWriter

from hiddenspace.errors import TrainingError
from hiddenspace.training import progress
from hiddenspace.training.checkpoint import read_checkpoint
from hiddenspace.training.events import Observer, RoundEnded, Stop
from hiddenspace.training.game import Game, Player
from hiddenspace.training.observers import BestWeights, CsvLog, EarlyStopping, TensorBoard
from hiddenspace.training.play import play
from hiddenspace.training.progress import ProgressBar
from hiddenspace.training.trainer import Trainer


class Follow(Game):
    """Its weight counts rounds; its validation loss is what it was told for that round."""

    def __init__(self, losses: dict[int, float]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.losses = losses

    def players(self):
        return {"weight": Player((self.weight,), self.loss, optimizer=lambda p: torch.optim.SGD(p, lr=1.0))}

    def loss(self, x):
        return {"minus": -self.weight.sum()}

    def evaluate(self, x):
        return {"told": torch.tensor(self.losses.get(round(self.weight.item()), 1.0), dtype=torch.float64)}


def follow(rows, losses: list[float], observers: list[Observer], **settings) -> Follow:
    """Epochs of two rounds, with these validation losses."""
    game = Follow({2 * (epoch + 1): loss for epoch, loss in enumerate(losses)})
    trainer = Trainer(precision="32", **settings)
    game.history = play(
        game,
        rows(batch_size=10),
        rounds=2 * len(losses),
        trainer=trainer,
        observers=observers,
        validation=rows(seed=None),
    )
    return game


def event(round_: int, **row: float) -> RoundEnded:
    return RoundEnded(round_, 100, {}, 1, {"epoch": round_, **row} if row else None)


class At(Observer):
    def __init__(self, round_: int) -> None:
        self.round = round_

    def __call__(self, event: RoundEnded) -> None:
        if event.round == self.round:
            raise TrainingError("stop here")


class Telling(Follow):
    """Two terms that are minimised, the second in one round only, and one that is only reported."""

    def loss(self, x):
        weight = self.weight.sum()
        small = 0.25 * (weight if self.weight.item() == 1 else weight.detach())
        return {"minus": -weight, "small": small, "told": 100 - weight.detach()}

    def evaluate(self, x):
        return {"a": torch.tensor(2.0), "b": torch.tensor(3.0)}


def test_held_out_terms_decide_or_else_those_of_the_training_that_are_minimised(rows):
    plain = Trainer(precision="32")
    (row,) = play(Telling({}), rows(), rounds=4, trainer=plain, validation=rows(seed=None)).rows
    assert row["loss"] == 5.0
    (row,) = play(Telling({}), rows(), rounds=4, trainer=plain).rows
    assert row["loss"] == row["train/minus"] + row["train/small"]
    assert row["train/told"] > 90


def test_a_resumed_epoch_knows_which_of_its_terms_were_minimised(rows, tmp_path):
    settings = Trainer(precision="32", folder=tmp_path, checkpoint_seconds=0, resume=True)
    with pytest.raises(TrainingError, match="stop here"):
        play(Telling({}), rows(), rounds=4, trainer=settings, observers=[At(4)])
    (row,) = play(Telling({}), rows(), rounds=4, trainer=settings).rows
    assert row["loss"] == row["train/minus"] + row["train/small"]


def test_observers_begin_afresh_with_the_next_training(rows, tmp_path):
    stopping, log, best = EarlyStopping(2), CsvLog(tmp_path / "metrics.csv"), BestWeights()
    bar = ProgressBar("Fitting", show=False)
    for losses, epochs in (([5.0, 6.0, 7.0, 1.0], 3), ([9.0, 8.0, 8.0, 8.0], 4)):
        history = follow(rows, losses, [stopping, log, best, bar]).history
        assert len(history.rows) == len(log.rows) == bar.state()["epochs"] == epochs
        assert history.stopped == "no improvement in 2 epochs"
        assert best.loss == min(losses[:epochs])


def test_the_best_weights_are_put_back(rows):
    best = BestWeights()
    game = follow(rows, [3.0, 1.0, 2.0, 1.0, 5.0], [best])
    assert (best.epoch, best.loss) == (2, 1.0)
    assert game.weight.item() == 10.0
    best.put_back()
    assert game.weight.item() == 4.0


def test_what_never_changes_is_no_part_of_the_best_weights(rows):
    class Looking(Follow):
        never_changed = ("looks",)

        def __init__(self, losses):
            super().__init__(losses)
            self.looks, self.looks_on = nn.Linear(1, 1), nn.Linear(1, 1)

    best, game = BestWeights(), Looking({2: 2.0, 4: 1.0, 6: 3.0})
    plain = Trainer(precision="32")
    play(game, rows(batch_size=10), rounds=6, trainer=plain, observers=[best], validation=rows(seed=None))
    assert set(best.state()["weights"]) == {"weight", "looks_on.weight", "looks_on.bias"}
    best.put_back()
    assert (best.epoch, game.weight.item()) == (2, 4.0)


def test_without_an_epoch_nothing_is_put_back(rows):
    best, game = BestWeights(), Follow({})
    play(game, rows(), rounds=3, trainer=Trainer(precision="32"), observers=[best])
    best.put_back()
    assert (best.epoch, game.weight.item()) == (0, 3.0)


def test_averaged_weights_are_what_is_kept(rows):
    best = BestWeights()
    game = Follow({})
    trainer = Trainer(precision="32", ema=0.0)
    play(game, rows(), rounds=8, trainer=trainer, observers=[best], validation=rows(seed=None))
    assert best._weights["weight"].item() == pytest.approx(4.0)  # decay 0: the average is the weight itself
    trainer = Trainer(precision="32", ema=0.9)
    best, game = BestWeights(), Follow({})
    play(game, rows(), rounds=4, trainer=trainer, observers=[best], validation=rows(seed=None))
    assert best._weights["weight"].item() < 3.9
    assert best._weights["weight"].item() == game.weight.item()


@pytest.mark.parametrize(
    ("losses", "epochs"),
    [
        ([5, 4, 3, 3, 3, 3], 5),
        ([5, 4, 4, 3, 4, 4, 1], 6),
        ([5, 6, 7, 1], 3),
        ([1.0, 0.99995, 0.9999, 0.5], 3),  # less than a ten thousandth is no improvement
        ([-1.0, -2.0, -2.0001, -2.0002, -9.0], 4),
        ([4, 3, 2, 1], 4),
    ],
)
def test_early_stopping(rows, losses, epochs):
    assert len(follow(rows, losses, [EarlyStopping(2)]).history.rows) == epochs


def test_patience_already_spent_survives_an_interruption():
    whole, first = EarlyStopping(2), EarlyStopping(2)
    for observer in (whole, first):
        assert observer(event(1, loss=1.0)) is None
        assert observer(event(2, loss=1.5)) is None
    resumed = EarlyStopping(2)
    resumed.restore(first.state())
    assert isinstance(whole(event(3, loss=1.5)), Stop)
    assert isinstance(resumed(event(3, loss=1.5)), Stop)


# files --------------------------------------------------------------------------------------------------------------


def test_the_table_holds_the_history(rows, tmp_path):
    history = follow(rows, [3.0, 2.0, 1.0], [CsvLog(tmp_path / "metrics.csv")]).history
    with (tmp_path / "metrics.csv").open(newline="") as file:
        table = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    assert table == history.rows
    assert list(table[0])[:3] == ["epoch", "round", "seconds"]
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.csv"]


def test_a_column_that_comes_later_is_empty_before(tmp_path):
    log = CsvLog(tmp_path / "metrics.csv")
    log(event(1, a=1.0))
    log(event(2))
    log(event(2, a=2.0, b=3.0))
    assert (tmp_path / "metrics.csv").read_text() == "epoch,a,b\n1,1.0,\n2,2.0,3.0\n"


def test_a_table_that_cannot_be_written(tmp_path, monkeypatch):
    log = CsvLog(tmp_path / "metrics.csv")
    log(event(1, a=1.0))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(TrainingError, match=r"^cannot write .*metrics.csv \(No space left on device\); mend that"):
        log(event(2, a=1.0))
    assert (tmp_path / "metrics.csv").read_text() == "epoch,a\n1,1.0\n"


@pytest.fixture
def _numbered_afresh(monkeypatch):
    """Files of one second are read in the order of their names, in which 10 comes before 9: here all have one digit.

    A person's resumed run is another process and another second.
    """
    monkeypatch.setattr(event_file_writer, "_global_uid", event_file_writer.AtomicCounter(0))


def scalars(folder: Path, name: str) -> list[tuple[int, float]]:
    board = EventAccumulator(str(folder), purge_orphaned_data=True)
    board.Reload()
    return [(entry.step, entry.value) for entry in board.Scalars(name)]


@pytest.mark.usefixtures("_numbered_afresh")
def test_tensorboard_shows_each_epoch_once_also_after_a_resume(rows, tmp_path):
    losses = [5.0, 4.0, 3.0, 2.0]
    settings = {"folder": tmp_path, "checkpoint_seconds": 0.0, "resume": True}
    board = tmp_path / "board"
    with pytest.raises(TrainingError, match="stop here"):
        follow(rows, losses, [TensorBoard(board), At(6)], **settings)
    assert read_checkpoint(tmp_path / "checkpoints").round == 5
    assert scalars(board, "validation/told") == [(2, 5.0), (4, 4.0), (6, 3.0)]
    follow(rows, losses, [TensorBoard(board)], **settings)
    assert scalars(board, "validation/told") == [(2, 5.0), (4, 4.0), (6, 3.0), (8, 2.0)]
    follow(rows, losses[1:], [TensorBoard(board)])  # anew, in the same folder
    assert scalars(board, "validation/told") == [(2, 4.0), (4, 3.0), (6, 2.0)]


@pytest.mark.usefixtures("_numbered_afresh")
def test_a_resume_at_the_end_of_an_epoch_keeps_its_event(rows, tmp_path):
    losses = [5.0, 4.0, 3.0]
    settings = {"folder": tmp_path, "checkpoint_seconds": 0.0, "resume": True}
    with pytest.raises(TrainingError, match="stop here"):
        follow(rows, losses, [TensorBoard(tmp_path / "board"), At(5)], **settings)
    assert read_checkpoint(tmp_path / "checkpoints").round == 4
    follow(rows, losses, [TensorBoard(tmp_path / "board")], **settings)
    assert scalars(tmp_path / "board", "validation/told") == [(2, 5.0), (4, 4.0), (6, 3.0)]


def test_a_file_where_the_events_are_to_go(rows, tmp_path):
    (tmp_path / "board").write_text("in the way")
    with pytest.raises(TrainingError, match=r"^cannot write .*board \(File exists\); mend that and go on with resume"):
        follow(rows, [1.0], [TensorBoard(tmp_path / "board")])


def test_events_on_a_full_disk_do_not_hide_what_went_wrong(rows, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(SummaryWriter, "close", full)
    with pytest.raises(TrainingError, match="stop here"):
        follow(rows, [2.0, 1.0], [TensorBoard(tmp_path / "board"), At(1)])
    monkeypatch.setattr(SummaryWriter, "flush", full)
    with pytest.raises(TrainingError, match=r"^cannot write .*board \(No space left on device\); mend that"):
        follow(rows, [2.0, 1.0], [TensorBoard(tmp_path / "board")])


class Mine(Logger):
    """A logger of one's own."""

    def __init__(self) -> None:
        self.got: list[tuple[int | None, dict[str, float]]] = []
        self.status: list[str] = []

    @property
    def name(self) -> str:
        return "mine"

    @property
    def version(self) -> int:
        return 0

    def log_metrics(self, metrics, step=None):
        self.got.append((step, dict(metrics)))

    def log_hyperparams(self, params, *args, **kwargs):
        raise AssertionError

    def finalize(self, status):
        self.status.append(status)


def test_loggers_get_every_row_and_are_closed(rows, tmp_path):
    mine, theirs = Mine(), CSVLogger(tmp_path, name="logs")
    history = follow(rows, [3.0, 2.0], [], loggers=[mine, theirs]).history
    assert mine.got == [(2, history.rows[0]), (4, history.rows[1])]
    assert mine.status == ["success"]
    with (tmp_path / "logs" / "version_0" / "metrics.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [float(row["validation/told"]) for row in table] == [3.0, 2.0]
    with pytest.raises(TrainingError, match="stop here"):
        follow(rows, [3.0, 2.0], [At(3)], loggers=[mine])
    assert mine.status == ["success", "failed"]


# the bar ------------------------------------------------------------------------------------------------------------


def test_the_bar_says_how_far_it_is(rows, capsys):
    follow(rows, [3.0, 2.0], [ProgressBar("Fitting", show=True)])
    said = capsys.readouterr().err
    assert "Fitting" in said
    assert "epoch 2" in said
    assert "validation 2" in said
    assert "items/s" in said
    assert "100 %" in said


def test_the_bar_goes_on_counting_after_a_resume(capsys, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS", 0.0)
    first, resumed = ProgressBar("Fitting", show=False), ProgressBar("Fitting", show=True)
    first(event(4, **{"train/a": 1.0}))
    resumed.restore(first.state())
    resumed.started(Follow({}), 9, 20)
    resumed(event(10))
    resumed.finished()
    assert "epoch 5" in capsys.readouterr().err


def test_a_round_in_which_nobody_plays_has_no_loss(rows, capsys):
    class Late(Follow):
        def players(self):
            return {"weight": Player((self.weight,), self.loss, start=2)}

    play(Late({}), rows(), rounds=4, trainer=Trainer(precision="32"), observers=[ProgressBar("Late", show=True)])
    assert "Late" in capsys.readouterr().err


def test_without_a_terminal_there_is_no_bar(rows, capsys):
    follow(rows, [3.0], [ProgressBar("Fitting")])
    assert capsys.readouterr().err == ""
