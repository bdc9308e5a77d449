"""torch.compile: when it is used, and that it leaves no trace."""

import copy
import pickle
import shutil
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch._dynamo.utils import counters

from hiddenspace.errors import UsageError
from hiddenspace.training import compiling
from hiddenspace.training.compiling import MEASURED, Compiler
from hiddenspace.training.game import Game, Player
from hiddenspace.training.play import play
from hiddenspace.training.trainer import Trainer


class Rebuild(Game):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.net = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 4))

    def players(self):
        return {"net": Player((self.net,), self.loss)}

    def loss(self, x):
        return {"error": F.mse_loss(self.net(x), x)}


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, ("g++", "clang++"))), reason="torch.compile needs a C++ compiler here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's own, when its compiler is imported
def test_compiled_networks_learn_the_same_and_are_plain_afterwards(rows):
    plain, compiled = Rebuild(), Rebuild()
    play(plain, rows(), rounds=4, trainer=Trainer(precision="32", compile=False))
    torch._dynamo.reset()
    counters.clear()
    play(compiled, rows(), rounds=4, trainer=Trainer(precision="32", compile=True), validation=rows(seed=None))
    assert counters["stats"]["unique_graphs"] == 1
    for mine, its in zip(plain.parameters(), compiled.parameters(), strict=True):
        assert torch.allclose(mine, its, atol=1e-6)
    assert compiled.net._compiled_call_impl is None
    x = torch.ones(2, 4)
    for again in (copy.deepcopy(compiled), pickle.loads(pickle.dumps(compiled))):
        assert torch.equal(again.net(x), compiled.net(x))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_without_a_compiler_the_mend_is_said(rows, monkeypatch, tmp_path):
    import torch._inductor.config as inductor

    monkeypatch.setattr(inductor.cpp, "cxx", ("no-such-compiler",))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))  # where nothing is compiled yet
    torch._dynamo.reset()
    game = Rebuild()
    with pytest.raises(UsageError, match=r"(?s)^torch.compile does not work here .*; mend that .* compile=False\.$"):
        play(game, rows(), rounds=2, trainer=Trainer(precision="32", compile=True))
    assert game.net._compiled_call_impl is None


@pytest.mark.parametrize(
    ("wanted", "device", "rounds_left", "compiled"),
    [
        (False, "cuda", 10**6, False),
        ("auto", "cpu", 10**6, False),
        ("auto", "cuda", 10**6, True),
        ("auto", "cuda", 10, False),
    ],
)
def test_it_is_compiled_by_itself_where_it_pays_back(monkeypatch, wanted, device, rounds_left, compiled):
    clock = iter(range(100))
    monkeypatch.setattr(compiling, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    game = Rebuild()
    compiler = Compiler(game, Trainer(compile=wanted), torch.device(device))
    compiler.begin()
    for number in range(MEASURED + 5):
        assert game.net._compiled_call_impl is None or number >= MEASURED
        compiler.round_ended(rounds_left)
    assert (game.net._compiled_call_impl is not None) == compiled


def test_what_somebody_has_compiled_before_stays_so():
    game = Rebuild()
    game.net._compiled_call_impl = before = lambda x: x
    compiler = Compiler(game, Trainer(compile=True), torch.device("cpu"))
    compiler.begin()
    compiler.undo()
    assert game.net._compiled_call_impl is before


def test_a_frozen_network_is_called_as_it_is(monkeypatch):
    calls = []
    monkeypatch.setattr(torch, "compile", lambda f: lambda *given: calls.append(f) or f(*given))
    game, x = Rebuild(), torch.ones(2, 4)
    compiler = Compiler(game, Trainer(compile=True), torch.device("cpu"))
    compiler.begin()
    for learns in (False, True, False, True):
        game.requires_grad_(learns)
        assert game.net(x).requires_grad == learns
    assert len(calls) == 2
    compiler.undo()
    game.requires_grad_(False)
    compiler.begin()  # as one that never learns
    game.net(x)
    assert len(calls) == 3
    compiler.undo()
