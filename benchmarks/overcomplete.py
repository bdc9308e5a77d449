"""A code of twice the input: what copies, and what learns; three seeds."""

from __future__ import annotations

import numpy as np
from common import digits_like, five_nearest, show, spread
from sklearn.decomposition import PCA

import hiddenspace as hs

SEEDS = (0, 1, 2)
CODE = 2 * 784
MODELS = {
    "Autoencoder": {},
    "SparseAutoencoder": {},
    "RedundantAutoencoder": {},
    "DenoisingAutoencoder": {},
}


def main() -> None:
    import warnings

    warnings.simplefilter("ignore")  # the plain one is warned about, and that is the point
    train, labels, test, test_labels = digits_like("fashion-mnist")
    rows_train, rows_test = (x.reshape(len(x), -1) for x in (train, test))
    noise = np.random.default_rng(0).integers(0, 256, (2000, 784), dtype=np.uint8)
    pca = PCA(32, random_state=0).fit(rows_train / np.float32(255))
    codes = [pca.transform(x / np.float32(255)) for x in (rows_train, rows_test)]
    neighbours = five_nearest(codes[0], labels, codes[1], test_labels)
    rows = [
        [
            "PCA(32)",
            f"{pca_on_noise(pca, noise):.2f}",
            "",
            f"{neighbours:.4f}",
        ]
    ]
    for name, options in MODELS.items():
        copied, errors, accuracies = [], [], []
        for seed in SEEDS:
            model = getattr(hs, name)(code=CODE, random_state=seed, **options).fit(rows_train)
            copied.append(model.score(noise))
            errors.append(float(model.reconstruction_errors(rows_test).mean()))
            accuracies.append(
                five_nearest(model.transform(rows_train), labels, model.transform(rows_test), test_labels)
            )
            print(f"{name} seed {seed}: {copied[-1]:.3f} {errors[-1]:.5f} {accuracies[-1]:.4f}", flush=True)
        rows.append([f"hs.{name}(code={CODE})", spread(copied, 2), spread(errors, 5), spread(accuracies)])
    header = ["", "explained variance of uniform noise (1: it copies)", "test MSE per pixel", "5-NN accuracy on codes"]
    notes = [
        f"Fashion-MNIST as rows of 784 values, 10,000 test images, seeds {SEEDS}: mean (lowest to highest).",
        "The noise (2,000 rows, pixels uniform in 0..255) was never seen in training: only a copier can rebuild it.",
    ]
    show("overcomplete", "A code of twice the input", header, rows, notes)


def pca_on_noise(pca: PCA, noise: np.ndarray) -> float:
    """Explained variance of noise."""
    x = noise / np.float32(255)
    rebuilt = pca.inverse_transform(pca.transform(x))
    return float(1 - ((x - rebuilt) ** 2).sum() / ((x - x.mean(0)) ** 2).sum())


if __name__ == "__main__":
    main()
