"""Checkpoints: whole or not at all, and never of another training."""

import contextlib
import errno
import json
import os
import re
import signal
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import hiddenspace as hs
from hiddenspace.data.corruption import GaussianNoise
from hiddenspace.errors import TrainingError
from hiddenspace.training import checkpoint
from hiddenspace.training.checkpoint import Checkpoint, read_checkpoint, remove_checkpoints, write_checkpoint
from hiddenspace.training.events import Observer, Stop
from hiddenspace.training.game import Game, Player
from hiddenspace.training.observers import BestWeights, EarlyStopping
from hiddenspace.training.packing import packed, unpacked
from hiddenspace.training.play import play
from hiddenspace.training.trainer import Trainer


class Small(Game):
    def __init__(self, width: int = 3, sparsity: float = 0.0, noise: GaussianNoise | None = None) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.net = nn.Sequential(nn.Linear(4, width), nn.Linear(width, 4))
        self.sparsity, self.noise = sparsity, noise

    def players(self):
        return {"net": Player((self.net,), self.loss)}

    def loss(self, x):
        return {"error": F.mse_loss(self.net(x), x)}


class At(Observer):
    """Does something at the end of a round."""

    def __init__(self, round_, what):
        self.round, self.what = round_, what

    def __call__(self, event):
        return self.what() if event.round == self.round else None


def trainer(folder: Path, **settings) -> Trainer:
    return Trainer(**{"precision": "32", "folder": folder, "checkpoint_seconds": 0, "resume": True, **settings})


def at(round_: int, value: float = 0.0) -> Checkpoint:
    return Checkpoint(round_, {"value": value}, {"weights": torch.full((2,), value)})


def rounds_in(folder: Path) -> list[int]:
    return sorted(int(path.name.removeprefix("round-")) for path in folder.glob("round-*"))


# the files ----------------------------------------------------------------------------------------------------------


def test_what_is_written_is_read(tmp_path):
    tied = torch.arange(6.0).view(2, 3)
    tensors = {
        "a": tied,
        "b": tied.T,
        "step": torch.tensor(3),
        "bits": torch.tensor([True]),
        "bf": torch.ones(2).bfloat16(),
    }
    write_checkpoint(tmp_path, Checkpoint(7, {"rows": [1.5, None, float("inf")]}, tensors))
    back = read_checkpoint(tmp_path)
    assert (back.round, back.values) == (7, {"rows": [1.5, None, float("inf")]})
    assert all(
        torch.equal(back.tensors[name], t) and back.tensors[name].dtype == t.dtype for name, t in tensors.items()
    )


def test_none_is_none(tmp_path):
    assert read_checkpoint(tmp_path) is None
    assert read_checkpoint(tmp_path / "nowhere") is None


def test_two_are_kept(tmp_path):
    for number in (1, 2, 30, 4000):
        write_checkpoint(tmp_path, at(number))
    assert rounds_in(tmp_path) == [30, 4000]


def test_those_of_later_rounds_go(tmp_path):
    for number in (5, 90):
        write_checkpoint(tmp_path, at(number))
    write_checkpoint(tmp_path, at(7))
    assert rounds_in(tmp_path) == [5, 7]


@pytest.mark.parametrize("steps", range(9))
def test_a_kill_while_they_are_removed_leaves_the_newest_or_none(tmp_path, monkeypatch, steps):
    for number in (4, 5):
        write_checkpoint(tmp_path, at(number))
    left = [steps]

    def until_killed(do):
        def step(*args, **kwargs):
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
            do(*args, **kwargs)

        return step

    for module, name in ((os, "replace"), (os, "rmdir"), (os, "unlink")):  # the last two are rmtree's
        monkeypatch.setattr(module, name, until_killed(getattr(module, name)))
    with contextlib.suppress(KeyboardInterrupt):
        remove_checkpoints(tmp_path)
    monkeypatch.undo()
    found = read_checkpoint(tmp_path)
    assert found is None or found.round == 5
    write_checkpoint(tmp_path, at(6))
    assert read_checkpoint(tmp_path).round == 6
    assert not list(tmp_path.glob(".*"))


