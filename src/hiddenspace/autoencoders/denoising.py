"""Denoising autoencoder: distort the input, restore the original."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from hiddenspace.autoencoders.autoencoder import Autoencoder
from hiddenspace.autoencoders.with_defaults import with_defaults
from hiddenspace.data.corruption import GaussianNoise


@with_defaults(corruption=GaussianNoise(0.3))
class DenoisingAutoencoder(Autoencoder):
    """An Autoencoder that sees distorted items and must restore the originals (Vincent et al. 2008).

    Everything else is as in `Autoencoder`.
    """

    def denoise(self, X: Any) -> np.ndarray | pd.DataFrame:
        """Restores distorted items, in the data's own shape and range.

        Values outside the range, as noise gives them, are taken as they are.
        """
        return self.reconstruct(X)
