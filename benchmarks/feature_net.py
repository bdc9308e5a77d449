"""Features by which sets of small grey images are compared: those of a classifier that was trained here."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

import hiddenspace as hs
from hiddenspace.nets.devices import device_of

NAME = "a classifier of 2 convolutions (32 and 64 channels, stride 2) and a layer of 128, normalised, before the last"


class FeatureNet(nn.Sequential):
    """(b, 1, 28, 28) -> (b, 128), of length 128^(1/2) each: a few large features must not decide everything."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 32, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Flatten(),
            nn.Linear(64 * 7 * 7, 128),
            nn.LayerNorm(128, elementwise_affine=False),
        )


def trained(images: np.ndarray, labels: np.ndarray) -> hs.Classifier:
    """The classifier; its `encoder_` gives the features."""
    classifier = hs.Classifier(
        init=FeatureNet(), freeze=0, layer_decay=1.0, augmentation=None, epochs=3, random_state=0
    )
    return classifier.fit(images, labels)


def features(net: nn.Module, images: np.ndarray) -> np.ndarray:
    """Of images (n, 28, 28) in 0 to 255, (n, d)."""
    parts = torch.split(torch.from_numpy(np.asarray(images, np.float32))[:, None] / 255, 500)
    device = device_of(net)
    with torch.inference_mode():
        made: Tensor = torch.cat([net(part.to(device)).cpu() for part in parts])
    return made.numpy()