def test_checkpoints_that_cannot_be_removed(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    write_checkpoint(tmp_path, at(1))
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(
        TrainingError, match=r"^cannot remove the checkpoints in .* \(Read-only file system\); mend that"
    ):
        remove_checkpoints(tmp_path)


@pytest.mark.parametrize("fails_in", ["state.safetensors", "state.json"])
def test_a_full_disk_leaves_the_one_before(tmp_path, monkeypatch, fails_in):
    write_checkpoint(tmp_path, at(1, 5.0))
    whole = checkpoint.write_durably

    def full(path, content):
        if path.name == fails_in:
            whole(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(path, content)

    monkeypatch.setattr(checkpoint, "write_durably", full)
    with pytest.raises(
        TrainingError, match=r"^cannot write a checkpoint to .* \(No space left on device\); .*untouched\.$"
    ):
        write_checkpoint(tmp_path, at(2, 6.0))
    assert read_checkpoint(tmp_path).values == {"value": 5.0}
    assert [path.name for path in tmp_path.iterdir()] == ["round-000000001"]


def test_what_a_kill_left_half_written_is_cleared_away(tmp_path):
    (tmp_path / ".draft-1").mkdir()
    (tmp_path / ".draft-1" / "state.json").write_text("{")
    assert read_checkpoint(tmp_path) is None
    write_checkpoint(tmp_path, at(1))
    assert [path.name for path in tmp_path.iterdir()] == ["round-000000001"]


def damaged(path: Path, how: str) -> None:
    state, tensors = path / "state.json", path / "state.safetensors"
    match how:
        case "torn":
            tensors.write_bytes(tensors.read_bytes()[:-3])
        case "a bit":
            content = bytearray(tensors.read_bytes())
            content[-1] ^= 1
            tensors.write_bytes(content)
        case "no tensors":
            tensors.unlink()
        case "a figure":
            state.write_text(re.sub(r'"value": \d', '"value": 7', state.read_text()))
        case "no json":
            state.write_text(state.read_text()[:20])
        case "other json":
            state.write_text("[]")
        case "a key":
            state.write_text(json.dumps({k: v for k, v in json.loads(state.read_text()).items() if k != "values"}))
        case "bytes":
            state.write_bytes(b"\xff\xfe\x00")


@pytest.mark.parametrize("how", ["torn", "a bit", "no tensors", "a figure", "no json", "other json", "a key", "bytes"])
def test_a_damaged_one_is_passed_over(tmp_path, how):
    for number in (1, 2):
        write_checkpoint(tmp_path, at(number, float(number)))
    damaged(tmp_path / "round-000000002", how)
    with pytest.warns(UserWarning, match="round-000000002 is damaged .* passed over"):
        assert read_checkpoint(tmp_path).values == {"value": 1.0}
    damaged(tmp_path / "round-000000001", how)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(TrainingError, match=r"every checkpoint in .* is damaged; start again"):
            read_checkpoint(tmp_path)


def test_a_newer_one_is_refused_and_not_passed_over(tmp_path):
    for number in (1, 2):
        write_checkpoint(tmp_path, at(number))
    head = tmp_path / "round-000000002" / "state.json"
    head.write_text(json.dumps({**json.loads(head.read_text()), "format": checkpoint.FORMAT + 1}))
    with pytest.raises(TrainingError, match=r"round-000000002 was written by a newer hiddenspace; upgrade it"):
        read_checkpoint(tmp_path)


def test_nested_states_survive():
    state = {
        0: {"step": torch.tensor(2.0), "dirs": [torch.ones(2), torch.zeros(1)], "H": 1},
        "betas": (0.9, 0.99),
        "n": None,
    }
    tensors: dict[str, torch.Tensor] = {}
    text = json.loads(json.dumps(packed(state, "optimizer", tensors)))
    back = unpacked(text, tensors)
    assert back["betas"] == (0.9, 0.99)
    assert back["n"] is None
    assert list(back) == [0, "betas", "n"]
    assert torch.equal(back[0]["dirs"][0], torch.ones(2))
    assert set(tensors) == {"optimizer/0/step", "optimizer/0/dirs/0", "optimizer/0/dirs/1"}
    with pytest.raises(TrainingError, match="cannot keep the object in here/x"):
        packed({"x": object()}, "here", {})


# the training -------------------------------------------------------------------------------------------------------


def test_a_training_on_a_full_disk_can_go_on_later(rows, tmp_path, monkeypatch):
    whole = Small()
    play(whole, rows(), rounds=9, trainer=Trainer(precision="32"))

    def fill() -> None:
        def full(path, content):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(checkpoint, "write_durably", full)

    with pytest.raises(TrainingError, match="No space left on device"):
        play(Small(), rows(), rounds=9, trainer=trainer(tmp_path), observers=[At(5, fill)])
    monkeypatch.undo()
    assert rounds_in(tmp_path / "checkpoints") == [3, 4]
    game = Small()
    play(game, rows(), rounds=9, trainer=trainer(tmp_path))
    assert torch.equal(game.net[0].weight, whole.net[0].weight)


def test_a_training_goes_on_from_the_checkpoint_before_a_damaged_one(rows, tmp_path):
    game = Small()
    history = play(game, rows(), rounds=9, trainer=trainer(tmp_path))
    damaged(tmp_path / "checkpoints" / "round-000000009", "torn")
    again = Small()
    with pytest.warns(UserWarning, match="damaged"):
        repeated = play(again, rows(), rounds=9, trainer=trainer(tmp_path))
    assert torch.equal(game.net[0].weight, again.net[0].weight)
    assert [row["train/error"] for row in repeated.rows] == [row["train/error"] for row in history.rows]
    assert read_checkpoint(tmp_path / "checkpoints").round == 9


def test_without_resume_nothing_of_the_old_training_comes_back(rows, tmp_path):
    def train(game: Game, *end: Observer, **settings) -> None:
        play(game, rows(), rounds=9, trainer=trainer(tmp_path, checkpoint_seconds=3600, **settings), observers=end)

    old, new, whole = Small(), Small(), Small()
    with torch.no_grad():
        old.net[0].weight += 1.0
    train(old)
    assert rounds_in(tmp_path / "checkpoints") == [9]
    with pytest.raises(TrainingError):
        train(Small(), At(2, fail), resume=False)  # before its first checkpoint
    train(new)
    play(whole, rows(), rounds=9, trainer=Trainer(precision="32"))
    assert torch.equal(new.net[0].weight, whole.net[0].weight)


def fail() -> None:
    raise TrainingError("stop here")


def test_time_decides_about_checkpoints_but_the_last_one_is_always_written(rows, tmp_path):
    play(Small(), rows(), rounds=9, trainer=trainer(tmp_path, checkpoint_seconds=3600))
    assert rounds_in(tmp_path / "checkpoints") == [9]


def test_a_finished_training_is_not_played_again(rows, tmp_path):
    def forbidden() -> None:
        raise AssertionError

    best = [BestWeights(), BestWeights()]
    stopped = play(
        Small(), rows(), rounds=90, trainer=trainer(tmp_path), observers=[best[0], At(5, lambda: Stop("enough"))]
    )
    watchers = [best[1], *(At(n, forbidden) for n in range(90))]
    again = Small()
    history = play(again, rows(), rounds=90, trainer=trainer(tmp_path), observers=watchers)
    assert history.rows == stopped.rows
    assert (best[1].epoch, best[1].loss) == (best[0].epoch, best[0].loss)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rounds": 8}, "rounds 9, now 8"),
        ({"content": 1}, "data: content"),
        ({"n": 25}, "data: batches 4, now 5; data: items 20, now 25"),
        ({"seed": 4}, "data: seed 3, now 4"),
        ({"batch_size": 10}, "data: batch size 5, now 10"),
        ({"held_out": 2}, "held-out data: content"),
        ({"width": 5}, "networks"),
        ({"sparsity": 0.1}, "game"),
        ({"noise": GaussianNoise(0.2)}, "game"),
        ({"optimizer": lambda p: torch.optim.AdamW(p, lr=0.02)}, "optimizers"),
        ({"optimizer": lambda p: torch.optim.SGD(p, lr=0.01)}, "optimizers"),
        ({"optimizer": lambda p: torch.optim.AdamW(p, lr=0.01, amsgrad=True)}, "optimizers"),
        ({"optimizer": lambda p: torch.optim.AdamW([{"params": p, "weight_decay": 0.5}], lr=0.01)}, "optimizers"),
        ({"clip": 1.0}, "clip null, now 1.0"),
        ({"ema": 0.9}, "ema null, now 0.9"),
        ({"schedule": abs}, "schedule"),
    ],
)
def test_another_training_is_not_gone_on_with(rows, tmp_path, change, said):
    def train(rounds=9, held_out=1, width=3, sparsity=0.0, noise=GaussianNoise(0.1), **settings):  # noqa: B008
        data = {name: settings.pop(name) for name in ("content", "n", "seed", "batch_size") if name in settings}
        settings.setdefault("optimizer", lambda p: torch.optim.AdamW(p, lr=0.01))
        game = Small(width, sparsity, noise)
        held = rows(seed=None, content=held_out)
        play(game, rows(**data), rounds=rounds, trainer=trainer(tmp_path, **settings), validation=held)

    train()
    train()  # the same once more is allowed
    train(optimizer=lambda p: torch.optim.AdamW(p, lr=0.01, foreach=True))  # and the same in another way
    with pytest.raises(TrainingError, match=r"other settings \(.*" + said) as caught:
        train(**change)
    assert "random_state" in str(caught.value)


