"""A classifier of an attribute on pixels, and whose face it still is: both know nothing of any autoencoder."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

STEPS, HALF, RATE = 900, 32, 4e-3
BLOTCHED, STRONGEST = 0.6, 1.5
"""Of the images in a step, and how much of a difference is added to them at most."""


def augmented(images: np.ndarray, rng: np.random.Generator, shift: int = 3) -> np.ndarray:
    """Images (n, h, w) in [0, 1], each mirrored or not, moved by up to `shift` pixels, brighter or darker."""
    height, width = images.shape[1:]
    padded = np.pad(images, ((0, 0), (shift, shift), (shift, shift)), mode="edge")
    made = np.empty_like(images)
    for i, image in enumerate(padded):
        down, right = rng.integers(0, 2 * shift + 1, 2)
        part = image[down : down + height, right : right + width]
        part = part[:, ::-1] if rng.random() < 0.5 else part
        made[i] = np.clip((part - 0.5) * rng.uniform(0.8, 1.2) + 0.5 + rng.uniform(-0.1, 0.1), 0, 1)
    return made


def blotched(images: np.ndarray, others: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Images, to most of which the difference of two random others was added, more or less of it."""
    one, two = (others[rng.integers(0, len(others), len(images))] for _ in range(2))
    amount = (rng.random(len(images)) < BLOTCHED) * rng.uniform(0, STRONGEST, len(images))
    made: np.ndarray = np.clip(images + amount[:, None, None] * (one - two), 0, 1)
    return made


class Judge:
    """Three convolutions with batch normalisation, trained on as many augmented images with the attribute as without.

    A linear classifier on whitened pixels was tried first: of other persons it saw no more than chance. And a judge
    that had not learned from blotches (differences of faces without the attribute) took them for glasses.
    """

    def __init__(self, images: np.ndarray, attribute: np.ndarray, seed: int) -> None:
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        self.network = nn.Sequential(
            *_stage(1, 16), *_stage(16, 32), *_stage(32, 64), nn.AdaptiveAvgPool2d((4, 3)), nn.Flatten(),
            nn.Dropout(0.5), nn.Linear(64 * 12, 2),
        )  # fmt: skip
        optimizer = torch.optim.AdamW(self.network.parameters(), weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, STEPS)
        groups = [np.flatnonzero(attribute == value) for value in (0, 1)]
        target = torch.arange(2).repeat_interleave(HALF)
        for _ in range(STEPS):
            chosen = np.concatenate([rng.choice(group, HALF) for group in groups])
            seen = blotched(augmented(images[chosen], rng), images[groups[0]], rng)
            loss = F.cross_entropy(self.network(_tensor(seen)), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        self.network.eval()

    def sees(self, images: np.ndarray) -> np.ndarray:
        """Whether each image (n, h, w) has the attribute."""
        with torch.inference_mode():
            logits = torch.cat([self.network(_tensor(part)) for part in np.array_split(images, -(-len(images) // 256))])
        return (logits[:, 1] > logits[:, 0]).numpy()


def nearest(images: np.ndarray, pool: np.ndarray, without: np.ndarray | None = None) -> np.ndarray:
    """Of each image the position of the nearest one in the pool, by pixels; `without` is one position to pass over."""
    flat = [x.reshape(len(x), -1).astype(np.float32) for x in (images, pool)]
    distance = (flat[0] ** 2).sum(1)[:, None] - 2 * flat[0] @ flat[1].T + (flat[1] ** 2).sum(1)
    if without is not None:
        distance[np.arange(len(images)), without] = np.inf
    positions: np.ndarray = distance.argmin(1)
    return positions


def _stage(before: int, after: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]


def _tensor(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(images, np.float32))[:, None]
