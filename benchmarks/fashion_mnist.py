"""Fashion-MNIST, code 32, all defaults: reconstruction and neighbours against PCA and raw pixels, three seeds."""

from __future__ import annotations

import time

import numpy as np
from common import digits_like, five_nearest, show, spread
from sklearn.decomposition import PCA

import hiddenspace as hs

SEEDS = (0, 1, 2)


def main() -> None:
    train, labels, test, test_labels = digits_like("fashion-mnist")
    flat, flat_test = (x.reshape(len(x), -1).astype(np.float32) / 255 for x in (train, test))
    pca = PCA(32, random_state=0).fit(flat)
    rebuilt = pca.inverse_transform(pca.transform(flat_test))
    pca_mse = float(((rebuilt - flat_test) ** 2).mean())
    pca_accuracy = five_nearest(pca.transform(flat), labels, pca.transform(flat_test), test_labels)
    raw_accuracy = five_nearest(flat, labels, flat_test, test_labels)
    errors, accuracies, seconds, epochs = [], [], [], []
    for seed in SEEDS:
        started = time.perf_counter()
        model = hs.Autoencoder(code=32, random_state=seed).fit(train)
        seconds.append(time.perf_counter() - started)
        errors.append(float(model.reconstruction_errors(test).mean()))
        accuracies.append(five_nearest(model.transform(train), labels, model.transform(test), test_labels))
        epochs.append(len(model.history_))
        print(f"seed {seed}: {errors[-1] / pca_mse:.3f} {accuracies[-1]:.4f} {seconds[-1]:.0f} s", flush=True)
    rows = [
        ["raw pixels", "", "", f"{raw_accuracy:.4f}", ""],
        ["scikit-learn PCA(32)", f"{pca_mse:.5f}", "1", f"{pca_accuracy:.4f}", ""],
        [
            "hs.Autoencoder(code=32)",
            spread(errors, 5),
            spread([e / pca_mse for e in errors], 3),
            spread(accuracies),
            spread(seconds, 0),
        ],
    ]
    header = ["", "test MSE per pixel", "ratio to PCA", "5-NN accuracy on codes", "seconds to fit"]
    notes = [
        f"60,000 training images (the model holds out a tenth for early stopping), 10,000 test images, seeds {SEEDS}: "
        "mean (lowest to highest).",
        f"Epochs: {epochs}. Neighbours are searched among all training codes.",
    ]
    show("fashion_mnist", "Fashion-MNIST, code 32, all defaults", header, rows, notes)


if __name__ == "__main__":
    main()
