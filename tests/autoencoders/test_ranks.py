"""Several processes fit one model: they agree on seed, split and weights, and PCA is that of one process."""

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).with_name("ranks_script.py")


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    lot = np.random.default_rng(0)
    return (lot.normal(size=(67, 12)) * np.linspace(5, 0.1, 12) + 10.0).astype(np.float32)


@pytest.fixture(scope="module")
def both(x: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, np.ndarray]]:
    folder = tmp_path_factory.mktemp("ranks")
    np.save(folder / "x.npy", x)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, SCRIPT, port, folder], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return [dict(np.load(folder / f"{rank}.npz")) for rank in (0, 1)]


@pytest.fixture(scope="module")
def alone(x: np.ndarray) -> dict[str, np.ndarray]:
    spec = importlib.util.spec_from_file_location("ranks_script", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    before = script.decomposition.CHUNK_BYTES
    found: dict[str, np.ndarray] = script.figures(script.ways(x))
    script.decomposition.CHUNK_BYTES = before
    return found


# PCA over two ranks is PCA in one process, in each of the three ways, and both are numpy's SVD.
@pytest.mark.parametrize("way", ["covariance", "inner products", "subspace iteration"])
def test_two_ranks_find_what_one_process_finds(way, x, both, alone):
    exact = x.astype(np.float64) - x.mean(0, dtype=np.float64)
    _, singular, directions = np.linalg.svd(exact, full_matrices=False)
    reference = {
        "mean": x.mean(0, dtype=np.float64),
        "variances": singular[:3] ** 2 / len(x),
        "projector": directions[:3].T @ directions[:3],
        "total": (exact**2).sum() / len(x),
    }
    for name, value in reference.items():
        key = f"{way}/{name}"
        np.testing.assert_array_equal(both[0][key], both[1][key])
        np.testing.assert_allclose(both[0][key], alone[key], rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(both[0][key], value, rtol=1e-4, atol=1e-4)


def test_two_ranks_fit_one_model(both):
    """Whatever `random_state` is: here it is none, and each draws another one."""
    for key in ("Autoencoder/seed", "Autoencoder/codes", "PCA/seed", "PCA/codes"):
        np.testing.assert_array_equal(both[0][key], both[1][key])
    np.testing.assert_allclose(both[0]["PCA/codes"], both[0]["PCA alone/codes"], atol=1e-4)
