"""New images of MNIST and Fashion-MNIST: a GAN, and what a VAE and torch-mimicry's SNGAN come to in about its time.

Run: python gan_images.py [--seeds 3] [--data mnist fashion-mnist] [--pictures folder]
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
from common import ROOT, of_seeds, once, show, spread
from feature_net import NAME
from peers import mimicry
from samples import FEW, SAMPLES, Judge

import hiddenspace as hs
from hiddenspace.pictures import tile

FIGURES = ("frechet", "frechet, random net", "precision", "recall", "copies")
WIDTH = 32
"""Channels of SNGAN's generator; of the published 256 its discriminator makes 50 steps in six minutes on two cores."""
GAN, VAE, MIXTURE = "hs.GAN", "hs.VariationalAutoencoder", "codes by a mixture"
Made = dict[str, np.ndarray]
"""New images, by the way in which they were drawn; '' is the model's own."""
HEADER = ["", "Frechet", "ratio to the VAE", "precision", "recall", "copies", "seconds"]


def by_gan(images: np.ndarray, seed: int, seconds: float) -> Made:
    """With defaults alone: it stops by its own count, and its time is what the others may train."""
    return {"": hs.GAN(random_state=seed, inversion_steps=0).fit(images).sample(SAMPLES, random_state=seed)}


def by_vae(images: np.ndarray, seed: int, seconds: float) -> Made:
    """As many epochs as the time allows; drawn from the prior, and from a mixture of Gaussians of its codes.

    The epoch by which that is told, and the drawing, come on top, in its favour.
    """
    started = time.perf_counter()
    hs.VariationalAutoencoder(code=16, epochs=1, random_state=seed).fit(images)
    epochs = max(1, int(seconds / (time.perf_counter() - started)))
    vae = hs.VariationalAutoencoder(code=16, epochs=epochs, patience=epochs, random_state=seed).fit(images)
    space = hs.HiddenSpace(vae, images)
    return {
        "": space.sample(SAMPLES, method="prior", random_state=seed),
        MIXTURE: space.sample(SAMPLES, method="gmm", random_state=seed),
    }


def by_sngan(images: np.ndarray, seed: int, seconds: float, width: int) -> Made:
    """Mimicry's own nets and loop, in an environment of its own."""
    with tempfile.TemporaryDirectory() as name:
        read, written = Path(name, "images.npy"), Path(name, "samples.npy")
        np.save(read, images)
        arguments = ["--seconds", str(seconds), "--seed", str(seed), "--width", str(width)]
        script = str(ROOT / "benchmarks" / "mimicry_peer.py")
        subprocess.run([mimicry(), script, str(read), str(written), *arguments], check=True)
        return {"": np.load(written)}


MODELS: dict[str, Callable[[np.ndarray, int, float], Made]] = {
    GAN: by_gan,
    VAE: by_vae,
    "SNGAN": partial(by_sngan, width=WIDTH),
}


def measure(judge: Judge, model: Any, seed: int, seconds: float, picture: Path | None) -> dict[str, float]:
    """Figures of one model and one seed."""
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = model(judge.train, seed, seconds)
    found = {"seconds": time.perf_counter() - started}
    for way, images in made.items():
        if picture is not None:
            picture.parent.mkdir(parents=True, exist_ok=True)
            drawn = picture.with_stem(f"{picture.stem} {way}".strip())
            tile(np.asarray(images[:100]) / 255, columns=10).save(drawn)
        figures = judge.figures(np.asarray(images))
        found |= {f"{way} {name}".strip(): figure for name, figure in zip(FIGURES, figures, strict=True)}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", nargs="+", default=["mnist", "fashion-mnist"])
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    for name in options.data:
        judge = Judge(name)
        found: dict[str, list[dict[str, float]]] = {}
        for seed in range(options.seeds):
            budget = 0.0
            for title, model in MODELS.items():
                picture = options.pictures and options.pictures / f"{name}-{title}-{seed}.png"
                run = partial(measure, judge, model, seed, budget, picture)
                found.setdefault(title, []).append(once("gan_images", f"{name}, {title}, {seed}", run))
                budget = budget or found[GAN][-1]["seconds"]
        floor = dict(zip(FIGURES, judge.figures(judge.train[-SAMPLES:]), strict=True))
        near = [f"{floor[k]:.3f}" for k in ("precision", "recall")]
        rows = [["training images", f"{floor['frechet']:.2f}", "", *near, "", ""]]
        vae = [figures["frechet"] for figures in found[VAE]]
        for title, seeds in found.items():
            ways = [way for way in ("", MIXTURE) if f"{way} frechet".strip() in seeds[0]]
            for way in ways:
                columns = {name: [s[f"{way} {name}".strip()] for s in seeds] for name in FIGURES}
                distances = columns["frechet"]
                ratio = spread([a / b for a, b in zip(distances, vae, strict=True)], 3)
                rest = [spread(columns[k], 3) for k in ("precision", "recall", "copies")]
                seconds = spread([s["seconds"] for s in seeds], 0)
                rows.append([f"{title}, {way}" if way else title, spread(distances, 2), ratio, *rest, seconds])
        notes = [
            f"{len(judge.train):,} training images, {SAMPLES:,} new ones against the 10,000 test images; "
            "the GAN has its defaults and stops by its own count, and the others train for its seconds; what is in "
            "theirs beyond that is the drawing, and for the VAE a trial epoch. The VAE has codes of 16, "
            f"drawn from the prior or from a mixture of Gaussians fitted to its codes; {of_seeds(options.seeds)}.",
            f"Frechet, precision and recall (k = 3): over the features of {NAME}. It is no FID.",
            "SNGAN: nets, loss, loop and settings for CIFAR-10 of torch-mimicry, on pictures padded to 32 x 32 with "
            f"three equal channels; narrowed to width {WIDTH}, as with the published 256 the discriminator "
            "gets to 50 steps in six minutes.",
            f"Copies: of {FEW} the share nearer in pixels to a training image than 99 of 100 test images are.",
        ]
        show(f"gan_images_{name}", f"{name}: new images", HEADER, rows, notes)


if __name__ == "__main__":
    main()
