"""Which inputs a code depends on: columns by permutation, pixels by saliency."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.format import BATCH, Format, ImageFormat, in_model_space
from hiddenspace.data.table_format import TableFormat
from hiddenspace.errors import DataError, ModelError, UsageError
from hiddenspace.nets.devices import device_of
from hiddenspace.space.coding import Coding, ModelCoding
from hiddenspace.space.waiting import waiting

if TYPE_CHECKING:
    from hiddenspace.space.hidden_space import HiddenSpace

Measure = Literal["auto", "shared", "code"]
ROWS, PICTURES = 2000, 256
"""Items at most that are looked at; permutation needs no more, and pictures are differentiated one number at a time."""
PERMUTATIONS = 3
DIRECTIONS = 64
"""Of a longer code so many random directions are differentiated, in place of every number."""


def relevance(space: HiddenSpace, X: Any = None, measure: Measure = "auto", random_state: int = 0) -> Any:
    """How much the code depends on each input, see `HiddenSpace.relevance`."""
    if measure not in ("auto", "shared", "code"):
        raise UsageError(f"measure={measure!r} is unknown; use 'auto', 'shared' or 'code'.")
    networks = Networks(space.coding)
    dataset = _items(space, X)
    with waiting("looking at what the code depends on ..."):
        if isinstance(networks.format, ImageFormat):
            return _of_pixels(networks, dataset, measure, random_state)
        return _of_columns(networks, dataset, measure, random_state, columns_of(networks.format, space.coding))


def _of_pixels(networks: Networks, dataset: Dataset, measure: Measure, random_state: int) -> np.ndarray:
    if measure == "shared":
        raise UsageError("measure='shared' is for columns; pixels have their saliency, measure='code'.")
    some = _some(networks.format, dataset, PICTURES, np.random.default_rng(random_state))
    return _saliency(networks, some, random_state)


def _of_columns(
    networks: Networks, dataset: Dataset, measure: Measure, random_state: int, columns: tuple[list[Any], np.ndarray]
) -> pd.Series:
    if measure == "shared" and networks.decode is None:
        raise ModelError("measure='shared' needs a decoder; use measure='code', or an autoencoder.")
    rng = np.random.default_rng(random_state)
    x = _some(networks.format, dataset, ROWS, rng)
    if len(x) < 2:
        raise DataError("a column of one item cannot be permuted; give at least 2 items.")
    shared = measure != "code" and networks.decode is not None
    judge = _shared(networks, x) if shared else _code_change(networks, x)
    names, groups = columns
    values = [_permuted(x, groups == i, judge, rng) for i in range(len(names))]
    title = "share of the other columns' variance that is lost" if shared else "change of the code"
    return pd.Series(values, index=names, name=title).sort_values(ascending=False, kind="stable")


def mean_picture(space: HiddenSpace) -> np.ndarray:
    """(h, w, c): the mean of at most 256 of the space's pictures, in [0, 1]."""
    format_ = space.coding.format
    assert format_ is not None
    mean = _some(format_, _items(space, None), PICTURES, np.random.default_rng(0)).mean(0)
    shown: np.ndarray = mean.permute(1, 2, 0).numpy()
    return shown


class Networks:
    """Encoder and decoder of a space as functions of tensors in model space."""

    def __init__(self, coding: Coding) -> None:
        if coding.encoder is None or coding.format is None:
            raise ModelError("this space was made of ready codes, which say nothing about inputs; give it a model.")
        self.format: Format = coding.format
        self.encode, self.decode = coding.to_codes, coding.to_items if coding.decodes else None
        self.device = device_of(coding.encoder)

    def codes(self, x: Tensor) -> Tensor:
        """(n, d) -> (n, code), batch by batch."""
        with torch.inference_mode():
            return torch.cat([self.encode(part).float() for part in torch.split(x.to(self.device), BATCH)])

    def rebuilt(self, codes: Tensor) -> Tensor:
        """(n, code) -> (n, d)."""
        assert self.decode is not None
        with torch.inference_mode():
            return torch.cat([self.decode(part).float() for part in torch.split(codes, BATCH)])


