"""What a run measures on the items that no model has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from hiddenspace.autoencoders.pca import PCA
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.table_format import TableFormat
from hiddenspace.models.coder import Coder
from hiddenspace.nets.devices import device_of
from hiddenspace.runs.showing import displayed

AT_A_TIME = 1024
"""Items that are in memory in float64."""


@dataclass(frozen=True)
class Measured:
    """One model on the held-out items."""

    name: str
    code: int
    explained_variance: float | None  # of the reconstruction; None beside a model that has none
    mse: float | None
    seconds: float
    parameters: int
    probe: float | None = None  # accuracy of a linear classifier on codes, and of the nearest neighbours among them
    neighbours: float | None = None


def columns_of(measured: Sequence[Measured]) -> list[str]:
    """What the figures of these models are called."""
    if all(m.mse is not None for m in measured):
        return ["explained variance", "mean squared error"]
    return ["linear probe", "5-NN"]


def figures_of(m: Measured) -> list[str]:
    """Those figures of one model, as text."""
    if m.mse is not None:
        return [f"{m.explained_variance:.4f}", f"{m.mse:.5g}"]
    return ["-" if figure is None else f"{figure:.4f}" for figure in (m.probe, m.neighbours)]


def measure(name: str, model: Coder, held_out: Dataset, seconds: float) -> Measured:
    """Explained variance and mean squared error per value of the reconstruction, in model space."""
    return Measured(
        name,
        model.code_size_,
        model.score(held_out),
        float(model.reconstruction_errors(held_out).mean()),
        seconds,
        model.parameter_count(),
    )


def pca_curve(pca: PCA, held_out: Dataset) -> np.ndarray:
    """Explained variance on held-out items with 1, 2, ... components: each adds the square of its code."""
    codes = pca.transform(held_out).astype(np.float64)
    mean = pca.encoder_.mean.cpu().numpy().astype(np.float64)
    error, total = 0.0, np.zeros_like(mean)
    for start in range(0, len(held_out), AT_A_TIME):
        some = held_out.take(np.arange(start, min(start + AT_A_TIME, len(held_out))))
        x = pca.rebuilt(some)[0].reshape(len(some), -1) - mean
        error, total = error + float((x**2).sum()), total + x.sum(0)
    spread = error - float((total**2).sum()) / len(held_out)
    lost = error - np.cumsum((codes**2).sum(axis=0))
    return 1 - lost / spread if spread > 0 else np.zeros_like(lost)


def column_errors(model: Coder, held_out: Dataset) -> dict[str, float]:
    """Of each column of a table the share of its variance that the reconstruction loses."""
    if not isinstance(model.format_, TableFormat):
        return {}
    x, rebuilt = (values.astype(np.float64) for values in model.rebuilt(held_out))
    spread = ((x - x.mean(0)) ** 2).sum(0)
    lost = ((x - rebuilt) ** 2).sum(0)
    errors: dict[str, float] = {}
    start = 0
    for column in model.format_.columns:
        part = slice(start, start := start + len(column.names))
        whole = float(spread[part].sum())
        errors[str(column.name)] = float(lost[part].sum()) / whole if whole > 1e-9 else 0.0
    return errors


def unit_responses(model: Coder, items: Dataset, most: int) -> np.ndarray:
    """What each number of the code adds to the picture: decoder(mean + deviation) - decoder(mean - deviation), signed.

    The numbers that vary most come first. For PCA this is the component itself, but for its scale.
    """
    codes = model.transform(items)
    mean, deviation = codes.mean(0), codes.std(0)
    order = np.argsort(-deviation, kind="stable")[:most]
    steps = np.zeros((len(order), len(mean)), np.float32)
    steps[np.arange(len(order)), order] = deviation[order]
    device = device_of(model.decoder_)
    with torch.inference_mode():
        up, down = (model.decoder_(torch.from_numpy(mean + sign * steps).to(device)) for sign in (1, -1))
        return displayed(((up - down) / 2).cpu().numpy())


def pictures_of(model: Coder, items: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Images and their reconstructions, (n, h, w, c) in [0, 1]."""
    originals, rebuilt = (np.clip(displayed(values), 0, 1) for values in model.rebuilt(items))
    return originals, rebuilt
