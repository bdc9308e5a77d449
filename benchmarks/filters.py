"""What single units learn to see in natural photographs: sparse against denoising filters, beside PCA's."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import torch
from common import ROOT, data_folder, show, spread
from PIL import Image

import hiddenspace as hs
from hiddenspace.data.whitening import contrast_normalised, fit_whitening
from hiddenspace.metrics.gabor import fit_gabor
from hiddenspace.nets.tied import TiedEncoder
from hiddenspace.pictures import tile
from hiddenspace.pictures.panels import filter_panels

SIDE, PATCHES, UNITS = 12, 50_000, 256
LEAST = 0.6
MODELS: dict[str, tuple[Any, dict[str, Any], float]] = {
    "SparseAutoencoder": (hs.SparseAutoencoder, {"sparsity": 1e-2}, 0.0),
    "DenoisingAutoencoder": (hs.DenoisingAutoencoder, {"corruption": hs.GaussianNoise(1.5)}, -3.0),
}
"""Class, options, and the biases at the start."""
RECIPE = {"epochs": 20, "batch_size": 128, "learning_rate": 1e-2, "validation_fraction": 0.02}


def photographs_patches(seed: int) -> np.ndarray:
    """Grey patches (n, 12, 12) at random places of the BSDS500 training photographs."""
    rng = np.random.default_rng(seed)
    files = sorted((data_folder("bsds500") / "train").glob("*.jpg"))
    photographs = [np.asarray(Image.open(file).convert("L"), np.float32) / 255 for file in files]
    patches = np.empty((PATCHES, SIDE, SIDE), np.float32)
    for i, which in enumerate(rng.integers(len(photographs), size=PATCHES)):
        photograph = photographs[which]
        top, left = (rng.integers(size - SIDE + 1) for size in photograph.shape)
        patches[i] = photograph[top : top + SIDE, left : left + SIDE]
    return patches


def learned(name: str, whitened: np.ndarray, seed: int) -> np.ndarray:
    """Filters (256, 12, 12) of one model, the strongest first."""
    model_class, options, bias = MODELS[name]
    torch.manual_seed(seed)
    encoder = TiedEncoder((SIDE * SIDE,), UNITS, bias=bias)
    model = model_class(
        encoder=encoder, decoder=encoder.decoder(), scaling="columns", random_state=seed, **options, **RECIPE
    ).fit(whitened)
    filters = model.encoder_.filters().numpy().reshape(-1, SIDE, SIDE)
    order: np.ndarray = np.argsort(-np.linalg.norm(filters, axis=(1, 2)))
    return filters[order]


def measured(filters: np.ndarray) -> tuple[float, float]:
    """The share that a Gabor function fits, and the median R2."""
    r2 = np.array([fit.r2 for fit in fit_gabor(filters)])
    return float((r2 > LEAST).mean()), float(np.median(r2))


def deeper_units() -> None:
    """Pictures that units of a convolutional autoencoder of the sample "shapes" answer to, six of each layer.

    Below them six items, and what the code keeps of these.
    """
    shapes = hs.load_dataset("shapes")
    model = hs.Autoencoder(code=32, random_state=0).fit(shapes)
    space = hs.HiddenSpace(model, shapes)
    found = [space.maximise(range(6), layer) for layer in ("stages.0", "stages.1", "block", None)]
    some = shapes.take(range(6))
    found += [np.asarray(some.items), model.reconstruct(some)]
    picture = tile(np.rint(np.concatenate(found)).astype(np.uint8), columns=6, scale=3)
    picture.save(ROOT / "docs" / "pictures" / "maximised.png")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    seeds = range(parser.parse_args().seeds)
    patches = contrast_normalised(photographs_patches(0), floor=1.0)
    whitened = fit_whitening(patches, floor=0.1).apply(patches)
    components = hs.PCA(SIDE * SIDE).fit(patches.reshape(PATCHES, -1)).encoder_.components.numpy()
    pictures = {"PCA": components.reshape(-1, SIDE, SIDE)}
    share, median = measured(pictures["PCA"])
    rows = [["hs.PCA(144)", "144", f"{share:.3f}", f"{median:.2f}"]]
    random = np.random.default_rng(0).normal(size=(64, SIDE, SIDE))
    share, median = measured(random)
    rows.append(["random filters", "64", f"{share:.3f}", f"{median:.2f}"])
    for name in MODELS:
        results = []
        for seed in seeds:
            filters = learned(name, whitened, seed)
            results.append(measured(filters))
            print(f"{name} seed {seed}: share {results[-1][0]:.3f}, median R2 {results[-1][1]:.2f}", flush=True)
            pictures.setdefault(f"hs.{name}", filters)
        shares, medians = zip(*results, strict=True)
        rows.append([f"hs.{name}, tied", str(UNITS), spread(shares, 3), spread(medians, 2)])
    notes = [
        f"{PATCHES:,} grey patches of 12x12 from 200 photographs (BSDS500 train), mean taken out, divided by their "
        "deviation plus its mean over patches, ZCA-whitened with a floor of 0.1 of the mean eigenvalue (PCA's are not "
        "whitened); filters as the encoder has them, in whitened space.",
        f"Share of filters that a Gabor function fits with R2 above {LEAST}; seeds {list(seeds)}: mean (lowest to "
        "highest).",
        f"256 ReLU units, decoder tied to the encoder; sparsity 1e-2, or Gaussian noise of 1.5 deviations; {RECIPE}.",
    ]
    header = ["", "filters", f"R2 above {LEAST}", "median R2"]
    show("filters", "Filters of natural photographs, fitted by Gabor functions", header, rows, notes)
    shown = {name: filters[:144] for name, filters in pictures.items()}
    filter_panels(shown).savefig(ROOT / "docs" / "pictures" / "filters.png", facecolor="white")
    deeper_units()


if __name__ == "__main__":
    main()