def columns_of(format_: Format, coding: Coding) -> tuple[list[Any], np.ndarray]:
    """The names of the data's columns, and for each value of a row in model space the number of its column."""
    if isinstance(format_, TableFormat):
        groups = [i for i, column in enumerate(format_.columns) for _ in column.names]
        return [column.name for column in format_.columns], np.array(groups)
    names = getattr(coding.model, "feature_names_in_", None) if isinstance(coding, ModelCoding) else None
    count = format_.shape[0]
    return list(range(count)) if names is None else list(names), np.arange(count)


def _items(space: HiddenSpace, X: Any) -> Dataset:
    if X is not None:
        return space.coding.read(X)
    if space._dataset is None:
        raise UsageError(
            "this space holds codes and no items; give the items to look at, relevance(X), or open it with data=."
        )
    return space._dataset


def _some(format_: Format, dataset: Dataset, most: int, rng: np.random.Generator) -> Tensor:
    """At most so many items, in model space."""
    chosen = dataset.take(np.sort(rng.permutation(len(dataset))[:most]))
    return torch.cat(list(in_model_space(format_, chosen)))


def _permuted(x: Tensor, mine: np.ndarray, judge: Callable[[Tensor, Tensor], float], rng: np.random.Generator) -> float:
    """The mean judgement over permutations of all values that belong to one column, the others left in place."""
    columns = torch.from_numpy(np.flatnonzero(mine))
    found = []
    for _ in range(PERMUTATIONS):
        moved = x.clone()
        moved[:, columns] = x[torch.from_numpy(rng.permutation(len(x)))][:, columns]
        found.append(judge(moved, columns))
    return float(np.mean(found))


def _code_change(networks: Networks, x: Tensor) -> Callable[[Tensor, Tensor], float]:
    """Half the mean squared change of the code, in standard deviations: 1 for a code that is all new."""
    codes = networks.codes(x)
    scale = _spread(codes)

    def judge(moved: Tensor, columns: Tensor) -> float:
        return float(((networks.codes(moved) - codes) / scale).square().mean() / 2)

    return judge


def _shared(networks: Networks, x: Tensor) -> Callable[[Tensor, Tensor], float]:
    """How much worse the other columns are rebuilt, as a share of their variance."""
    x = x.to(networks.device)
    before = (networks.rebuilt(networks.codes(x)) - x).square().mean(0)
    variance = x.var(0, correction=0)

    def judge(moved: Tensor, columns: Tensor) -> float:
        after = (networks.rebuilt(networks.codes(moved)) - x).square().mean(0)
        others = torch.ones(x.shape[1], dtype=torch.bool, device=x.device)
        others[columns.to(x.device)] = False
        total = float(variance[others].sum())
        return float((after - before)[others].sum()) / total if total > 0 else 0.0

    return judge


def _saliency(networks: Networks, x: Tensor, seed: int) -> np.ndarray:
    """(h, w): the mean over pictures of the norm of d code / d pixel, the code in standard deviations."""
    scale = _spread(networks.codes(x))
    directions = _directions(len(scale), seed).to(scale) / scale
    total = torch.zeros(x.shape[2:], device=networks.device)
    for part in torch.split(x.to(networks.device), BATCH):
        pixels = part.clone().requires_grad_()
        with torch.enable_grad():
            codes = networks.encode(pixels).float()
            seen = codes @ directions.T
            squares = torch.zeros_like(pixels)
            for i in range(len(directions)):
                (gradient,) = torch.autograd.grad(seen[:, i].sum(), pixels, retain_graph=i + 1 < len(directions))
                squares += gradient.square()
        total += squares.sum(1).sqrt().sum(0)
    shown: np.ndarray = (total / len(x)).cpu().numpy()
    return shown


def _directions(size: int, seed: int) -> Tensor:
    """Rows whose squared products with a vector sum up to its squared norm: exactly, or of long codes on average."""
    if size <= DIRECTIONS:
        return torch.eye(size)
    signs = torch.randint(0, 2, (DIRECTIONS, size), generator=torch.Generator().manual_seed(seed)) * 2 - 1
    directions: Tensor = signs.float() / DIRECTIONS**0.5
    return directions


def _spread(codes: Tensor) -> Tensor:
    """(code,) standard deviations; 1 for a number that is the same for all items, which says nothing."""
    deviation = codes.std(0, correction=0)
    spread: Tensor = torch.where(deviation > 0, deviation, torch.ones_like(deviation))
    return spread
