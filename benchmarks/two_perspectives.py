"""A matrix decomposition from two sides: the eigenvectors of PCA, and gradient descent on a linear autoencoder."""

from __future__ import annotations

import numpy as np
import torch
from common import ROOT, show
from scipy.linalg import subspace_angles
from torch import nn

import hiddenspace as hs
from hiddenspace.pictures.theme import LIGHT, chart, finish, label, legend

CODE, EPOCHS = 4, 300
SHOWN = (1, 3, 10, 30, 100, 300)
SEEDS = (0, 1, 2)


class Angle(hs.Observer):
    """After each epoch: the largest angle between the decoder's columns and PCA's components, in degrees."""

    def __init__(self, components: np.ndarray) -> None:
        self.components, self.degrees = components, []

    def started(self, game: hs.Game, first_round: int, rounds: int) -> None:
        self.columns = game.decoder[0].weight

    def __call__(self, event: object) -> None:
        if event.row is not None:
            angles = subspace_angles(self.columns.detach().numpy(), self.components.T)
            self.degrees.append(float(np.degrees(angles.max())))


def descend(x: np.ndarray, components: np.ndarray, seed: int) -> tuple[list[float], float]:
    """Trains 64 -> 8 -> 64 without any nonlinearity; the angle after each epoch, and the explained variance."""
    angle = Angle(components)
    torch.manual_seed(seed)
    model = hs.Autoencoder(
        encoder=nn.Sequential(nn.Flatten(), nn.Linear(64, CODE)),
        decoder=nn.Sequential(nn.Linear(CODE, 64), nn.Unflatten(1, (1, 8, 8))),
        epochs=EPOCHS,
        patience=EPOCHS,
        batch_size=64,
        validation_fraction=0,
        random_state=seed,
        trainer=hs.Trainer(
            precision="32",
            observers=[angle],
            optimizer=lambda parameters: torch.optim.Adam(parameters, lr=1e-2),
            schedule=lambda progress: 1 - progress,
        ),
    ).fit(x)
    return angle.degrees, model.score(x)


def main() -> None:
    x = hs.load_dataset("digits").items[..., 0]
    pca = hs.PCA(CODE).fit(x)
    runs = [descend(x, pca.components_, seed) for seed in SEEDS]
    angles = np.array([degrees for degrees, _ in runs])
    rows = [[f"epoch {e}", *(f"{a:.2f}" for a in angles[:, e - 1])] for e in SHOWN]
    rows += [["explained variance at the end", *(f"{score:.5f}" for _, score in runs)]]
    rows += [["explained variance of PCA", *[f"{pca.score(x):.5f}"] * len(SEEDS)]]
    notes = [f"scikit-learn's digits, all 1,797, code {CODE}; largest principal angle in degrees, one column a seed."]
    show("two_perspectives", "PCA's subspace, reached by gradient descent", ["", *map(str, SEEDS)], rows, notes)
    figure, axes = chart(LIGHT)
    for seed, degrees in zip(SEEDS, angles, strict=True):
        axes.plot(np.arange(1, EPOCHS + 1), degrees, label=f"seed {seed}", linewidth=1.5)
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    label(axes, LIGHT, x="epoch", y="largest angle to PCA's subspace, degrees")
    legend(axes, LIGHT)
    folder = ROOT / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    finish(figure).savefig(folder / "two-perspectives.png", dpi=150, facecolor="white")


if __name__ == "__main__":
    main()
