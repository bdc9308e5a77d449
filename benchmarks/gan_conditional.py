"""Images of a named class: whether a classifier reads them so, and what a classifier learns from them alone.

Run: python gan_conditional.py [--seeds 3] [--data mnist fashion-mnist] [--pictures folder]
"""

from __future__ import annotations

import argparse
import time
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from common import of_seeds, once, show, spread
from feature_net import NAME, trained
from samples import SAMPLES, Judge

import hiddenspace as hs
from hiddenspace.pictures import tile

MADE = 60_000
MODELS: dict[str, dict[str, Any]] = {
    "auxiliary": {},
    "projection": {"conditioning": "projection"},
}


def figures(judge: Judge, images: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """How they are read, what they teach, and the distance of some of them to the test images."""
    order = np.random.default_rng(0).permutation(len(images))
    pupil = trained(images[order], labels[order])
    return {
        "read": judge.classifier.score(images, labels),
        "taught": pupil.score(judge.test, judge.test_labels),
        "frechet": judge.figures(images[order[:SAMPLES]])[0],
    }


def measure(judge: Judge, model: dict[str, Any], seed: int, picture: Path | None) -> dict[str, float]:
    """Figures of one model and one seed."""
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gan = hs.ConditionalGAN(random_state=seed, inversion_steps=0, **model).fit(judge.train, judge.labels)
    seconds = time.perf_counter() - started
    labels = np.repeat(np.arange(10), MADE // 10)
    images = np.asarray(gan.sample(labels=labels, random_state=seed))
    if picture is not None:
        picture.parent.mkdir(parents=True, exist_ok=True)
        tile(images[:: MADE // 100] / 255, columns=10).save(picture)
    return {**figures(judge, images, labels), "seconds": seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", nargs="+", default=["mnist", "fashion-mnist"])
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    for name in options.data:
        judge, rows = Judge(name), []
        for title in options.models:
            found = []
            for seed in range(options.seeds):
                picture = options.pictures and options.pictures / f"{name}-{title}-{seed}.png"
                run = partial(measure, judge, MODELS[title], seed, picture)
                found.append(once("gan_conditional", f"{name}, {title}, {seed}", run))
            columns = [("read", 4), ("taught", 4), ("frechet", 2), ("seconds", 0)]
            rows.append([f"ConditionalGAN, {title}", *(spread([f[k] for f in found], n) for k, n in columns)])
        rows.append(["real training images", "", f"{judge.accuracy:.4f}", "", ""])
        header = ["", "read as their class", "a classifier taught by them, on real test images", "Frechet", "seconds"]
        notes = [
            f"{len(judge.train):,} training images; {MADE:,} new ones, as many of each class; everything by default "
            f"but the conditioning; {of_seeds(options.seeds)}.",
            f"Read by {NAME}, trained on the real training images; taught: the same classifier trained on new images.",
            f"Frechet: over its features, {SAMPLES:,} new images against the 10,000 test images. It is no FID.",
        ]
        show(f"gan_conditional_{name}", f"{name}: images of a named class", header, rows, notes)


if __name__ == "__main__":
    main()
