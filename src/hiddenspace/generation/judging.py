"""How good a generator is while it learns: distances to the data over features, after each epoch."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace.errors import DivergedError, UsageError
from hiddenspace.metrics.copies import honest_share, nearest, suspicious_share
from hiddenspace.metrics.diversity import of_pairs
from hiddenspace.metrics.frechet import frechet_distance
from hiddenspace.metrics.manifolds import density_coverage, precision_recall
from hiddenspace.nets.feature_nets import feature_net_for
from hiddenspace.nets.features import FourierFeatures, RandomFeatures
from hiddenspace.training.events import Observer, Row
from hiddenspace.training.game import Game

JUDGED, LEAST, SPACE = 5_000, 1_000, 1 << 28
"""Items of either kind for the Frechet distance, at most and at least, and the bytes that they may take in between."""
FEWER = 1_000
"""Items, at most, for what grows with their square."""
LEAST_HELD_OUT = 20
ASKED = 500
"""Items of either kind that copies are told by."""
SIDE = 32
"""Pixels, at most, of the images among which copies are looked for: means over larger ones tell them as well."""
BATCH, BATCH_OF_OWN = 256, 64
"""Items at a time for the features of nets of ours, and of others, which may be large."""


@dataclass(frozen=True)
class By:
    """What items are compared by: (b, *shape) in model space -> (b, d), and what that is in words."""

    net: Callable[[Tensor], Tensor]
    description: str
    batch: int = BATCH_OF_OWN


def looked_at(shape: tuple[int, ...]) -> int:
    """How many items of that shape are looked at: from 1,000 to 5,000, as many as 256 MiB hold."""
    return min(JUDGED, max(LEAST, SPACE // (4 * math.prod(shape))))


def check_features(given: Any) -> None:
    """Refuses what is no network, before any data is read; names and files are looked for when they are needed."""
    if not isinstance(given, str | PathLike | nn.Module) and not hasattr(given, "encoder_"):
        raise UsageError(
            f"features={given!r} is no network; give a torch.nn.Module, a fitted model, a name, a file or 'auto'."
        )


def judging_features(given: Any, real: np.ndarray) -> By:
    """A person's own network, a fitted model's encoder, what `feature_net` makes of a name, or what suits the data.

    `real` are items (n, *shape) in model space: the activations of a random net that is named are normalised on them.

    Raises
    ------
    UsageError
        If it is no network, or one for images and the items are rows.
    ModelError
        If a file cannot be had or read.
    """
    check_features(given)
    shape = real.shape[1:]
    if given == "auto" and len(shape) == 1:
        return By(FourierFeatures(shape[0]), "the values and cosines of random projections, seed 0", BATCH)
    if given == "auto":
        return By(RandomFeatures(shape[0]), "a random convolutional net, seed 0", BATCH)
    if isinstance(given, nn.Module):
        return By(copy.deepcopy(given), str(getattr(given, "description", type(given).__name__)))
    if isinstance(given, str | PathLike) and len(shape) == 1:
        raise UsageError(f"features={str(given)!r} is a net for images; give a module that takes rows, or 'auto'.")
    net = feature_net_for(given, lambda: real)
    return By(net, net.description)


class Judge(Observer):
    """Adds `monitor/frechet` and other figures of the generator's items to the row of each epoch.

    Parameters
    ----------
    draw : callable
        Count -> new items in model space, batch by batch, always of the same noise.
    by : By
    real, held_out : ndarray (n, *shape), (m, *shape), or None
        Some items in model space that were learned from, and that were not.
    """

    def __init__(
        self, draw: Callable[[int], Iterator[Tensor]], by: By, real: np.ndarray, held_out: np.ndarray | None
    ) -> None:
        self.draw, self.by = draw, by
        self.device = torch.device("cpu")
        self.real_items, self.real = real, np.zeros(0)
        self.held_out = held_out if held_out is not None and len(held_out) >= LEAST_HELD_OUT else None

    def started(self, game: Game, first_round: int, rounds: int) -> None:
        if isinstance(self.by.net, nn.Module):
            self.device = next((t.device for t in game.parameters()), self.device)
            self.by.net.to(self.device).eval()
            _tried(self.by, self.real_items[:2], self.device)
        self.real = self._features([torch.from_numpy(self.real_items)])

    def figures(self, row: Row) -> dict[str, float]:
        """Frechet distance of up to 5,000 items; precision, recall, coverage and the ratio of diversities of 1,000."""
        made = self._features(self.draw(len(self.real)))
        if not np.isfinite(made).all():
            raise DivergedError("generated items are not finite; lower the learning rate, or add a penalty.")
        some, few = self.real[:FEWER], made[:FEWER]
        figures = {"frechet": frechet_distance(self.real, made)}
        if len(some) > 5:
            precision, recall = precision_recall(few, some)
            figures |= {"precision": precision, "recall": recall, "coverage": density_coverage(few, some).coverage}
        figures["diversity"] = of_pairs(few, some).ratio
        return {f"monitor/{name}": float(figure) for name, figure in figures.items()}

    def copied(self, learned: Iterable[np.ndarray]) -> tuple[float, float] | None:
        """The share of 500 new items that are suspiciously near to one learned from, and what honest ones may have.

        `learned` are all items that were learned from, part by part; images of more than 32 pixels a side are compared
        by their means over squares. None where fewer than 20 are held out.
        """
        if self.held_out is None:
            return None
        with torch.inference_mode():
            made = torch.cat([part.cpu() for part in self.draw(ASKED)])
        asked = _small(np.concatenate([made.numpy(), self.held_out[:ASKED]]))
        distances = np.min([nearest(asked, _small(part))[1] for part in learned], axis=0)
        new, held_out = distances[: len(made)], distances[len(made) :]
        return suspicious_share(new, held_out), honest_share(len(new), len(held_out))

    @torch.inference_mode()
    def _features(self, parts: Iterable[Tensor]) -> np.ndarray:
        made = [self.by.net(some.to(self.device)) for part in parts for some in torch.split(part, self.by.batch)]
        return torch.cat([x.flatten(2).mean(2) if x.ndim == 4 else x for x in made]).float().cpu().numpy()


def _small(items: np.ndarray) -> np.ndarray:
    """Images (n, c, h, w) of at most 32 x 32 pixels; rows as they are."""
    if items.ndim == 2 or max(items.shape[2:]) <= SIDE:
        return items
    size = [min(SIDE, pixels) for pixels in items.shape[2:]]
    return F.interpolate(torch.from_numpy(items), size, mode="area").numpy()


def _tried(by: By, items: np.ndarray, device: torch.device) -> None:
    """Whether the net takes the items; what a person's own code says is told in a sentence."""
    try:
        with torch.inference_mode():
            made = by.net(torch.from_numpy(items).to(device))
    except Exception as error:  # of any kind: it may be a person's own code
        reason = " ".join(str(error).split())
        raise UsageError(
            f"features={by.description} does not take {items.shape} ({reason}); give a net that does."
        ) from error
    if made.ndim not in (2, 4) or len(made) != len(items):
        raise UsageError(f"features={by.description} gives {tuple(made.shape)}; make it give (batch, features).")
