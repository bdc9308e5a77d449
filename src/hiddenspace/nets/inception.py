"""The Inception network that the FID is defined by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace.nets.chain import Chain

SIDE = 299
"""Of the pictures it looks at."""
LAYERS = ("pool3",)
"""What the FID compares."""
_PICTURE, _POOLED = "x", "pool"
"""What branches start from: what comes in, and that pooled."""


class Normalised(nn.Module):
    """A convolution, batch normalisation with fixed statistics, and ReLU: (b, c, h, w) -> (b, out, h', w')."""

    def __init__(self, channels: int, out: int, kernel: int | tuple[int, int], stride: int = 1, pad: bool = True):
        super().__init__()
        height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = (height // 2, width // 2) if pad and stride == 1 else (0, 0)
        self.conv = nn.Conv2d(channels, out, (height, width), stride, padding, bias=False)
        self.bn = FixedNorm(out)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, out, h', w')."""
        return F.relu_(self.bn(self.conv(x)))


class FixedNorm(nn.Module):
    """Batch normalisation that no training mode changes, with the epsilon of TensorFlow's network: the same shape."""

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        for name, value in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)):
            self.register_buffer(name, torch.full((channels,), value))

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> the same shape."""
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=1e-3)


@dataclass(frozen=True)
class Branch:
    """One convolution of a block: its name, what it starts from (another's name, 'x' or 'pool'), and its form."""

    name: str
    start: str
    out: int
    kernel: int | tuple[int, int]
    stride: int = 1


class Mixed(nn.Module):
    """Convolutions side by side; what none of them takes further is joined in its order: (b, c, h, w) -> (b, out, ...).

    Parameters
    ----------
    channels
        That come in.
    branches
        Each after those that it starts from.
    pool
        Makes the pooled input; where no branch starts from it, it is joined as it is, at the end.
    """

    def __init__(self, channels: int, branches: Sequence[Branch], pool: nn.Module) -> None:
        super().__init__()
        widths = {_PICTURE: channels, _POOLED: channels}
        for branch in branches:
            convolution = Normalised(widths[branch.start], branch.out, branch.kernel, branch.stride)
            self.add_module(branch.name, convolution)
            widths[branch.name] = branch.out
        self.branches, self.pooling = tuple(branches), pool
        taken = {branch.start for branch in branches}
        self.ends = tuple(name for name in (*(b.name for b in branches), _POOLED) if name not in taken)
        self.out = sum(widths[name] for name in self.ends)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, out, h', w')."""
        made = {_PICTURE: x, _POOLED: self.pooling(x)}
        for branch in self.branches:
            made[branch.name] = getattr(self, branch.name)(made[branch.start])
        return torch.cat([made[name] for name in self.ends], dim=1)


def inception() -> Chain:
    """Inception v3 (Szegedy et al. 2016) as TensorFlow's file of 2015-12-05 has it, up to its pool3 of 2048 features.

    It is not the network that torchvision has: the means that are taken over 3 x 3 places leave out what lies beyond
    the border, and the last block takes a maximum there (Heusel et al. 2017, "GANs trained by a two time-scale update
    rule converge to a local Nash equilibrium", compute their FID with it). The steps are Conv2d_1a_3x3, Conv2d_2a_3x3,
    Conv2d_2b_3x3, pool1, Conv2d_3b_1x1, Conv2d_4a_3x3, pool2, Mixed_5b, ..., Mixed_7c, pool3; the classifier is left
    out.
    """
    steps: dict[str, nn.Module] = {
        "Conv2d_1a_3x3": Normalised(3, 32, 3, stride=2),
        "Conv2d_2a_3x3": Normalised(32, 32, 3, pad=False),
        "Conv2d_2b_3x3": Normalised(32, 64, 3),
        "pool1": nn.MaxPool2d(3, stride=2),
        "Conv2d_3b_1x1": Normalised(64, 80, 1),
        "Conv2d_4a_3x3": Normalised(80, 192, 3, pad=False),
        "pool2": nn.MaxPool2d(3, stride=2),
    }
    channels = 192
    for name, branches, pool in _blocks():
        block = Mixed(channels, branches, pool)
        steps[name], channels = block, block.out
    return Chain({**steps, "pool3": nn.AdaptiveAvgPool2d(1)})


def _blocks() -> list[tuple[str, list[Branch], nn.Module]]:
    means = [nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False) for _ in range(8)]
    return [
        ("Mixed_5b", _fives(32), means[0]),
        ("Mixed_5c", _fives(64), means[1]),
        ("Mixed_5d", _fives(64), means[2]),
        ("Mixed_6a", _halving_35(), nn.MaxPool2d(3, stride=2)),
        ("Mixed_6b", _sevens(128), means[3]),
        ("Mixed_6c", _sevens(160), means[4]),
        ("Mixed_6d", _sevens(160), means[5]),
        ("Mixed_6e", _sevens(192), means[6]),
        ("Mixed_7a", _halving_17(), nn.MaxPool2d(3, stride=2)),
        ("Mixed_7b", _threes(), means[7]),
        ("Mixed_7c", _threes(), nn.MaxPool2d(3, stride=1, padding=1)),
    ]


def _fives(pooled: int) -> list[Branch]:
    """At 35 x 35 places."""
    return [
        Branch("branch1x1", _PICTURE, 64, 1),
        Branch("branch5x5_1", _PICTURE, 48, 1),
        Branch("branch5x5_2", "branch5x5_1", 64, 5),
        Branch("branch3x3dbl_1", _PICTURE, 64, 1),
        Branch("branch3x3dbl_2", "branch3x3dbl_1", 96, 3),
        Branch("branch3x3dbl_3", "branch3x3dbl_2", 96, 3),
        Branch("branch_pool", _POOLED, pooled, 1),
    ]


def _halving_35() -> list[Branch]:
    """From 35 x 35 to 17 x 17 places."""
    return [
        Branch("branch3x3", _PICTURE, 384, 3, stride=2),
        Branch("branch3x3dbl_1", _PICTURE, 64, 1),
        Branch("branch3x3dbl_2", "branch3x3dbl_1", 96, 3),
        Branch("branch3x3dbl_3", "branch3x3dbl_2", 96, 3, stride=2),
    ]


def _sevens(inner: int) -> list[Branch]:
    """At 17 x 17 places: 7 x 7 as two convolutions along a row and along a column."""
    row, column = (1, 7), (7, 1)
    return [
        Branch("branch1x1", _PICTURE, 192, 1),
        Branch("branch7x7_1", _PICTURE, inner, 1),
        Branch("branch7x7_2", "branch7x7_1", inner, row),
        Branch("branch7x7_3", "branch7x7_2", 192, column),
        Branch("branch7x7dbl_1", _PICTURE, inner, 1),
        Branch("branch7x7dbl_2", "branch7x7dbl_1", inner, column),
        Branch("branch7x7dbl_3", "branch7x7dbl_2", inner, row),
        Branch("branch7x7dbl_4", "branch7x7dbl_3", inner, column),
        Branch("branch7x7dbl_5", "branch7x7dbl_4", 192, row),
        Branch("branch_pool", _POOLED, 192, 1),
    ]


def _halving_17() -> list[Branch]:
    """From 17 x 17 to 8 x 8 places."""
    return [
        Branch("branch3x3_1", _PICTURE, 192, 1),
        Branch("branch3x3_2", "branch3x3_1", 320, 3, stride=2),
        Branch("branch7x7x3_1", _PICTURE, 192, 1),
        Branch("branch7x7x3_2", "branch7x7x3_1", 192, (1, 7)),
        Branch("branch7x7x3_3", "branch7x7x3_2", 192, (7, 1)),
        Branch("branch7x7x3_4", "branch7x7x3_3", 192, 3, stride=2),
    ]


def _threes() -> list[Branch]:
    """At 8 x 8 places: 3 x 3 as a row beside a column."""
    row, column = (1, 3), (3, 1)
    return [
        Branch("branch1x1", _PICTURE, 320, 1),
        Branch("branch3x3_1", _PICTURE, 384, 1),
        Branch("branch3x3_2a", "branch3x3_1", 384, row),
        Branch("branch3x3_2b", "branch3x3_1", 384, column),
        Branch("branch3x3dbl_1", _PICTURE, 448, 1),
        Branch("branch3x3dbl_2", "branch3x3dbl_1", 384, 3),
        Branch("branch3x3dbl_3a", "branch3x3dbl_2", 384, row),
        Branch("branch3x3dbl_3b", "branch3x3dbl_2", 384, column),
        Branch("branch_pool", _POOLED, 192, 1),
    ]
