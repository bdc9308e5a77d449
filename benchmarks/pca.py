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

RUNS = 9
LARGE = (2_000_000, 784)


def main() -> None:
    train, _, _, _ = digits_like("mnist")
    flat = train.reshape(len(train), -1).astype(np.float32) / 255
    kinds = {
        "scikit-learn, float32": (PCA, flat),
        "scikit-learn, float64": (PCA, flat.astype(np.float64)),
        "hs, float32": (hs.PCA, flat),
        "scikit-learn, bytes as they come": (PCA, train.reshape(len(train), -1)),
        "hs, bytes as they come": (hs.PCA, train.reshape(len(train), -1)),
    }
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    variances: dict[str, np.ndarray] = {}
    for _ in range(RUNS):  # in turns, so that all see the same machine
        for kind, (estimator, data) in kinds.items():
            started = time.perf_counter()
            model = estimator(32).fit(data)
            seconds[kind].append(time.perf_counter() - started)
            variances[kind] = model.explained_variance_ / (255**2 if data.dtype == np.uint8 else 1)
    first, exact = "scikit-learn, float32", variances["scikit-learn, float64"]
    rows = [
        [
            kind,
            f"{np.median(times):.2f}",
            f"{np.median(np.divide(times, seconds[first])):.2f}",
            f"{np.abs(variances[kind] / exact - 1).max():.0e}",
        ]
        for kind, times in seconds.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        large_seconds, anonymous = large(Path(folder) / "large.npy", flat)
    notes = [
        f"60,000 x 784, {RUNS} fits of each, in turns; ratios are medians within a turn.",
        f"{LARGE[0]:,} x {LARGE[1]} float32 from a memory map of 6 GB: {large_seconds:.0f} s, at most "
        f"{anonymous:.0f} MiB of anonymous memory beyond what the process had at its start.",
    ]
    header = ["", "seconds", "ratio to scikit-learn, float32", "largest relative error of the variances"]
    show("pca", "PCA(32) on MNIST", header, rows, notes)


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
