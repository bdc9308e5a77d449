"""Run by test_resume.py: trains in forked children that kill themselves at some line of our code, and resumes them.

Usage: killed.py WHAT FOLDER [EVENT ...]. WHAT is `play` or `estimator`. FOLDER gets whole.safetensors and whole.json of
a training left alone, and N.safetensors and N.json of one that was killed at each of the moments of the N-th EVENT,
comma separated: a share between 0 and 1 of all lines of the whole training, or `torn-K`, in the middle of the K-th
file that it writes.
"""

import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

import hiddenspace as hs
from hiddenspace.data.batches import ArrayBatches
from hiddenspace.training import checkpoint
from hiddenspace.training.game import Game, Player
from hiddenspace.training.observers import BestWeights, CsvLog, EarlyStopping
from hiddenspace.training.play import play
from hiddenspace.training.schedules import OneCycle
from hiddenspace.training.trainer import Trainer

DATA = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
LINES = 0


class Noisy(Game):
    """Two players with noise, dropout and a pool of what the first left behind for the second."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Dropout(0.2), nn.Linear(5, 6))
        self.canvas = nn.Parameter(torch.zeros(6))
        self.register_buffer("pool", torch.zeros(6))

    def players(self):
        lbfgs = lambda p: torch.optim.LBFGS(p, lr=0.1, max_iter=2)  # noqa: E731
        return {"net": Player((self.net,), self.loss), "canvas": Player((self.canvas,), self.draw, optimizer=lbfgs)}

    def loss(self, x):
        out = self.net(x + 0.1 * torch.randn_like(x) + float(np.random.normal()) * 0.01)  # noqa: NPY002
        self.pool = out.detach().mean(0)
        return {"error": F.mse_loss(out, x)}

    def draw(self, x):
        return {"distance": (self.canvas - self.pool).square().sum()}

    def evaluate(self, x):
        return {"error": F.mse_loss(self.net(x + 0.1 * torch.randn_like(x)), x)}


def by_play(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002
    game, best = Noisy(), BestWeights()
    batches = ArrayBatches(DATA[:32], lambda raw: raw, batch_size=8, seed=1, drop_last=True)
    held_out = ArrayBatches(DATA[32:], lambda raw: raw, batch_size=8, seed=None, drop_last=False)
    trainer = Trainer(
        precision="32",
        optimizer=lambda p: torch.optim.AdamW(p, lr=0.2),
        schedule=OneCycle(),
        clip=1.0,
        ema=0.9,
        folder=folder,
        checkpoint_seconds=0,
        resume=True,
    )
    watchers = [best, EarlyStopping(3), CsvLog(folder / "metrics.csv")]
    history = play(game, batches, rounds=24, trainer=trainer, observers=watchers, validation=held_out)
    last = {f"last.{name}": t.clone() for name, t in game.state_dict().items()}
    best.put_back()
    after = {"after": torch.randn(1), "after numpy": torch.tensor(np.random.normal())}  # noqa: NPY002
    return {**last, **game.state_dict(), **after}, {"rows": history.rows, "best": best.epoch}


def by_estimator(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    trainer = hs.Trainer(precision="32", folder=folder, checkpoint_seconds=0, resume=True, progress=False, ema=0.8)
    model = hs.DenoisingAutoencoder(code=2, epochs=6, batch_size=8, patience=2, random_state=0, trainer=trainer)
    model.fit(DATA)
    weights = {f"{name}.{key}": t for name, net in model.networks().items() for key, t in net.state_dict().items()}
    return {**weights, "codes": torch.from_numpy(model.transform(DATA))}, {
        "rows": model.history_,
        "best": model.best_epoch_,
    }


def train(what: str, folder: Path, out: Path) -> None:
    folder.mkdir(exist_ok=True)
    tensors, figures = {"play": by_play, "estimator": by_estimator}[what](folder)
    save_file({name: t.detach().clone().contiguous() for name, t in tensors.items()}, out.with_suffix(".safetensors"))
    figures["csv"] = (folder / "metrics.csv").read_text().splitlines()
    out.with_suffix(".json").write_text(json.dumps({**figures, "lines": LINES}))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def count_lines(last: float) -> None:
    """Counts the lines of our training code as they run, and dies at the `last`."""

    def line(frame: FrameType, event: str, _: Any) -> Any:
        global LINES
        LINES += event == "line"
        if last <= LINES:
            die()
        return line

    def call(frame: FrameType, event: str, _: Any) -> Any:
        return line if "hiddenspace/training" in frame.f_code.co_filename else None

    sys.settrace(call)


def tear(which: int) -> None:
    """Dies when half of the `which`-th file of a checkpoint is written."""
    count = 0

    def write(path: Path, content: bytes) -> None:
        nonlocal count
        count += 1
        path.write_bytes(content if count < which else content[: len(content) // 2])
        if count == which:
            die()

    checkpoint.write_durably = write


def in_a_child(what: str, folder: Path, out: Path, event: str, lines: int) -> None:
    child = os.fork()
    if child == 0:
        try:
            if event.startswith("torn-"):
                tear(int(event.removeprefix("torn-")))
            else:
                count_lines(float(event) * lines)
            train(what, folder, out)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status == (0 if event == "inf" else signal.SIGKILL), (event, status)


def main() -> None:
    torch.set_num_threads(1)
    what, folder, *events = sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]
    train(what, folder / "run-first", folder / "first")  # what it imports the children need not import again
    in_a_child(what, folder / "run-whole", folder / "whole", "inf", 1)
    lines = json.loads((folder / "whole.json").read_text())["lines"]
    for index, event in enumerate(events):
        for moment in (*event.split(","), "inf"):
            in_a_child(what, folder / f"run-{index}", folder / str(index), moment, lines)


if __name__ == "__main__":
    main()
