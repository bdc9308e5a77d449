"""Few labels on MNIST: the same net from scratch, and pretrained in six ways, by error on the test images.

python benchmarks/pretraining.py --seeds 1
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from common import data_folder, digits_like, once, show

import hiddenspace as hs
from hiddenspace.nets.resnet import ResNetEncoder

LABELS = (100, 600, 1000, 3000)
QUIET = hs.Trainer(progress=False)
PUBLISHED = {
    "published: plain net, from scratch": (25.8, 11.4, 10.7, 6.0),
    "published: M1+TSVM (Kingma et al. 2014)": (11.8, 5.7, 4.2, 3.5),
}
NAMES = {
    "plain": "from scratch, without augmentation",
    "scratch": "from scratch",
    "autoencoder": "plain autoencoder on all images",
    "denoising": "denoising autoencoder on all images",
    "fashion": "supervised on 10,000 of Fashion-MNIST",
    "usps": "supervised on USPS (7,291 digits)",
    "contrastive": "contrastive on all images",
    "consistency": "contrastive, and unlabelled images in fine-tuning (FixMatch)",
}
STARTS = {"consistency": "contrastive"}
"""Methods that use the encoder of another one."""


def net(seed: int) -> ResNetEncoder:
    """The network of all methods: 307,248 parameters, 512 features."""
    torch.manual_seed(seed)
    return ResNetEncoder((1, 28, 28))


def usps() -> tuple[np.ndarray, np.ndarray]:
    """USPS at the size and the margin of MNIST: 16x16 to 20x20 pixels, and 4 of ground around."""
    with np.load(data_folder("usps") / "usps.npz") as data:
        x, y = torch.from_numpy(data["x_train"])[:, None], data["y_train"]
    larger = F.pad(F.interpolate(x, (20, 20), mode="bilinear", align_corners=False), (4, 4, 4, 4))
    return (255 * larger[:, 0]).round().numpy().astype(np.uint8), y


def pretrained(name: str, images: np.ndarray, seed: int, passes: int) -> object:
    """What the method starts from."""
    common = {"encoder": net(seed), "validation_fraction": 0, "random_state": seed, "trainer": QUIET}
    start: dict[str, Callable[[], object]] = {
        "autoencoder": lambda: hs.Autoencoder(epochs=passes, **common).fit(images),
        "denoising": lambda: hs.DenoisingAutoencoder(epochs=passes, **common).fit(images),
        "contrastive": lambda: hs.ContrastiveEncoder(epochs=2 * passes, **common).fit(images),
        "usps": lambda: supervised(seed).fit(*usps()),
        "fashion": lambda: supervised(seed).fit(*(part[:10_000] for part in digits_like("fashion-mnist")[:2])),
    }
    return start[name]() if name in start else None


def supervised(seed: int) -> hs.Classifier:
    """The same net from scratch: it is the default one for images."""
    return hs.Classifier(random_state=seed, trainer=QUIET)


def fitted(name: str, start: object, x: np.ndarray, y: np.ndarray, images: np.ndarray, seed: int) -> hs.Classifier:
    """The fine-tuned net, all defaults but for its length."""
    params: dict[str, object] = {"epochs": 12, "random_state": seed, "trainer": QUIET}
    if name == "plain":
        params["augmentation"] = None
    if name == "consistency":
        params["consistency"] = 1.0
    unlabelled = images if "consistency" in params else None
    return hs.Classifier(start, **params).fit(x, y, unlabelled=unlabelled)  # type: ignore[arg-type]


def drawn(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Positions of so many items, as many of each class."""
    rng = np.random.default_rng(seed)
    each = [rng.permutation(np.flatnonzero(labels == label))[: count // 10] for label in range(10)]
    return np.concatenate(each)


def errors(name: str, start: Callable[[str], object], data: Sequence[np.ndarray], seed: int) -> list[float]:
    """In %, on the test images, for each number of labels."""
    train, labels, test, test_labels = data
    row = []
    for count in LABELS:
        chosen = drawn(labels, count, seed)
        model = fitted(name, start(STARTS.get(name, name)), train[chosen], labels[chosen], train, seed)
        row.append(100 * (1 - model.score(test, test_labels)))
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--passes", type=int, default=3, help="of the autoencoders; contrastive gets twice as many")
    parser.add_argument("--methods", nargs="+", default=list(NAMES), choices=list(NAMES))
    arguments = parser.parse_args()
    data = digits_like("mnist")
    found: dict[str, list[list[float]]] = {name: [] for name in arguments.methods}
    for seed in range(arguments.seeds):
        start = functools.cache(functools.partial(pretrained, images=data[0], seed=seed, passes=arguments.passes))
        for name, rows in found.items():
            key = f"{name}, {arguments.passes} passes, seed {seed}"
            rows.append(once("pretraining", key, functools.partial(errors, name, start, data, seed)))
    table = [[name, *published] for name, published in PUBLISHED.items()]
    table += [[NAMES[name], *map(cell, zip(*rows, strict=True))] for name, rows in found.items()]
    header = ["encoder", *(f"{n:,} labels" for n in LABELS)]
    notes = [
        f"Error in % on the 10,000 test images; {arguments.seeds} seeds, mean (lowest to highest).",
        "Labels are drawn at random from the 60,000 training images, as many of each class; the others are unlabelled.",
        "One net of 307,248 parameters. One pretrained encoder a seed serves all label counts. Pretraining sees all "
        f"60,000 images: {arguments.passes} passes by the autoencoders, {2 * arguments.passes} by contrast.",
        "Small random affine maps in fine-tuning, for all but the first row. Settings were chosen on 5,000 training "
        "images. USPS has the same ten classes, Fashion-MNIST has none of them.",
    ]
    show("pretraining", "MNIST with few labels: pretraining", header, table, notes)


def cell(values: Sequence[float]) -> str:
    spread = f" ({min(values):.1f} to {max(values):.1f})" if len(values) > 1 else ""
    return f"{np.mean(values):.1f}{spread}"


if __name__ == "__main__":
    main()
