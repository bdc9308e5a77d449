"""New images from the hidden spaces of MNIST and Fashion-MNIST: which density of codes makes the best ones.

Run: python samples.py [--seeds 3] [--data mnist fashion-mnist] [--pictures folder]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from common import digits_like, of_seeds, show, spread
from feature_net import NAME, features, trained

import hiddenspace as hs
from hiddenspace.metrics.copies import copied_share
from hiddenspace.metrics.frechet import frechet_distance
from hiddenspace.metrics.manifolds import precision_recall
from hiddenspace.nets.features import RandomFeatures
from hiddenspace.pictures import tile

CODE, EPOCHS, SAMPLES, FEW = 16, 3, 10_000, 500
MODELS: dict[str, Callable[[int], Any]] = {
    "PCA": lambda seed: hs.PCA(CODE),
    "Autoencoder": lambda seed: hs.Autoencoder(code=CODE, epochs=EPOCHS, random_state=seed),
    "VariationalAutoencoder": lambda seed: hs.VariationalAutoencoder(code=CODE, epochs=EPOCHS, random_state=seed),
}
SAMPLERS = {
    "PCA": ("gaussian",),
    "Autoencoder": ("gaussian", "gmm", "kde", "flow"),
    "VariationalAutoencoder": ("prior", "gaussian", "gmm"),
}
HEADER = ["", "Frechet", "ratio to Gaussian", "Frechet, random net x 1000", "precision", "recall", "copies"]


class Judge:
    """Compares images with the 10,000 test images: of features, and of pixels with what was learned from."""

    def __init__(self, name: str) -> None:
        self.train, self.labels, self.test, self.test_labels = digits_like(name)
        self.classifier = trained(self.train, self.labels)
        self.accuracy = self.classifier.score(self.test, self.test_labels)
        self.nets = (self.classifier.encoder_.eval(), RandomFeatures(1))
        self.real = [features(net, self.test) for net in self.nets]

    def figures(self, images: np.ndarray) -> list[float]:
        """Both distances, precision, recall, and the share of copies among the first few."""
        made = [features(net, images) for net in self.nets]
        distances = [frechet_distance(a, b) for a, b in zip(made, self.real, strict=True)]
        kept = precision_recall(made[0], self.real[0])
        copies = copied_share(images[:FEW], self.train, self.test[:FEW])
        return [distances[0], 1_000 * distances[1], *kept, copies]


def measure(judge: Judge, name: str, seed: int, pictures: Path | None) -> dict[str, list[float]]:
    """The figures of every way to make images, for one seed."""
    found = {}
    for model_name, make in MODELS.items():
        model = make(seed).fit(judge.train)
        space = hs.HiddenSpace(model, judge.train)
        found[f"{model_name}, test images rebuilt"] = judge.figures(model.reconstruct(judge.test))
        for sampler in SAMPLERS[model_name]:
            started = time.perf_counter()
            images = space.sample(SAMPLES, method=sampler, random_state=seed)
            seconds = time.perf_counter() - started
            way = f"{model_name}, {sampler}"
            found[way] = judge.figures(images)
            print(name, seed, way, [round(f, 3) for f in found[way]], f"{seconds:.0f} s", flush=True)
            if pictures is not None:
                pictures.mkdir(parents=True, exist_ok=True)
                tile(images[:100] / 255, columns=10).save(pictures / f"{name}-{model_name}-{sampler}-{seed}.png")
    return found


def rows_of(by_seed: list[dict[str, list[float]]]) -> list[list[str]]:
    rows = []
    for way in by_seed[0]:
        figures = np.array([found[way] for found in by_seed])
        plain = np.array([found[f"{way.partition(',')[0]}, gaussian"][0] for found in by_seed])
        sampled = not way.endswith("rebuilt")
        rows.append(
            [
                f"hs.{way}",
                spread(figures[:, 0], 2),
                spread(figures[:, 0] / plain, 2) if sampled else "",
                *(spread(column, digits) for column, digits in zip(figures[:, 1:].T, (2, 3, 3, 3), strict=True)),
            ]
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", nargs="+", default=["mnist", "fashion-mnist"])
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    for name in options.data:
        judge = Judge(name)
        floor = judge.figures(judge.train[-SAMPLES:])
        by_seed = [measure(judge, name, seed, options.pictures) for seed in range(options.seeds)]
        real = ["training images", f"{floor[0]:.2f}", "", *(f"{f:.3f}" for f in floor[1:4]), ""]
        notes = [
            f"Codes of {CODE}, {EPOCHS} epochs on {len(judge.train):,} training images, densities fitted to their "
            f"codes; {SAMPLES:,} samples against the 10,000 test images; {of_seeds(options.seeds)}.",
            f"Frechet, precision and recall (k = 3): over the features of {NAME}, trained on the labelled training "
            f"images ({judge.accuracy:.1%} right on the test images). Random net: RandomFeatures, seed 0. Neither "
            "compares with figures over an Inception network.",
            f"Copies: of {FEW} samples the share nearer in pixels to a training image than 99 of 100 test images are. "
            "Blurred images are nearer to everything: compare with the rebuilt test images of the same model.",
        ]
        show(f"samples_{name}", f"{name}: images made from codes", HEADER, [real, *rows_of(by_seed)], notes)


if __name__ == "__main__":
    main()
