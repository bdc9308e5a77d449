"""What the benchmarks share: real data, a table, and a line about the machine."""

from __future__ import annotations

import gzip
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
FIGURES = ROOT / "benchmarks" / "figures"
Figures = TypeVar("Figures", list[float], dict[str, float])


def data_folder(name: str) -> Path:
    """A folder of real data: below HIDDENSPACE_DATA, or ../shared/data beside the checkout."""
    folder = Path(os.environ.get("HIDDENSPACE_DATA", ROOT.parent / "shared" / "data")) / name
    if not folder.exists():
        sys.exit(f"{folder} is not there; set HIDDENSPACE_DATA to a folder that holds {name}/ as idx.gz files.")
    return folder


def idx(path: Path) -> np.ndarray:
    """The array in an idx.gz file."""
    content = gzip.decompress(path.read_bytes())
    rank = content[3]
    shape = np.frombuffer(content, ">u4", rank, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


def digits_like(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """MNIST or Fashion-MNIST: training images and labels, test images and labels."""
    folder = data_folder(name)
    files = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    train, labels, test, test_labels = (idx(folder / f"{file}-ubyte.gz") for file in files)
    return train, labels, test, test_labels


def machine() -> str:
    """The processor and the versions that matter, in a line."""
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()} (bf16), torch {torch.__version__}"
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    capabilities = [n for n in ("amx_bf16", "avx512_bf16") if torch.cpu.get_capabilities().get(n)]
    threads = torch.get_num_threads()
    return f"{model} ({', '.join(capabilities) or 'no bf16'}), {threads} threads, torch {torch.__version__}"


def suffix() -> str:
    """Of files that hold figures: those of a GPU are never mixed with those of a CPU."""
    return "_gpu" if torch.cuda.is_available() else ""


def five_nearest(train: np.ndarray, labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray) -> float:
    """Accuracy of the five nearest neighbours among all training codes, by scikit-learn."""
    from sklearn.neighbors import KNeighborsClassifier

    flat = [x.reshape(len(x), -1) for x in (train, test)]
    classifier = KNeighborsClassifier(5, algorithm="brute", n_jobs=-1).fit(flat[0], labels)
    return float((classifier.predict(flat[1]) == test_labels).mean())


def once(name: str, key: str, measure: Callable[[], Figures]) -> Figures:
    """Figures of one step of a long benchmark: measured, and kept in figures/NAME.json, where the next run finds them.

    So a run that was interrupted goes on. Delete the file to measure everything anew.
    """
    path = FIGURES / f"{name}{suffix()}.json"
    known: dict[str, Figures] = json.loads(path.read_text()) if path.exists() else {}
    if key not in known:
        figures = json.loads(json.dumps(measure(), default=float), parse_float=lambda text: round(float(text), 6))
        print(key, figures, flush=True)
        known = (json.loads(path.read_text()) if path.exists() else {}) | {key: figures}  # another may have run beside
        FIGURES.mkdir(exist_ok=True)
        path.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in known.items()) + "\n}\n")
    return known[key]


def decibel(mse: float) -> float:
    """Peak signal-to-noise ratio for values in [0, 1]."""
    return float(-10 * np.log10(mse))


def spread(values: Sequence[float], digits: int = 4) -> str:
    """Mean, and where there are several the smallest and the largest."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{np.mean(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def of_seeds(count: int) -> str:
    """Whose figures a table has."""
    return "seed 0" if count == 1 else f"seeds 0 to {count - 1}: mean (lowest to highest)"


def show(name: str, title: str, header: Sequence[str], rows: Sequence[Sequence[object]], notes: Sequence[str]) -> None:
    """Prints a Markdown table with what it was measured on, and keeps it in results/."""
    lines = [f"## {title}", "", "| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    lines += ["", *(f"- {note}" for note in notes), f"- Machine: {machine()}."]
    text = "\n".join(lines) + "\n"
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}{suffix()}.md").write_text(text)
