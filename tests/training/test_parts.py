"""The parts of the loop by themselves: averages, schedules, random states, precision, the trainer's checks."""

import contextlib
import math
import random

import numpy as np
import pytest
import torch
from torch import nn

from hiddenspace.errors import UsageError
from hiddenspace.training import precision
from hiddenspace.training.ema import MovingAverage
from hiddenspace.training.game import Game, Player
from hiddenspace.training.play import play
from hiddenspace.training.randomness import random_state, seeded, set_random_state
from hiddenspace.training.schedules import OneCycle
from hiddenspace.training.trainer import Trainer

CPU, CUDA, MPS = torch.device("cpu"), torch.device("cuda"), torch.device("mps")


class Counting(Game):
    """Each step adds 1 to the weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.register_buffer("rounds", torch.zeros(1))

    def players(self):
        return {"weight": Player((self.weight,), self.loss, optimizer=lambda p: torch.optim.SGD(p, lr=1.0), steps=2)}

    def loss(self, x):
        self.rounds += 0.5
        return {"minus": -self.weight.sum()}

    def evaluate(self, x):
        return {"weight": self.weight.detach().sum()}


def averaged(values: list[float], decay: float, start: float = 0.0) -> float:
    average = start
    for step, value in enumerate(values):
        kept = min(decay, (1 + step) / (10 + step))
        average = kept * average + (1 - kept) * value
    return average


def test_the_average_is_the_recursion_it_says():
    module = nn.Linear(1, 1, bias=False)
    first = module.weight.item()
    average = MovingAverage(module, 0.5)
    values = [1.0, 4.0, -2.0, 7.0, 0.5, 3.0, 3.0, 9.0, -5.0, 2.0, 8.0, 1.0]
    for value in values:
        nn.init.constant_(module.weight, value)
        average.update()
    with average.applied():
        assert module.weight.item() == pytest.approx(averaged(values, 0.5, first), rel=1e-6)
    assert module.weight.item() == 1.0


def test_running_statistics_are_averaged_along_and_the_count_of_batches_is_not():
    module = nn.BatchNorm1d(2)
    average = MovingAverage(module, 0.5)
    means = [1.0, 4.0, -2.0, 7.0]
    for mean in means:
        module.running_mean.fill_(mean)
        module.running_var.fill_(mean**2)
        module.num_batches_tracked += 1
        average.update()
    with average.applied():
        assert module.running_mean.tolist() == pytest.approx([averaged(means, 0.5)] * 2, rel=1e-6)
        assert module.running_var.tolist() == pytest.approx([averaged([m**2 for m in means], 0.5, 1.0)] * 2, rel=1e-6)
        assert module.num_batches_tracked.item() == 4
    assert module.running_mean.tolist() == [7.0, 7.0]


def test_the_average_is_taken_once_a_round_and_is_what_is_judged_and_kept(rows):
    game = Counting()
    history = play(game, rows(), rounds=6, trainer=Trainer(precision="32", ema=0.9), validation=rows(seed=None))
    after = [2.0, 4.0, 6.0, 8.0, 10.0, 12.0]
    assert game.weight.item() == pytest.approx(averaged(after, 0.9), rel=1e-6)
    judged = [averaged(after[:n], 0.9) for n in (2, 4, 6)]
    assert [row["validation/weight"] for row in history.rows] == pytest.approx(judged, rel=1e-6)
    assert game.rounds.item() == 6.0  # buffers are not averaged


@pytest.mark.parametrize(
    ("progress", "factor"),
    [(0.0, 0.1), (0.05, 0.55), (0.1, 1.0), (0.325, (2 + math.sqrt(2)) / 4), (0.55, 0.5), (1.0, 1e-3)],
)
def test_one_cycle(progress, factor):
    assert OneCycle()(progress) == pytest.approx(factor)


@pytest.mark.parametrize(("warmup", "at_zero"), [(0.0, 1.0), (0.5, 0.1)])
def test_one_cycle_with_another_warmup(warmup, at_zero):
    schedule = OneCycle(warmup=warmup)
    factors = [schedule(n / 100) for n in range(101)]
    assert factors[0] == pytest.approx(at_zero)
    assert max(factors) == 1.0
    assert factors[int(warmup * 100)] == 1.0


def draws() -> tuple[float, float, float, float]:
    return random.random(), float(np.random.normal()), float(torch.rand(())), random.gauss(0, 1)  # noqa: NPY002


def test_random_states_come_back():
    draws()  # Python's and NumPy's normal draws keep a second one for later
    state = random_state(CPU)
    first = draws()
    draws()
    set_random_state(state, CPU)
    assert draws() == first


def test_seeded_leaves_no_trace():
    before = random_state(CPU)
    with seeded(3):
        first = draws()
    after = draws()
    set_random_state(before, CPU)
    assert draws() == after
    again = []
    with contextlib.suppress(ZeroDivisionError), seeded(3):
        again.append(draws())
        raise ZeroDivisionError
    assert again == [first]
    set_random_state(before, CPU)
    with seeded(4):
        assert draws() != first


@pytest.mark.parametrize(
    ("asked", "device", "fast", "got"),
    [
        ("32", CPU, True, "32"),
        ("32", CUDA, True, "32"),
        ("bf16", CPU, False, "bf16"),
        ("auto", CPU, True, "bf16"),
        ("auto", CPU, False, "32"),
        ("auto", CUDA, True, "bf16"),
        ("auto", CUDA, False, "32"),
        ("auto", MPS, True, "32"),
    ],
)
def test_precision(monkeypatch, asked, device, fast, got):
    monkeypatch.setattr(precision, "cpu_multiplies_bfloat16", lambda: fast)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: fast and not including_emulation)
    assert precision.resolve(asked, device) == got


@pytest.mark.parametrize(
    ("capabilities", "fast"),
    [({"amx_bf16": True}, True), ({"avx512_bf16": True}, True), ({"bf16": True}, True), ({"avx2": True}, False)],
)
def test_which_processors_multiply_bfloat16(monkeypatch, capabilities, fast):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_f": True, "amx_bf16": False, **capabilities})
    assert precision.cpu_multiplies_bfloat16.__wrapped__() is fast


@pytest.mark.parametrize(
    "wrong",
    [{"precision": "16"}, {"compile": "yes"}, {"ema": 1.0}, {"ema": -0.1}, {"clip": 0.0}, {"strategy": "fsdp"}],
)
def test_a_trainer_refuses_what_makes_no_sense(wrong):
    name, value = next(iter(wrong.items()))
    with pytest.raises(UsageError, match=rf"{name}={value!r} is .*; use "):
        Trainer(**wrong)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_devices_that_are_not_there():
    with pytest.raises(UsageError, match=r"accelerator='cuda' with devices=1 cannot be had here \(.*\); use what"):
        Trainer(accelerator="cuda", devices=1).launch()
