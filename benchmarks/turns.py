"""Loops timed against each other: each in a process of its own, one at a time, turn after turn."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


class Clock:
    """Times epoch after epoch, and waits for a word before each, so that processes can take turns.

    The first epoch is not timed.
    """

    def __init__(self) -> None:
        self.started: float | None = None

    def epoch_ended(self) -> None:
        seconds = 0.0 if self.started is None else time.perf_counter() - self.started
        print(seconds, flush=True)
        sys.stdin.readline()
        self.started = time.perf_counter()


def take_turns(script: str, kinds: Sequence[str], pythons: Mapping[str, str], turns: int) -> dict[str, list[float]]:
    """Seconds of each turn by kind: `python script KIND` is started for all, and then one at a time goes on.

    `pythons` names the interpreters of those that need another one than this.
    """
    children = {
        kind: subprocess.Popen(
            [pythons.get(kind, sys.executable), script, kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=Path(script).parent,
        )
        for kind in kinds
    }

    def seconds_of(kind: str) -> float:
        for line in children[kind].stdout or ():
            try:
                return float(line)
            except ValueError:  # what else a peer prints
                continue
        raise RuntimeError(f"'{kind}' ended early; run 'python {script} \"{kind}\"' to see why.")

    for kind in kinds:
        seconds_of(kind)
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(turns):
        for kind, child in children.items():
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
            taken[kind].append(seconds_of(kind))
    for child in children.values():
        child.communicate("go\n")
    return taken
