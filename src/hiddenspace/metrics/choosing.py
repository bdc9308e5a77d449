"""What a person names to compare items by, or leaves open, as an extractor of features."""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
import torch
from torch import nn

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import fit_format, in_model_space
from hiddenspace.errors import UsageError
from hiddenspace.metrics.extracting import Codes, Columns, Extractor, NetFeatures, ReadyFeatures, called

NORMALISED_ON = 256
"""Real images, evenly spaced, by which the activations of a random net are normalised."""


def extractor_for(features: Any, real: Dataset, seed: int = 0) -> Extractor:
    """What compares items like the real ones; the seed is that of a random net.

    Raises
    ------
    UsageError
        If `features` are nothing of the kind, or there are none for images.
    """
    if features is None:
        if real.kind == "images":
            raise UsageError(
                "images are compared by features of a net; give features=, such as 'random', 'vgg16', any module or a "
                "fitted Classifier."
            )
        return ReadyFeatures() if real.kind == "vectors" else Columns(real)
    if hasattr(features, "format_") and hasattr(features, "transform"):
        return Codes(features)
    if hasattr(features, "format_") and hasattr(features, "encoder_"):
        return NetFeatures(features.encoder_, features.format_, called(features))
    if isinstance(features, str | PathLike):
        features = _named(features, real, seed)
    if isinstance(features, nn.Module):
        return NetFeatures(features, fit_format(real))
    raise UsageError(
        f"features={features!r} are none; give the name or file of a net, a torch.nn.Module that takes items, or a "
        "fitted model of hiddenspace."
    )


def _named(source: str | PathLike[str], real: Dataset, seed: int) -> nn.Module:
    """A feature net by its name or file.

    Raises
    ------
    UsageError
        If items are no images, which are all that such nets take, or there is no such net.
    """
    from hiddenspace.nets.feature_nets import feature_net_for

    if real.kind != "images":
        raise UsageError(f"features={str(source)!r} is a net for images; give a fitted model of hiddenspace, or none.")

    def pictures() -> torch.Tensor:
        some = real.take(np.unique(np.linspace(0, len(real) - 1, NORMALISED_ON).astype(int)))
        return torch.cat(list(in_model_space(fit_format(real), some)))

    return feature_net_for(source, pictures, seed)
