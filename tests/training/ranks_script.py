"""Run by test_ranks.py: trains over two gloo ranks and writes what came of it, of each rank, into a folder.

Usage: ranks_script.py started FOLDER   forks two ranks with the environment that torchrun gives
       ranks_script.py launched FOLDER  Trainer(devices=2) starts the second rank by itself
"""

import errno
import json
import math
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch._dynamo  # these take their time, and once is enough for two forked ranks
import torch.nn.functional as F
import torch.utils.tensorboard
from torch import nn

from hiddenspace.autoencoders.autoencoder import Autoencoder
from hiddenspace.data.batches import ArrayBatches
from hiddenspace.training import checkpoint, ranks
from hiddenspace.training.events import Observer, Stop
from hiddenspace.training.game import Game, Player
from hiddenspace.training.observers import CsvLog, TensorBoard
from hiddenspace.training.play import play
from hiddenspace.training.progress import ProgressBar
from hiddenspace.training.trainer import Trainer

DATA = np.random.default_rng(0).normal(size=(43, 6)).astype(np.float32)
SETTINGS: dict[str, Any] = {}


def sgd(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.AdamW(parameters, lr=0.01, weight_decay=0.1)


def batches(n: int = 36, seed: int | None = 1, size: int = 12) -> ArrayBatches:
    return ArrayBatches(DATA[:n], lambda raw: raw, batch_size=size, seed=seed, drop_last=seed is not None)


def held_out(n: int = 7) -> ArrayBatches:
    return ArrayBatches(DATA[36 : 36 + n], lambda raw: raw, batch_size=3, seed=None, drop_last=False)


class Mean(Game):
    """Nothing random, and a mean over items. One layer never gets a gradient."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(ranks.rank())  # the first rank's weights are to count
        self.net = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 6))
        self.unused = nn.Linear(2, 2)
        self.head = nn.Linear(6, 1)
        torch.manual_seed(0)

    def players(self):
        return {
            "net": Player((self.net, self.unused), self.loss, steps=2),
            "head": Player((self.head,), self.judge, start=2, fresh_batch=False),
        }

    def loss(self, x):
        return {"error": F.mse_loss(self.net(x), x)}

    def judge(self, x):
        return {"judged": (self.head(self.net(x)) - x.mean(1, keepdim=True)).square().mean()}

    def evaluate(self, x):
        return {"error": F.mse_loss(self.net(x), x), "mean": x.mean()}


def weights(game: nn.Module) -> dict[str, list[float]]:
    return {name: tensor.flatten().tolist() for name, tensor in game.state_dict().items()}


def mean_game(folder: Path) -> Any:
    game = Mean()
    trainer = Trainer(precision="32", optimizer=sgd, clip=1.0, ema=0.5, **SETTINGS)
    history = play(game, batches(), rounds=12, trainer=trainer, validation=held_out())
    timed = ("seconds", "items_per_second")
    rows = [{name: value for name, value in row.items() if name not in timed} for row in history.rows]
    return {"weights": weights(game), "rows": rows}


class Kernel(Game):
    """A convolution, whose weights lie in memory in another order than they are indexed in."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.net = nn.Conv2d(2, 3, 3, padding=1).to(memory_format=torch.channels_last)

    def players(self):
        return {"net": Player((self.net,), lambda x: {"size": self.net(x.reshape(-1, 2, 3, 1)).square().mean()})}


def kernel(folder: Path) -> Any:
    game = Kernel()
    play(game, batches(), rounds=5, trainer=Trainer(precision="32"))
    return weights(game)


def one_held_out_item(folder: Path) -> Any:
    return play(Mean(), batches(), rounds=2, trainer=Trainer(precision="32"), validation=held_out(1)).rows


class Sometimes(Mean):
    """The first rank's loss has a gradient for one layer, the second's for another."""

    def __init__(self) -> None:
        super().__init__()
        self.mine = nn.ParameterList([torch.zeros(2), torch.zeros(2)])

    def players(self):
        return {"net": Player((self.mine,), lambda x: {"sum": self.mine[ranks.rank()].sum()})}


def sometimes(folder: Path) -> Any:
    game = Sometimes()
    settings = Trainer(precision="32", optimizer=lambda p: torch.optim.SGD(p, lr=1.0))
    play(game, batches(), rounds=3, trainer=settings)
    return [parameter.tolist() for parameter in game.mine]


class Normalised(Mean):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Linear(5, 6))


def statistics(folder: Path) -> Any:
    game = Normalised()
    play(game, batches(), rounds=6, trainer=Trainer(precision="32"), validation=held_out())
    return game.net[1].running_mean.tolist()


class Canvas(Game):
    def __init__(self) -> None:
        super().__init__()
        self.canvas = nn.Parameter(torch.zeros(6, dtype=torch.float64))

    def players(self):
        lbfgs = lambda p: torch.optim.LBFGS(p, max_iter=6, line_search_fn="strong_wolfe")  # noqa: E731
        return {"canvas": Player((self.canvas,), self.loss, optimizer=lbfgs)}

    def loss(self, x):
        return {"distance": ((x - self.canvas).square() + 0.1 * (x - self.canvas) ** 4).mean()}


def l_bfgs(folder: Path) -> Any:
    game = Canvas()
    play(game, batches(), rounds=4, trainer=Trainer(precision="32"))
    return weights(game)


