"""Does it help to stack more layers? Depth 1 to 4 at equal code size, three seeds, images and rows."""

from __future__ import annotations

import numpy as np
from common import digits_like, show, spread
from sklearn.decomposition import PCA

import hiddenspace as hs

SEEDS = (0, 1, 2)
TRAINED_ON = 10_000
EPOCHS = 12


def main() -> None:
    train, _, test, _ = digits_like("fashion-mnist")
    train = train[:TRAINED_ON]
    flat, flat_test = (x.reshape(len(x), -1).astype(np.float32) / 255 for x in (train, test))
    pca = PCA(32, random_state=0).fit(flat)
    linear = float(((pca.inverse_transform(pca.transform(flat_test)) - flat_test) ** 2).mean())
    rows = [["PCA(32): no hidden layer", f"{linear:.5f}", f"{linear:.5f}"]]
    for depth in (1, 2, 3, 4):
        cells = [f"depth {depth}"]
        for flatten in (True, False):
            errors = []
            for seed in SEEDS:
                x, y = (a.reshape(len(a), -1) if flatten else a for a in (train, test))
                model = hs.Autoencoder(code=32, depth=depth, epochs=EPOCHS, random_state=seed).fit(x)
                errors.append(float(model.reconstruction_errors(y).mean()))
            cells.append(spread(errors, 5))
        rows.append(cells)
        print(rows[-1], flush=True)
    notes = [
        f"Fashion-MNIST, {TRAINED_ON:,} training images, 10,000 test images, code 32, {EPOCHS} epochs at most, "
        f"seeds {SEEDS}: mean test MSE per pixel (lowest to highest)."
    ]
    show("depth", "Stack more layers", ["", "fully connected (rows)", "convolutional (images)"], rows, notes)


if __name__ == "__main__":
    main()
