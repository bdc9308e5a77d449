"""Photographs to learn from: read in one size, and cut into pieces for each step."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hiddenspace.data.arrays import Channels
from hiddenspace.data.dataset import Dataset
from hiddenspace.data.load import load_dataset
from hiddenspace.errors import DataError


def read_photographs(
    source: Any, size: int, least: int, channels: Channels = "auto", what: str = "the photographs"
) -> Dataset:
    """Files as squares of this side, cropped at the centre; arrays as they are.

    Parameters
    ----------
    source
        Anything that `load_dataset` takes.
    size, least
        The side of files, and that which the shorter side of arrays has at least.
    channels
        Where those of 4-D arrays are.
    what
        What errors call them.

    Raises
    ------
    DataError
        If it holds no pictures in grey or in colours, or they are too small.
    """
    dataset = load_dataset(source, size=(size, size, 3), channels=channels)
    if dataset.kind != "images":
        raise DataError(f"{dataset.name} holds {dataset.kind} and no pictures; give a folder or an array of them.")
    height, width, count = dataset.items.shape[1:]
    if count not in (1, 3):
        raise DataError(f"{what} have {count} channels; give them in grey or in colours, with 1 or 3.")
    if min(height, width) < least:
        raise DataError(
            f"{what} have {width}x{height} pixels, fewer than the {least} a side that are looked at; give "
            "larger ones, or make crop= smaller."
        )
    return dataset


def pieces(x: Tensor, side: int) -> Tensor:
    """A square of each picture from a place at random, half of them mirrored: (b, 1 or 3, h, w) -> (b, 3, side, side).

    Draws from torch's global generator.
    """
    height, width = x.shape[-2:]
    down, across = torch.randint(height - side + 1, (len(x),)), torch.randint(width - side + 1, (len(x),))
    mirrored = torch.rand(len(x)) < 0.5
    cut = [
        (one.flip(-1) if turned else one)[..., top : top + side, left : left + side]
        for one, top, left, turned in zip(x, down.tolist(), across.tolist(), mirrored.tolist(), strict=True)
    ]
    return torch.stack(cut).expand(-1, 3, -1, -1)