def files(folder: Path) -> Any:
    mine = folder / f"files-{ranks.rank()}"
    mine.mkdir()
    watchers = [CsvLog(mine / "metrics.csv"), TensorBoard(mine / "board"), ProgressBar("bar", show=True)]
    trainer = Trainer(precision="32", folder=mine, checkpoint_seconds=0, observers=watchers)
    try:
        play(Mean(), batches(), rounds=4, trainer=trainer)
    finally:
        watchers[2].finished()
    return [sorted({path.name.split(".")[0] for path in mine.rglob("*")}), watchers[2]._bar is not None]


class Noise(Mean):
    def loss(self, x):
        self.drawn = [float(torch.rand(())), float(np.random.random())]  # noqa: NPY002
        return super().loss(x)


def noise(folder: Path) -> Any:
    game = Noise()
    np.random.seed(0)  # noqa: NPY002
    play(game, batches(), rounds=1, trainer=Trainer(precision="32"))
    return game.drawn


class At(Observer):
    """Does something at the end of a round, on one rank."""

    def __init__(self, round_: int, rank: int, what: Callable[[], Any]) -> None:
        self.round, self.rank, self.what, self.last = round_, rank, what, 0

    def __call__(self, event):
        self.last = event.round
        return self.what() if (event.round, ranks.rank()) == (self.round, self.rank) else None


def play_on(folder: Path, name: str, watcher: Observer, game: Game | None = None) -> Any:
    trainer = Trainer(precision="32", optimizer=sgd, folder=folder / name, checkpoint_seconds=0, resume=True)
    game = game or Mean()
    play(game, batches(), rounds=9, trainer=trainer, observers=[watcher])
    return weights(game)


def interrupted(folder: Path) -> Any:
    watcher = At(4, 1, lambda: signal.raise_signal(signal.SIGINT))
    try:
        play_on(folder, "interrupted", watcher)
    except KeyboardInterrupt as interruption:
        resumed = play_on(folder, "interrupted", At(0, 0, int))
        return [watcher.last, str(interruption), resumed == play_on(folder, "whole", At(0, 0, int))]


def stopped_by_one(folder: Path) -> Any:
    watcher = At(4, 1, lambda: Stop("enough"))
    play_on(folder, "stopped", watcher)
    return watcher.last


def of(failing: Callable[[], Any]) -> list[str]:
    try:
        failing()
    except Exception as error:
        return [type(error).__name__, str(error)]
    return ["nothing", ""]


class Broken(Mean):
    def loss(self, x):
        terms = super().loss(x)
        return {"error": terms["error"] * (math.nan if ranks.rank() == 1 and self.progress > 0.3 else 1.0)}


def not_finite(folder: Path) -> Any:
    return of(lambda: play(Broken(), batches(), rounds=9, trainer=Trainer(precision="32")))


def full_disk(folder: Path) -> Any:
    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    whole, checkpoint.write_durably = checkpoint.write_durably, full
    try:
        return of(lambda: play_on(folder, "full", At(0, 0, int)))
    finally:
        checkpoint.write_durably = whole


def another_seed(folder: Path) -> Any:
    return of(lambda: play(Mean(), batches(seed=ranks.rank()), rounds=2, trainer=Trainer(precision="32")))


def too_small(folder: Path) -> Any:
    return of(lambda: play(Mean(), batches(size=1), rounds=2, trainer=Trainer(precision="32")))


def another_folder(folder: Path) -> Any:
    play_on(folder, "there", At(0, 0, int))
    return of(lambda: play_on(folder, "there" if ranks.rank() == 0 else "not-there", At(0, 0, int)))


def estimator(folder: Path) -> Any:
    trainer = Trainer(precision="32", folder=folder / "estimator", progress=False, **SETTINGS)
    model = Autoencoder(code=2, epochs=3, batch_size=8, random_state=0, trainer=trainer).fit(DATA)
    return model.transform(DATA).tolist()


SCENARIOS: list[Callable[[Path], Any]] = [
    *(mean_game, kernel, one_held_out_item, sometimes, l_bfgs, statistics, files, noise, interrupted, stopped_by_one),
    *(not_finite, full_disk, another_seed, too_small, another_folder, estimator),
]


def run(folder: Path, name: str, scenarios: list[Callable[[Path], Any]]) -> None:
    """Starts the ranks, as the first training would, so that even building a game may ask for its rank."""
    torch.set_num_threads(1)
    Trainer(**SETTINGS).launch()
    results = {scenario.__name__: scenario(folder) for scenario in scenarios}
    (folder / f"{name}-{ranks.rank()}.json").write_text(json.dumps(results))


def two_children(folder: Path) -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    children = []
    for rank in ("0", "1"):
        children.append(os.fork())
        if children[-1] == 0:
            os.environ |= {**started, "RANK": rank, "LOCAL_RANK": rank}
            try:
                run(folder, "started", SCENARIOS)
                torch.distributed.destroy_process_group()
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
    return max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)


def main() -> int:
    what, folder = sys.argv[1], Path(sys.argv[2])
    if what == "started":
        return two_children(folder)
    SETTINGS.update(devices=2, accelerator="cpu", strategy="ddp")
    run(folder, what, [mean_game, estimator])
    return 0


if __name__ == "__main__":
    sys.exit(main())
