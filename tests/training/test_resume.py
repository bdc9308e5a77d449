"""A training killed with SIGKILL anywhere and resumed ends exactly as one left alone."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

EVENTS = {
    "play": ["0.03", "0.97", "torn-5", "torn-12,0.2", "ANY,ANY"],
    "estimator": ["torn-9", "ANY,ANY"],
}


def figures(path: Path) -> dict[str, Any]:
    """All that was reported, but for what the clock says."""
    told = json.loads(path.read_text())
    timed = ("seconds", "items_per_second")
    rows = [{name: value for name, value in row.items() if name not in timed} for row in told["rows"]]
    columns = told["csv"][0].split(",")
    kept = [index for index, name in enumerate(columns) if name not in timed]
    table = [[line.split(",")[index] for index in kept] for line in told["csv"]]
    return {"rows": rows, "best": told["best"], "csv": table}


def moments(event: str, lot: random.Random) -> str:
    """A figure for each ANY; the second of two moments comes before what the first has left runs out."""
    left = 0.9
    named = []
    for moment in event.split(","):
        named.append(f"{lot.uniform(0.02, left):.6f}" if moment == "ANY" else moment)
        left = 0.9 * (1 - float(named[-1])) if moment == "ANY" else left
    return ",".join(named)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["play", "estimator"])
def test_killed_and_resumed(what: str, tmp_path: Path) -> None:
    events = [moments(event, random.Random(os.urandom(8))) for event in EVENTS[what]]
    script = Path(__file__).with_name("killed.py")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, "-W", "error", script, what, tmp_path, *events],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, (events, ran.stderr)
    whole, told = load_file(tmp_path / "whole.safetensors"), figures(tmp_path / "whole.json")
    if what == "play":
        assert len(told["rows"]) < 12, "it is to stop early, so that this is covered too"
        assert told["best"] < len(told["rows"])
        assert not torch.equal(whole["last.net.0.weight"], whole["net.0.weight"])
    for index, event in enumerate(events):
        resumed = load_file(tmp_path / f"{index}.safetensors")
        assert [n for n in whole if not torch.equal(whole[n], resumed[n])] == [], event
        assert figures(tmp_path / f"{index}.json") == told, event
