"""Fashion-MNIST: what codes learned without labels are worth to a logistic probe with few labels.

`python benchmarks/features.py [SEEDS [ROW ...]]`: how many seeds (3), and which rows (all).
"""

from __future__ import annotations

import functools
import sys
import time
import warnings
from collections.abc import Callable, Sequence

import numpy as np
from common import digits_like, five_nearest, once, show
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegressionCV
from sklearn.preprocessing import StandardScaler

import hiddenspace as hs

COUNTS = {100: 10, 1000: 5, 3000: 3}
"""Labels, and over how many draws of them the accuracy is averaged; all rows have the same draws."""
STRENGTHS = 10.0 ** np.arange(-4, 2)
Encoder = Callable[[np.ndarray], np.ndarray]


def main() -> None:
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
    data = digits_like("fashion-mnist")
    rows = []
    for name, fit in ROWS.items():
        if len(sys.argv) > 2 and not any(word.lower() in name.lower() for word in sys.argv[2:]):
            continue
        figures = [
            once("features", f"{name}, seed {seed}", functools.partial(measured, fit, data, seed))
            for seed in (seeds if name not in ("raw pixels", "scikit-learn PCA(32)") else [0])
        ]
        *accuracies, used, width = np.array(figures).T
        rows.append([name, f"{width[0]:.0f}", *map(over_seeds, accuracies), f"{used.mean():.0f}"])
    counts = ", ".join(f"{draws} of {n:,}" for n, draws in COUNTS.items())
    notes = [
        "Encoders are fitted on the 60,000 training images without labels (ours hold out a tenth, the contrastive one "
        "a twentieth, to choose the epoch); accuracies are those on the 10,000 test images.",
        "Probe: scikit-learn's logistic regression on standardised codes, C chosen by 5-fold cross-validation on the "
        f"labelled items alone; mean over class-balanced draws ({counts} labels).",
        f"5-NN is searched among all 60,000 training codes. {len(seeds)} seeds: mean (lowest to highest).",
        "CPU seconds to fit are those of all threads together.",
    ]
    header = ["", "code", *(f"{n:,} labels" for n in COUNTS), "5-NN", "CPU seconds"]
    show("features", "Fashion-MNIST: features without labels", header, rows, notes)


def measured(fit: Callable[[np.ndarray, int], Encoder], data: Sequence[np.ndarray], seed: int) -> list[float]:
    """Accuracies at each number of labels and of five neighbours, seconds of the processor to fit, size of the code."""
    train, labels, test, test_labels = data
    started = time.process_time()
    encode = fit(train, seed)
    used = time.process_time() - started
    codes, test_codes = encode(train), encode(test)
    accuracies = [probed(codes, labels, test_codes, test_labels, n) for n in COUNTS]
    return [*accuracies, five_nearest(codes, labels, test_codes, test_labels), used, codes.shape[1]]


def probed(codes: np.ndarray, labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray, count: int) -> float:
    """Accuracy of a probe on so many labels, over draws of them."""
    accuracies = []
    for draw in range(COUNTS[count]):
        rng = np.random.default_rng(draw)
        each = [rng.choice(np.flatnonzero(labels == c), count // 10, replace=False) for c in range(10)]
        chosen = np.concatenate(each)
        scaler = StandardScaler().fit(codes[chosen])
        probe = LogisticRegressionCV(
            Cs=STRENGTHS, cv=5, max_iter=300, scoring="accuracy", l1_ratios=(0,), use_legacy_attributes=False
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of weak penalties that do not converge, and are not chosen
            probe.fit(scaler.transform(codes[chosen]), labels[chosen])
        accuracies.append(float((probe.predict(scaler.transform(test)) == test_labels).mean()))
    return float(np.mean(accuracies))


def over_seeds(values: np.ndarray) -> str:
    if len(values) == 1:
        return f"{values[0]:.4f}"
    return f"{values.mean():.4f} ({values.min():.4f} to {values.max():.4f})"


def raw(train: np.ndarray, seed: int) -> Encoder:
    return lambda x: x.reshape(len(x), -1).astype(np.float32) / 255


def pca(train: np.ndarray, seed: int) -> Encoder:
    flat = raw(train, seed)
    fitted = PCA(32, random_state=0).fit(flat(train))
    return lambda x: fitted.transform(flat(x))


def random_encoder(train: np.ndarray, seed: int) -> Encoder:
    """The network of the contrastive encoder as it starts; batch statistics of one pass over some images."""
    import torch

    from hiddenspace.nets.resnet import ResNetEncoder

    torch.manual_seed(seed)
    network = ResNetEncoder((1, 28, 28))

    def encode(x: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            batches = torch.from_numpy(x[:, None]).split(500)
            return torch.cat([network(batch.float() / 255) for batch in batches]).numpy()

    encode(train[:10_000])  # in training mode: running means and variances
    network.eval()
    return encode


def plain(train: np.ndarray, seed: int) -> Encoder:
    return hs.Autoencoder(code=32, random_state=seed).fit(train).transform


def masked(train: np.ndarray, seed: int) -> Encoder:
    return hs.MaskedAutoencoder(random_state=seed).fit(train).transform


def contrastive(train: np.ndarray, seed: int) -> Encoder:
    return hs.ContrastiveEncoder(random_state=seed).fit(train).transform


ROWS: dict[str, Callable[[np.ndarray, int], Encoder]] = {
    "raw pixels": raw,
    "scikit-learn PCA(32)": pca,
    "random encoder": random_encoder,
    "hs.Autoencoder(code=32)": plain,
    "hs.MaskedAutoencoder()": masked,
    "hs.ContrastiveEncoder()": contrastive,
}


if __name__ == "__main__":
    main()
