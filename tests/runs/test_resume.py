"""A run that is killed goes on to the same end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import hiddenspace as hs
from hiddenspace.runs.settings import RunSettings

ARGUMENTS = ["--epochs", "12", "--model", "denoising", "--checkpoint-seconds", "0", "--quiet"]


def fit(*arguments: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", "import sys; from hiddenspace.cli.main import main; sys.exit(main())", "fit"]
    return subprocess.Popen([*command, *arguments], env=environment, text=True, stderr=subprocess.PIPE)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_run_ends_as_one_left_alone(tmp_path: Path, number: signal.Signals) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    with fit("digits", *ARGUMENTS, "--out", str(whole)) as process:
        assert process.wait() == 0
    with fit("digits", *ARGUMENTS, "--out", str(cut)) as process:
        deadline = time.monotonic() + 60
        while not list(cut.glob("checkpoints/round-*")) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        code = process.wait()
        said = process.stderr.read()
    assert code == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    if number == signal.SIGINT:
        assert f"hiddenspace fit --resume {cut}" in said
    assert RunSettings.read(cut)[1]["status"] == "running"
    with fit("--resume", str(cut), "--quiet") as process:
        assert process.wait() == 0
    x = hs.load_dataset("digits")
    np.testing.assert_array_equal(hs.load(cut).transform(x), hs.load(whole).transform(x))
    kept = [RunSettings.read(folder)[1] for folder in (cut, whole)]
    assert [m["mse"] for m in kept[0]["models"]] == [m["mse"] for m in kept[1]["models"]]
