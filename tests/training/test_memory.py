import os
import platform
import resource
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from hiddenspace.training.memory import TUNED, memory_kept

MIB = 2**20

needs_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="what is tested is done under glibc alone")


@pytest.fixture(autouse=True)
def untuned(monkeypatch: pytest.MonkeyPatch) -> None:
    if "LD_PRELOAD" in os.environ:
        pytest.skip("another malloc may be loaded")
    for name in [name for name in os.environ if name.startswith(TUNED)]:
        monkeypatch.delenv(name)


def pages_taken(size: int, times: int) -> int:
    """How many times the system had to hand out memory for blocks of so many bytes that came and went."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        np.ones(size, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def resident() -> int:
    """Bytes of this process in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


@needs_glibc
def test_large_blocks_are_taken_from_the_system_once() -> None:
    with memory_kept():
        pages_taken(64 * MIB, 1)
        kept = pages_taken(64 * MIB, 4)
    given_back = pages_taken(64 * MIB, 4)
    assert kept < given_back / 10


@needs_glibc
def test_what_was_kept_is_given_back_after_the_last_of_those_inside() -> None:
    before = resident()
    with memory_kept():
        with memory_kept():
            np.ones(256 * MIB, np.uint8)
        within = resident()
    assert within - before > 128 * MIB
    assert resident() - before < 96 * MIB


@needs_glibc
def test_an_error_ends_it_too() -> None:
    with pytest.raises(ValueError, match="on the way"), memory_kept():
        raise ValueError("on the way")
    pages_taken(64 * MIB, 1)
    assert pages_taken(64 * MIB, 2) > 20


@needs_glibc
def test_a_malloc_that_somebody_has_tuned_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "2")
    with memory_kept():
        pages_taken(64 * MIB, 1)
        assert pages_taken(64 * MIB, 2) > 20


@pytest.mark.parametrize("wanted", [True, False])
def test_a_game_is_played_with_memory_kept_unless_it_does_not_want_it(wanted, monkeypatch) -> None:
    from hiddenspace.style.painting import Steps
    from hiddenspace.training.game import Game, Player
    from hiddenspace.training.play import play
    from hiddenspace.training.trainer import Trainer

    inside: list[bool] = [False]

    @contextmanager
    def watched():
        inside[0] = True
        yield
        inside[0] = False

    class Shrinking(Game):
        keeps_memory = wanted

        def __init__(self) -> None:
            super().__init__()
            self.x = torch.nn.Parameter(torch.ones(1))

        def players(self):
            return {"x": Player((self.x,), self.loss)}

        def loss(self, batch):
            assert inside[0] is wanted
            return {"x": self.x.square().sum()}

    monkeypatch.setattr("hiddenspace.training.play.memory_kept", watched)
    trainer = Trainer(accelerator="cpu", progress=False)
    assert len(play(Shrinking(), Steps(1, "nothing"), rounds=2, trainer=trainer).rows) == 2
