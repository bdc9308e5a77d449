"""Similar objects: neighbours of the same digit, and a million codes searched on one core.

`--part digits|million`, `--items 1000000`, `--seeds 3` and `--cpu 1` choose less or more.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from common import digits_like, once, show, spread

import hiddenspace as hs
from hiddenspace.data.affine import RandomAffine

CODE, K = 32, 10
QUERIES = 1_000
Maker = Callable[[int], hs.PCA | hs.Autoencoder | hs.ContrastiveEncoder]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", choices=("digits", "million", "both"), default="both")
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--cpu", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.part != "million":
        digits(range(chosen.seeds))
    if chosen.part != "digits":
        million(chosen.items, chosen.cpu)


def digits(seeds: range) -> None:
    """How many of the ten nearest training images show the digit of a test image."""
    train, labels, test, test_labels = digits_like("mnist")
    flat, flat_test = (x.reshape(len(x), -1).astype(np.float32) / 255 for x in (train, test))

    def share(codes: np.ndarray, queries: np.ndarray) -> float:
        found = hs.HiddenSpace(codes, metadata=labels).store.nearest(queries, K)["label"].to_numpy()
        return float((found.reshape(-1, K) == test_labels[:, None]).mean())

    def measured(make: Maker, seed: int) -> list[float]:
        started = time.perf_counter()
        model = make(seed).fit(train)
        seconds = time.perf_counter() - started
        return [share(model.transform(train), model.transform(test)), seconds]

    makers: dict[str, Maker] = {
        f"hs.PCA({CODE})": lambda seed: hs.PCA(CODE, random_state=seed),
        f"hs.Autoencoder(code={CODE})": lambda seed: hs.Autoencoder(code=CODE, random_state=seed),
        "hs.ContrastiveEncoder(augmentation=RandomAffine())": lambda seed: hs.ContrastiveEncoder(
            augmentation=RandomAffine(), monitor=False, epochs=4, random_state=seed
        ),
    }
    rows = [["raw pixels", f"{share(flat, flat_test):.4f}", ""]]
    for name, make in makers.items():
        fitted = [
            once("retrieval_digits", f"{name}, seed {seed}", partial(measured, make, seed))
            for seed in (seeds if "PCA" not in name else [0])
        ]
        shares, seconds = zip(*fitted, strict=True)
        rows.append([name, spread(shares), spread(seconds, 0)])
    notes = [
        f"Mean share of the {K} nearest of 60,000 training images (Euclidean, exact) with the digit of the query; "
        f"10,000 test images as queries; seeds {list(seeds)}: mean (lowest to highest). No model saw a label.",
        "ContrastiveEncoder: 4 epochs; its views are turned, scaled, sheared and shifted a little.",
    ]
    show(
        "retrieval_digits",
        "MNIST: neighbours of the same digit",
        ["codes", "same digit", "seconds to fit"],
        rows,
        notes,
    )


def million(items: int, cpu: int) -> None:
    """Recall, latency, time to build and size of an index over many codes."""
    codes, queries = augmented_codes(items)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {cpu})
    torch.set_num_threads(1)
    search = brute_force(codes)
    truth, *exact_times = timed(search, queries)
    rows = [["NumPy, every code", "", f"{codes.nbytes / 1e6:.0f}", "1", *exact_times]]
    folder = Path(tempfile.mkdtemp())
    try:
        started = time.perf_counter()
        space = hs.HiddenSpace(codes)
        space.save(folder / "space.lance")
        built = time.perf_counter() - started
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        space = hs.HiddenSpace.open(folder / "space.lance")
        found, *times = timed(lambda query: space.similar(query, K)["id"].to_numpy(), queries)
        rows.append(["HiddenSpace.similar", f"{built:.0f}", f"{size / 1e6:.0f}", recall(found, truth), *times])
        said = (
            f"HiddenSpace itself says recall {space.store.recall}, judged on 100 of its items when it built the index."
        )
    finally:
        shutil.rmtree(folder)
    rows += [
        [name, built, size, recall(found, truth), *times]
        for name, built, size, found, *times in faiss_rows(codes, queries)
    ]
    notes = [
        f"{items:,} codes of {CODE} numbers: MNIST and Fashion-MNIST training images, each turned, scaled, sheared and "
        f"shifted a little anew, through hs.Autoencoder(code={CODE}) fitted on 20,000 of them for 3 epochs; "
        f"{len(queries):,} queries likewise from test images. One query at a time from Python, on one core.",
        f"CPU ms: processor time of all threads. {said} Building includes that.",
    ]
    header = ["", "seconds to build", "MB", "recall@10", "ms a query (median)", "95th percentile", "CPU ms"]
    show("retrieval", f"Nearest neighbours among {items:,} codes, one core", header, rows, notes)


def brute_force(codes: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The textbook's search: all distances by one product, and the ten least."""
    squares = (codes**2).sum(axis=1)

    def search(query: np.ndarray) -> np.ndarray:
        distances = squares - 2 * (codes @ query)
        near = np.argpartition(distances, K)[:K]
        return near[np.argsort(distances[near])]

    return search