def test_an_observer_that_was_not_there_before_starts_afresh(rows, tmp_path):
    with pytest.raises(TrainingError, match="stop here"):
        play(Small(), rows(), rounds=12, trainer=trainer(tmp_path), observers=[EarlyStopping(50), At(6, fail)])
    best, stopping = BestWeights(), EarlyStopping(50)
    play(Small(), rows(), rounds=12, trainer=trainer(tmp_path), observers=[best, stopping])
    assert best.epoch == 3
    assert stopping.loss is not None


def test_observers_of_one_name_keep_their_states_apart(rows, tmp_path):
    mine = type("EarlyStopping", (At,), {"state": lambda self: {"mine": 1}})  # somebody's own
    stopping = EarlyStopping(50)
    play(Small(), rows(), rounds=4, trainer=trainer(tmp_path), observers=[stopping, mine(0, fail)])
    kept = unpacked(read_checkpoint(tmp_path / "checkpoints").values["observers"], {})
    assert kept == {"EarlyStopping": stopping.state(), "EarlyStopping-2": {"mine": 1}}


class Cooling(Small):
    def epoch_ended(self):
        self.sparsity *= 0.5


def test_a_game_that_keeps_its_state_in_an_attribute_is_told_so(rows, tmp_path):
    with pytest.raises(TrainingError, match=r"changed during play \(sparsity 1.0, now 0.5\), .* with register_buffer"):
        play(Cooling(sparsity=1.0), rows(), rounds=9, trainer=trainer(tmp_path))
    play(Cooling(sparsity=1.0), rows(), rounds=9, trainer=Trainer(precision="32"))  # nothing is saved


