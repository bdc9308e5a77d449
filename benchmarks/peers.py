"""A virtual environment for each peer, made on first use, so that nobody's dependencies meet."""

from __future__ import annotations

import os
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

from common import ROOT

FOLDER = Path(os.environ.get("HIDDENSPACE_PEERS", ROOT / ".venv-peers"))


def mimicry() -> str:
    """The interpreter for torch-mimicry, without what only its metrics and datasets need; see mimicry_loop.py."""
    return python_of("mimicry", "torch==2.13.0", "numpy", "scikit-image", bare=("torch-mimicry==0.1.16",))


def skada() -> str:
    """The interpreter for skada's deep methods, which are trained by skorch."""
    return python_of("skada", "torch==2.13.0", "skorch==1.4.0", "skada==0.6.0")


def python_of(name: str, *requirements: str, bare: Sequence[str] = ()) -> str:
    """The interpreter of a peer's environment; of `bare` packages no dependencies are installed."""
    folder = FOLDER / name
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *requirements], check=True)
        if bare:
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--no-deps", *bare], check=True)
        (folder / "ready").touch()
    return str(python)
