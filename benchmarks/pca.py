"""PCA against scikit-learn's, and PCA of data larger than memory."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from common import digits_like, show
from sklearn.decomposition import PCA

import hiddenspace as hs

RUNS = 5
LARGE = (2_000_000, 784)


def main() -> None:
    train, _, _, _ = digits_like("mnist")
    flat = train.reshape(len(train), -1).astype(np.float32) / 255
    ours, theirs = [], []
    for _ in range(RUNS):  # in turns, so that both see the same machine
        started = time.perf_counter()
        sklearn = PCA(32).fit(flat)
        theirs.append(time.perf_counter() - started)
        started = time.perf_counter()
        model = hs.PCA(32).fit(flat)
        ours.append(time.perf_counter() - started)
    exact = np.linalg.eigvalsh(np.cov(flat.astype(np.float64), rowvar=False))[::-1][:32]
    differences = [float(np.abs(v / exact - 1).max()) for v in (model.explained_variance_, sklearn.explained_variance_)]
    against = float(np.abs(model.explained_variance_ / sklearn.explained_variance_ - 1).max())
    with tempfile.TemporaryDirectory() as folder:
        seconds, anonymous = large(Path(folder) / "large.npy", flat)
    rows = [
        ["explained variance against scikit-learn, largest relative difference", f"{against:.1e}"],
        ["explained variance against float64, ours / scikit-learn", f"{differences[0]:.1e} / {differences[1]:.1e}"],
        ["median seconds, 60,000 x 784, ours / scikit-learn", f"{np.median(ours):.2f} / {np.median(theirs):.2f}"],
        ["ratio of times", f"{np.median(ours) / np.median(theirs):.2f}"],
        [f"{LARGE[0]:,} x {LARGE[1]} float32 from a memory map: seconds", f"{seconds:.0f}"],
        ["largest anonymous memory of that process beyond its start, MiB", f"{anonymous:.0f}"],
    ]
    show("pca", "PCA(32) on MNIST", ["", "measured"], rows, [f"{RUNS} fits of each, in turns."])


def large(path: Path, source: np.ndarray) -> tuple[float, float]:
    """Fits PCA to a file of 6 GB in a process of its own; seconds, and MiB of anonymous memory it came to need."""
    array = np.lib.format.open_memmap(path, "w+", np.float32, LARGE)
    generator = np.random.default_rng(0)
    for start in range(0, LARGE[0], 50_000):
        part = source[generator.integers(0, len(source), min(50_000, LARGE[0] - start))]
        array[start : start + len(part)] = part + 0.05 * generator.standard_normal(part.shape, dtype=np.float32)
    array.flush()
    del array
    done = subprocess.run([sys.executable, __file__, str(path)], capture_output=True, text=True, check=True)
    seconds, anonymous = done.stdout.split()[-2:]
    return float(seconds), float(anonymous)


def measure_large(path: str) -> None:
    """In the process of its own."""
    import threading

    def anonymous() -> float:
        status = Path("/proc/self/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("RssAnon"))

    hs.PCA(2).fit(np.eye(4, dtype=np.float32))  # imports and thread pools are no part of it
    before, peak, stop = anonymous(), [0.0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.02):
            peak[0] = max(peak[0], anonymous())

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.perf_counter()
    hs.PCA(32).fit(np.load(path, mmap_mode="r"))
    seconds = time.perf_counter() - started
    stop.set()
    watcher.join()
    print(seconds, peak[0] - before)


if __name__ == "__main__":
    measure_large(sys.argv[1]) if len(sys.argv) > 1 else main()