def test_numbers_of_numpy_are_settings_too(rows, tmp_path):
    def train(clip, sparsity, rounds=9):
        settings = trainer(tmp_path, clip=clip, ema=np.float32(0.5), checkpoint_seconds=np.float64(0))
        play(Small(sparsity=sparsity), rows(batch_size=np.int64(5)), rounds=np.int64(rounds), trainer=settings)

    train(np.float32(0.5), np.float32(0.5))
    train(0.5, 0.5)
    with pytest.raises(TrainingError, match=r"other settings \(game\)"):
        train(0.5, np.float32(0.25))


def test_an_estimator_on_other_data_is_told_so(tmp_path):
    def fit(x, **params):
        settings = hs.Trainer(folder=tmp_path, resume=True, progress=False, precision="32")
        return hs.Autoencoder(code=2, epochs=2, trainer=settings, **params).fit(x)

    x = np.random.default_rng(0).normal(size=(40, 6))
    fit(x, random_state=0)
    fit(x, random_state=0)
    for wrong, params in [(x**2, {"random_state": 0}), (x, {"random_state": 1}), (x, {"random_state": 0, "width": 7})]:
        with pytest.raises(TrainingError, match="other settings"):
            fit(wrong, **params)


# Ctrl-C -------------------------------------------------------------------------------------------------------------


def ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


def test_ctrl_c_saves_and_says_how_to_go_on(rows, tmp_path):
    whole = Small()
    play(whole, rows(), rounds=9, trainer=Trainer(precision="32"))
    before = signal.getsignal(signal.SIGINT)
    settings = trainer(tmp_path, checkpoint_seconds=3600)
    with pytest.raises(
        KeyboardInterrupt, match=rf"interrupted and saved; .*Trainer\(folder='{tmp_path}', resume=True\)"
    ):
        play(Small(), rows(), rounds=9, trainer=settings, observers=[At(6, ctrl_c)])
    assert signal.getsignal(signal.SIGINT) is before
    assert rounds_in(tmp_path / "checkpoints") == [6]
    game = Small()
    play(game, rows(), rounds=9, trainer=settings)
    assert torch.equal(game.net[0].weight, whole.net[0].weight)


def test_ctrl_c_without_a_folder(rows):
    with pytest.raises(KeyboardInterrupt, match="nothing was saved, since no folder was given"):
        play(Small(), rows(), rounds=9, trainer=Trainer(precision="32"), observers=[At(6, ctrl_c)])


def test_ctrl_c_while_the_last_checkpoint_is_written_is_heard(rows, tmp_path, monkeypatch):
    write = checkpoint.write_durably

    def interrupted(path, content):
        write(path, content)
        if path.name == "state.json":
            ctrl_c()

    monkeypatch.setattr(checkpoint, "write_durably", interrupted)
    with pytest.raises(KeyboardInterrupt, match="interrupted and saved"):
        play(Small(), rows(), rounds=9, trainer=trainer(tmp_path, checkpoint_seconds=3600))
    assert rounds_in(tmp_path / "checkpoints") == [9]


def test_a_second_ctrl_c_interrupts_at_once(rows, tmp_path):
    def twice() -> None:
        ctrl_c()
        ctrl_c()
        raise AssertionError("it went on")

    with pytest.raises(KeyboardInterrupt, match="at once"):
        play(Small(), rows(), rounds=9, trainer=trainer(tmp_path, checkpoint_seconds=3600), observers=[At(6, twice)])
    assert rounds_in(tmp_path / "checkpoints") == []


def test_where_ctrl_c_is_ignored_it_stays_so(rows):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        history = play(Small(), rows(), rounds=8, trainer=Trainer(precision="32"), observers=[At(6, ctrl_c)])
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(history.rows) == 2
