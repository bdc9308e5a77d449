"""The lecture's warning: of digits on coloured backgrounds a small code keeps the background. And a remedy.

`python benchmarks/coloured_digits.py [SEEDS]`
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable

import numpy as np
from common import digits_like, five_nearest, once, show, spread
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import hiddenspace as hs

TRAINING, TEST, PROBED = 20_000, 5_000, 5_000
HUES = 10
CODE, EPOCHS = 8, 10
Maker = Callable[[int], hs.PCA | hs.Autoencoder | hs.ContrastiveEncoder]


def coloured(digits: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """White digits on a ground of any hue, full saturation and half to whole brightness, and the tenth of the hues."""
    rng = np.random.default_rng(seed)
    hue, value = rng.random(len(digits)), rng.uniform(0.5, 1.0, len(digits))
    channels = [np.clip(np.abs((hue * 6 + shift) % 6 - 3) - 1, 0, 1) for shift in (0, 4, 2)]  # HSV to RGB
    ground = (np.stack(channels, -1) * value[:, None])[:, None, None]
    strength = digits[..., None].astype(np.float32) / 255
    images = ground * (1 - strength) + strength
    return np.rint(255 * images).astype(np.uint8), (hue * HUES).astype(int)


def main() -> None:
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
    train, labels, test, test_labels = digits_like("mnist")
    images, hues = coloured(train[:TRAINING], 0)
    test_images, test_hues = coloured(test[:TEST], 1)

    def measured(make: Maker, seed: int) -> list[float]:
        started = time.perf_counter()
        model = make(seed).fit(images)
        seconds = time.perf_counter() - started
        codes, test_codes = model.transform(images[:PROBED]), model.transform(test_images)
        digit = probed(codes, labels[:PROBED], test_codes, test_labels[:TEST])
        near = five_nearest(codes, labels[:PROBED], test_codes, test_labels[:TEST])
        return [digit, near, probed(codes, hues[:PROBED], test_codes, test_hues), seconds]

    rows = []
    for name, make in MODELS.items():
        steps = {f"{name}, seed {seed}": functools.partial(measured, make, seed) for seed in seeds}
        found = [once("coloured_digits", step, measure) for step, measure in steps.items()]
        *accuracies, seconds = zip(*found, strict=True)
        rows.append([name, *(spread(values, 3) for values in accuracies), f"{np.mean(seconds):.0f}"])
    notes = [
        f"White MNIST digits on grounds of random hue; {TRAINING:,} training images without labels, {TEST:,} test "
        f"images, grounds drawn anew and independent of the digit. {len(seeds)} seeds: mean (lowest to highest).",
        f"Probes: logistic regression on standardised codes of {PROBED:,} training images; which digit (of 10), and "
        "which tenth of the hues. Chance is 0.1 in both.",
    ]
    header = ["", "digit, linear probe", "digit, 5-NN", "hue, linear probe", "seconds"]
    show("coloured_digits", "Digits on coloured backgrounds: what the code learns", header, rows, notes)


def probed(codes: np.ndarray, labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray) -> float:
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(codes, labels)
    return float(probe.score(test, test_labels))


JITTER = hs.ImageAugmentation(colour=1.0)
STILL = hs.ImageAugmentation(colour=0.0)
MODELS: dict[str, Maker] = {
    f"hs.PCA({CODE})": lambda seed: hs.PCA(CODE, random_state=seed),
    f"hs.Autoencoder({CODE})": lambda seed: hs.Autoencoder(CODE, random_state=seed),
    f"hs.ContrastiveEncoder({CODE}), no colour jitter": lambda seed: hs.ContrastiveEncoder(
        CODE, augmentation=STILL, epochs=EPOCHS, random_state=seed
    ),
    f"hs.ContrastiveEncoder({CODE}), colour jitter": lambda seed: hs.ContrastiveEncoder(
        CODE, augmentation=JITTER, epochs=EPOCHS, random_state=seed
    ),
}


if __name__ == "__main__":
    main()
