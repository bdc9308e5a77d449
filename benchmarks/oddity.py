"""Which items are of a class that was never seen: ROC-AUC on MNIST and Fashion-MNIST, one class held out at a time.

Run: python oddity.py [--seeds 3] [--data mnist fashion-mnist] [--classes 1 3 5 7 9]
"""

from __future__ import annotations

import argparse
import functools

import numpy as np
from common import digits_like, once, show, spread
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

import hiddenspace as hs

CODES = {"mnist": 16, "fashion-mnist": 64}
EPOCHS, ITEMS, TESTED = 6, 10_000, 5_000
RANKS = (2, 4, 8, 16, 32, 64, 128)
CHOSEN_ON = (0, 2, 4, 6, 8)
"""Held out among training images when codes and ways to judge were chosen: their figures flatter what was chosen."""
METHODS = ("reconstruction", "density", "both", "neighbours")
Figures = dict[str, float]


def flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / 255


def by_pca(train: np.ndarray, test: np.ndarray, usual: np.ndarray) -> Figures:
    """The reconstruction error at every rank."""
    pca = PCA(max(RANKS), random_state=0).fit(train)
    codes, whole = pca.transform(test), ((test - pca.mean_) ** 2).sum(1)
    return {f"PCA({k}), reconstruction": roc_auc_score(usual, (codes[:, :k] ** 2).sum(1) - whole) for k in RANKS}


def on_pixels(train: np.ndarray, test: np.ndarray, usual: np.ndarray, seed: int) -> Figures:
    forest = IsolationForest(random_state=seed).fit(train)
    distances = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(train).kneighbors(test)[0].mean(1)
    return {
        "IsolationForest on pixels": roc_auc_score(usual, forest.score_samples(test)),
        "distance to 5 neighbours, pixels": roc_auc_score(usual, -distances),
    }


def by_spaces(train: np.ndarray, test: np.ndarray, usual: np.ndarray, code: int, seed: int) -> Figures:
    models = {"hs.Autoencoder": hs.Autoencoder(code, epochs=EPOCHS, random_state=seed), "hs.PCA": hs.PCA(code)}
    figures = {}
    for name, model in models.items():
        space = hs.HiddenSpace(model.fit(train), train)
        for method in METHODS:
            figures[f"{name}({code}), {method}"] = roc_auc_score(usual, space.score_samples(test, method=method))
    return figures


def by_contrastive_codes(train: np.ndarray, test: np.ndarray, usual: np.ndarray, seed: int) -> Figures:
    model = hs.ContrastiveEncoder(epochs=EPOCHS, validation_fraction=0, random_state=seed).fit(train)
    scores = hs.HiddenSpace(model, train).score_samples(test, method="neighbours")
    return {"hs.ContrastiveEncoder(), neighbours": roc_auc_score(usual, scores)}


def cell(name: str, odd: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Training images without a class, others for each seed; test images, and which of them are not of that class."""
    train, labels, test, test_labels = digits_like(name)
    seen = np.random.default_rng(seed).permutation(np.flatnonzero(labels != odd))[:ITEMS]
    return train[seen], test[:TESTED], test_labels[:TESTED] != odd


def figures(name: str, odd: int, seed: int) -> Figures:
    """The area under the ROC curve of every way, one class held out; contrastive codes are slow, and kept apart."""
    step = f"{name} without {odd}, seed {seed}"
    train, test, usual = cell(name, odd, seed)

    def by_all_others() -> Figures:
        rows, test_rows = flat(train), flat(test)
        spaces = by_spaces(train, test, usual, CODES[name], seed)
        return spaces | by_pca(rows, test_rows, usual) | on_pixels(rows, test_rows, usual, seed)

    contrastive = functools.partial(by_contrastive_codes, train, test, usual, seed)
    return once("oddity", step, by_all_others) | once("oddity", f"{step}, contrastive", contrastive)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", nargs="+", default=list(CODES), choices=list(CODES))
    parser.add_argument("--classes", nargs="+", type=int, default=[1, 3, 5, 7, 9])
    options = parser.parse_args()
    for name in options.data:
        found = {odd: [figures(name, odd, seed) for seed in range(options.seeds)] for odd in options.classes}
        untouched = [of for odd, of in found.items() if odd not in CHOSEN_ON]
        means = averages([*found.values()])
        best = max((way for way in means if way.startswith("PCA(")), key=lambda way: float(np.mean(means[way])))
        shown = [f"PCA({CODES[name]}), reconstruction", best, *(way for way in means if not way.startswith("PCA("))]
        columns = {"mean ROC-AUC": means}
        if 0 < len(untouched) < len(found):
            columns["mean of classes not used for choosing"] = averages(untouched)
        rows = [
            [
                way,
                *(spread(of[way], 3) for of in columns.values()),
                *(f"{np.mean([f[way] for f in of]):.3f}" for of in found.values()),
            ]
            for way in dict.fromkeys(shown)
        ]
        notes = [
            f"{ITEMS:,} training images without the class (others for each seed), judged on the first {TESTED:,} test "
            f"images; seeds 0 to {options.seeds - 1}: mean over classes (lowest to highest seed), then each class.",
            f"The autoencoder and the contrastive encoder had {EPOCHS} epochs. The best PCA is best on these test "
            f"images, in its favour, among {RANKS}. The size of the code and the ways to judge were chosen on training "
            f"images, with the classes {', '.join(map(str, CHOSEN_ON))} held out.",
        ]
        header = ["", *columns, *(f"class {odd}" for odd in found)]
        show(f"oddity_{name}", f"{name}: a class that was never seen", header, rows, notes)


def averages(found: list[list[Figures]]) -> dict[str, list[float]]:
    """Of every way the mean over classes, for each seed."""
    return {way: [float(np.mean([f[way] for f in seed])) for seed in zip(*found, strict=True)] for way in found[0][0]}


if __name__ == "__main__":
    main()
