"""New images of MNIST and Fashion-MNIST after ten minutes of training: a GAN, a VAE, torch-mimicry's SNGAN.

Run: python gan_images.py [--seeds 3] [--data mnist fashion-mnist] [--minutes 10] [--pictures folder]
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from common import ROOT, once, show, spread
from feature_net import NAME
from peers import mimicry
from samples import FEW, SAMPLES, Judge

import hiddenspace as hs
from hiddenspace.pictures import tile

FIGURES = ("frechet", "frechet, random net", "precision", "recall", "copies")
HEADER = ["", "Frechet", "ratio to the VAE", "precision", "recall", "copies", "seconds"]


def by_gan(images: np.ndarray, seed: int, seconds: float) -> np.ndarray:
    """With defaults alone: it stops by its own count, which must be within the time."""
    return np.asarray(hs.GAN(random_state=seed, inversion_steps=0).fit(images).sample(SAMPLES, random_state=seed))


def by_vae(images: np.ndarray, seed: int, seconds: float) -> np.ndarray:
    """As many epochs as the time allows."""
    started = time.perf_counter()
    hs.VariationalAutoencoder(code=16, epochs=1, random_state=seed).fit(images)
    epochs = max(1, int(seconds / (time.perf_counter() - started)))
    vae = hs.VariationalAutoencoder(code=16, epochs=epochs, patience=epochs, random_state=seed).fit(images)
    return np.asarray(hs.HiddenSpace(vae, images).sample(SAMPLES, method="prior", random_state=seed))


def by_sngan(images: np.ndarray, seed: int, seconds: float, width: int) -> np.ndarray:
    """Mimicry's own nets and loop, in an environment of its own."""
    with tempfile.TemporaryDirectory() as name:
        read, written = Path(name, "images.npy"), Path(name, "samples.npy")
        np.save(read, images)
        arguments = ["--seconds", str(seconds), "--seed", str(seed), "--width", str(width)]
        script = str(ROOT / "benchmarks" / "mimicry_peer.py")
        subprocess.run([mimicry(), script, str(read), str(written), *arguments], check=True)
        return np.asarray(np.load(written))


MODELS: dict[str, Callable[[np.ndarray, int, float], np.ndarray]] = {
    "hs.VariationalAutoencoder, prior": by_vae,
    "hs.GAN": by_gan,
    "SNGAN, width 256": partial(by_sngan, width=256),
    "SNGAN, width 32": partial(by_sngan, width=32),
}


def measure(judge: Judge, model: Any, seed: int, seconds: float, picture: Path | None) -> dict[str, float]:
    """Figures of one model and one seed."""
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        images = model(judge.train, seed, seconds)
    took = time.perf_counter() - started
    if picture is not None:
        picture.parent.mkdir(parents=True, exist_ok=True)
        tile(images[:100] / 255, columns=10).save(picture)
    return {**dict(zip(FIGURES, judge.figures(images), strict=True)), "seconds": took}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", nargs="+", default=["mnist", "fashion-mnist"])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    for name in options.data:
        judge = Judge(name)
        found: dict[str, list[dict[str, float]]] = {}
        for seed in range(options.seeds):
            for title in options.models:
                picture = options.pictures and options.pictures / f"{name}-{title}-{seed}.png"
                run = partial(measure, judge, MODELS[title], seed, 60 * options.minutes, picture)
                found.setdefault(title, []).append(once("gan_images", f"{name}, {title}, {seed}", run))
        floor = dict(zip(FIGURES, judge.figures(judge.train[-SAMPLES:]), strict=True))
        rows = [
            ["training images", f"{floor['frechet']:.2f}", "", *(f"{floor[k]:.3f}" for k in ("precision", "recall"))]
        ]
        rows[0] += ["", ""]
        vae = [figures["frechet"] for figures in found.get("hs.VariationalAutoencoder, prior", [])]
        for title, seeds in found.items():
            distances = [figures["frechet"] for figures in seeds]
            ratio = spread([a / b for a, b in zip(distances, vae, strict=True)], 2) if vae else ""
            rest = [spread([s[k] for s in seeds], 3) for k in ("precision", "recall", "copies")]
            rows.append([title, spread(distances, 2), ratio, *rest, spread([s["seconds"] for s in seeds], 0)])
        notes = [
            f"{len(judge.train):,} training images, {SAMPLES:,} new ones against the 10,000 test images; "
            f"{options.minutes:g} minutes each; the GAN has its defaults and stops by its own count; the VAE has codes "
            f"of 16; seeds 0 to {options.seeds - 1}: mean (lowest to highest).",
            f"Frechet, precision and recall (k = 3): over the features of {NAME}. It is no FID.",
            "SNGAN: nets, loss, loop and settings for CIFAR-10 of torch-mimicry, on pictures padded to 32 x 32 with "
            "three equal channels; of width 256, as published, and narrowed, which makes more steps in the time.",
            f"Copies: of {FEW} the share nearer in pixels to a training image than 99 of 100 test images are.",
        ]
        show(f"gan_images_{name}", f"{name}: new images after {options.minutes:g} minutes", HEADER, rows, notes)


if __name__ == "__main__":
    main()
