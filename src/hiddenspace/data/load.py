"""The one door: any source becomes a Dataset."""

from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike

from hiddenspace.data import arrays, samples, tables
from hiddenspace.data.arrays import Channels
from hiddenspace.data.dataset import Dataset
from hiddenspace.errors import DataError


def load_dataset(source: Any, *, labels: ArrayLike | str | None = None, channels: Channels = "auto") -> Dataset:
    """Make a Dataset of a source (arrays, frames and samples so far)."""
    if isinstance(source, Dataset):
        return source
    if isinstance(source, torch.Tensor):
        source = source.detach().cpu()
        return arrays.from_array(
            (source.float() if source.dtype == torch.bfloat16 else source).numpy(),
            labels=labels,
            channels=channels,
            tie="chw",
        )
    if isinstance(source, np.ndarray):
        return arrays.from_array(source, labels=labels, channels=channels)
    if isinstance(source, pd.DataFrame):
        return tables.from_frame(source, labels=labels)
    if isinstance(source, str) and source in samples.SAMPLES:
        return samples.load_sample(source)
    return arrays.from_list(source, labels=labels, channels=channels)