def faiss_rows(codes: np.ndarray, queries: np.ndarray) -> Iterator[tuple]:
    """The same by Faiss, where it is installed: lists of whole codes, as many and as many looked into as in ours."""
    try:
        import faiss
    except ImportError:
        return
    faiss.omp_set_num_threads(1)
    started = time.perf_counter()
    index = faiss.index_factory(CODE, f"IVF{round(len(codes) ** 0.5)},Flat")
    index.train(codes)
    index.add(codes)
    index.nprobe = 16
    built = time.perf_counter() - started
    size = len(faiss.serialize_index(index))
    found, *times = timed(lambda query: index.search(query[None], K)[1][0], queries)
    yield (
        f"Faiss {faiss.__version__}, IVF Flat, 16 lists, in memory",
        f"{built:.0f}",
        f"{size / 1e6:.0f}",
        found,
        *times,
    )


def timed(search: Callable[[np.ndarray], np.ndarray], queries: np.ndarray) -> tuple:
    """What is found for each query, and milliseconds: median, 95th percentile, and those of the processor."""
    search(queries[0])
    found, wall, begun = [], [], time.process_time()
    for query in queries:
        started = time.perf_counter()
        found.append(search(query))
        wall.append(1e3 * (time.perf_counter() - started))
    processor = 1e3 * (time.process_time() - begun) / len(queries)
    return np.array(found), f"{np.median(wall):.2f}", f"{np.percentile(wall, 95):.2f}", f"{processor:.2f}"


def recall(found: np.ndarray, truth: np.ndarray) -> str:
    return f"{np.mean([np.isin(t, f).mean() for t, f in zip(truth, found, strict=True)]):.4f}"


def augmented_codes(items: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes of augmented training images, and of as many test images as there are queries."""
    sets = [digits_like(name) for name in ("mnist", "fashion-mnist")]
    train, test = (np.concatenate([each[part] for each in sets]) for part in (0, 2))
    drawn = np.random.default_rng(0)
    torch.manual_seed(0)
    affine = RandomAffine()

    def views(images: np.ndarray, positions: np.ndarray) -> np.ndarray:
        x = torch.from_numpy(images[positions]).float().div(255).unsqueeze(1)
        return affine(x).flatten(1).numpy()

    model = hs.Autoencoder(code=CODE, epochs=3, random_state=0)
    model.fit(views(train, drawn.choice(len(train), 20_000, replace=False)))
    order = np.resize(drawn.permutation(len(train)), items)
    codes = np.concatenate([model.transform(views(train, part)) for part in np.array_split(order, -(-items // 10_000))])
    queries = model.transform(views(test, drawn.choice(len(test), QUERIES, replace=False)))
    print(f"{len(codes):,} codes made", flush=True)
    return codes, queries


if __name__ == "__main__":
    main()
