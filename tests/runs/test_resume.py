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
from hiddenspace.cli.main import main
from hiddenspace.runs.settings import RunSettings

ARGUMENTS = ["--epochs", "40", "--model", "denoising", "--quiet"]
KILLED, INTERRUPTED = signal.SIGKILL, signal.SIGINT


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few items without labels, so that the report is quick and most of a run is training."""
    path = tmp_path_factory.mktemp("data") / "x.npy"
    np.save(path, np.asarray(hs.load_dataset("digits").items[:100]))
    return path


@pytest.fixture(scope="module")
def whole(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run left alone, with hardly a checkpoint."""
    folder = tmp_path_factory.mktemp("run") / "whole"
    assert main(["fit", str(source), *ARGUMENTS, "--out", str(folder)]) == 0
    return folder


def stopped(source: Path, folder: Path, number: signal.Signals) -> tuple[int, str]:
    """A process that gets this signal after its first checkpoint: its exit code, and what it has said."""
    command = [sys.executable, "-c", "import sys; from hiddenspace.cli.main import main; sys.exit(main())", "fit"]
    arguments = [str(source), *ARGUMENTS, "--checkpoint-seconds", "0", "--out", str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # as in this process
    with subprocess.Popen([*command, *arguments], env=environment, text=True, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not list(folder.glob("checkpoints/round-*")) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        return process.wait(), process.stderr.read()


@pytest.mark.slow
@pytest.mark.parametrize("number", [KILLED, INTERRUPTED])
def test_an_interrupted_run_ends_as_one_left_alone(
    source: Path, whole: Path, tmp_path: Path, number: signal.Signals
) -> None:
    cut = tmp_path / "cut"
    code, said = stopped(source, cut, number)
    assert code == (-KILLED if number == KILLED else 130)
    if number == INTERRUPTED:
        assert f"hiddenspace fit --resume {cut}" in said
    assert RunSettings.read(cut)[1]["status"] == "running"
    assert main(["fit", "--resume", str(cut), "--quiet"]) == 0
    np.testing.assert_array_equal(hs.load(cut).transform(source), hs.load(whole).transform(source))
    kept = [RunSettings.read(folder)[1] for folder in (cut, whole)]
    assert [m["mse"] for m in kept[0]["models"]] == [m["mse"] for m in kept[1]["models"]]
