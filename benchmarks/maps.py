"""Maps of codes by PCA, t-SNE, UMAP and PaCMAP: trustworthiness and neighbours of one label, on three kinds of data.

Three seeds by default; SEEDS=0 takes one.
"""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from common import data_folder, digits_like, show, spread
from PIL import Image
from sklearn.neighbors import NearestNeighbors

import hiddenspace as hs
from hiddenspace.metrics.trustworthiness import map_trustworthiness

SEEDS = tuple(int(seed) for seed in os.environ.get("SEEDS", "0,1,2").split(","))
METHODS = ("pca", "tsne", "umap", "pacmap")
SHOWN = 5_000
PATCH = 32

Case = tuple[str, Any, Any, np.ndarray, dict[str, Any]]  # name, training items, test items, test labels, settings


def fashion() -> Case:
    train, _, test, labels = digits_like("fashion-mnist")
    return "Fashion-MNIST", train, test[:SHOWN], labels[:SHOWN], {"code": 32, "epochs": 5}


def photographs() -> Case:
    """Patches of photographs; a patch's label is its photograph."""
    rng = np.random.default_rng(0)

    def patches(split: str, each: int) -> tuple[np.ndarray, np.ndarray]:
        files = sorted((data_folder("bsds500") / split).glob("*.jpg"))
        cut, which = [], []
        for number, file in enumerate(files):
            with Image.open(file) as opened:
                pixels = np.asarray(opened.convert("RGB"))
            for _ in range(each):
                top, left = (int(rng.integers(size - PATCH)) for size in pixels.shape[:2])
                cut.append(pixels[top : top + PATCH, left : left + PATCH])
                which.append(number)
        return np.stack(cut), np.array(which)

    train, _ = patches("train", 50)
    test, labels = patches("test", SHOWN // 100)
    return "patches of photographs", train, test, labels, {"code": 32, "epochs": 10}


def adult() -> Case:
    with gzip.open(data_folder("adult") / "adult.csv.gz", "rt") as file:
        table = pd.read_csv(file, skipinitialspace=True)
    order = np.random.default_rng(0).permutation(len(table))
    labels = table.pop(table.columns[-1]).to_numpy()
    test, train = order[:SHOWN], order[SHOWN:]
    rows = [table.iloc[where].reset_index(drop=True) for where in (train, test)]
    return "Adult", rows[0], rows[1], labels[test], {"code": 16, "epochs": 10}


def agreement(points: np.ndarray, labels: np.ndarray) -> float:
    """The share of an item's ten nearest that bear its label."""
    near = NearestNeighbors(n_neighbors=11).fit(points).kneighbors(points, return_distance=False)[:, 1:]
    return float((labels[near] == labels[:, None]).mean())


def maps_of(case: Case) -> Iterator[list[str]]:
    name, train, test, labels, settings = case
    measured: dict[str, list[tuple[float, float, float]]] = {method: [] for method in METHODS}
    in_code = []
    for seed in SEEDS:
        model = hs.Autoencoder(**settings, random_state=seed).fit(train)
        space = hs.HiddenSpace(model, test)
        in_code.append(agreement(space.codes, labels))
        for method in METHODS:
            started = time.perf_counter()
            made = space.map(method, random_state=seed)
            seconds = time.perf_counter() - started
            measured[method].append((made.trustworthiness, agreement(made.coordinates, labels), seconds))
            print(name, seed, method, measured[method][-1], flush=True)
    yield [f"{name}: codes of {settings['code']}", "1", spread(in_code, 3), ""]
    for method, rows in measured.items():
        trust, agreed, seconds = (list(column) for column in zip(*rows, strict=True))
        yield [f"{name}: {method}", spread(trust, 3), spread(agreed, 3), spread(seconds, 0)]


def own_map(case: Case) -> Iterator[list[str]]:
    """An autoencoder with two numbers as its code, beside PCA with two, both judged against the pixels."""
    name, train, test, labels, settings = case
    flat = test.reshape(len(test), -1) / 255.0
    both: dict[str, list[tuple[float, float]]] = {"Autoencoder(code=2)": [], "PCA(code=2)": []}
    for seed in SEEDS:
        model = hs.Autoencoder(**(settings | {"code": 2}), random_state=seed).fit(train)
        for what, fitted in (("Autoencoder(code=2)", model), ("PCA(code=2)", hs.PCA(code=2).fit(train))):
            made = hs.HiddenSpace(fitted, test).map()
            assert made.method == "code"
            both[what].append((map_trustworthiness(flat, made.coordinates)[0], agreement(made.coordinates, labels)))
            print(name, seed, what, both[what][-1], flush=True)
    for what, rows in both.items():
        trust, agreed = (list(column) for column in zip(*rows, strict=True))
        yield [f"{name}: {what}, against pixels", spread(trust, 3), spread(agreed, 3), ""]


def main() -> None:
    cases = [fashion(), photographs(), adult()]
    rows = [row for case in cases for row in maps_of(case)] + list(own_map(cases[0]))
    notes = [
        f"{SHOWN:,} items that the autoencoder has not seen: the first test images of Fashion-MNIST (it learned from "
        f"60,000, 5 epochs), {PATCH}x{PATCH} patches of 100 test photographs of BSDS500 (10,000 patches of 200 others, "
        "10 epochs; the label is the photograph), rows of Adult (the other 27,561, 10 epochs; income above 50K).",
        f"Seeds {SEEDS}, each an autoencoder and a map of its own: mean (lowest to highest).",
        "Trustworthiness: 10 neighbours, of the map against the codes; the last two rows against the pixels, as a map "
        "that is the code itself agrees with the code by definition.",
        "Neighbours: the share of an item's 10 nearest, in codes or on the map, that bear its label.",
        "Seconds are for the map and both trustworthinesses; UMAP's first also compiles it.",
    ]
    show("maps", "Maps of hidden spaces", ["", "trustworthiness", "neighbours of one label", "seconds"], rows, notes)


if __name__ == "__main__":
    main()
