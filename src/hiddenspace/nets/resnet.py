"""A small residual network with batch normalisation, for features rather than for rebuilding."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace.nets.blocks import halved

Shape = tuple[int, ...]
_NARROWEST, _WIDEST = 16, 128
_COARSEST = 2
FEATURES = _WIDEST * _COARSEST**2
"""Of an image of any size, before the layer that makes fewer or more of them."""
_SMALL = 16
"""Images up to this side keep their resolution in the first layer."""


class Convolution(nn.Conv2d):
    """Padded by half its kernel and without a bias: (b, c, h, w) -> (b, out, ceil(h / stride), ceil(w / stride)).

    What a 3x3 kernel makes of 2x2 pixels is one product of matrices, which takes a CPU less than half the time.
    """

    def __init__(self, channels: int, out: int, kernel: int, stride: int) -> None:
        super().__init__(channels, out, kernel, stride=stride, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """As `Conv2d`."""
        if (*x.shape[2:], *self.kernel_size, *self.stride) != (2, 2, 3, 3, 1, 1):
            return super().forward(x)
        windows = self.weight.unfold(2, 2, 1).unfold(3, 2, 1).flip(2, 3)  # (out, in, to, to, from, from)
        return torch.einsum("bckl,ocijkl->bijo", x, windows).permute(0, 3, 1, 2)


class Normed(nn.Module):
    """A convolution and batch normalisation: (b, c, h, w) -> (b, out, ceil(h / stride), ceil(w / stride))."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.convolution = Convolution(channels, out, kernel, stride)
        self.norm = nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, out, ceil(h / stride), ceil(w / stride))."""
        if x.shape[3] > 1:
            normed: Tensor = self.norm(self.convolution(x))
            return normed
        # of pictures one pixel wide oneDNN's gradient in bfloat16 is wrong, see `Halve`
        with torch.autocast(x.device.type, enabled=False):
            normed = self.norm(self.convolution(x.float()))
            return normed


class NormedResidual(nn.Module):
    """The basic block of He et al. 2016: relu(shortcut + two normalised 3x3 convolutions with ReLU between)."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.first, self.second = Normed(channels, out, 3, stride), Normed(out, out, 3, 1)
        same = stride == 1 and channels == out
        self.shortcut = nn.Identity() if same else Normed(channels, out, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, out, ceil(h / stride), ceil(w / stride))."""
        return F.relu(self.shortcut(x) + self.second(F.relu(self.first(x))))


class ResNetEncoder(nn.Module):
    """Images to features: (b, c, h, w) -> (b, code).

    A first layer, which halves the resolution of images larger than 16 pixels, and one residual block for each
    resolution down to 2 pixels: the last one has 128 channels, each before it half as many as the next, but at least
    16. The features are the means over the four quarters of the image, 512 of them. Means over the whole image, as He
    et al. take them, forget what is above and what below, and on held-out Fashion-MNIST they were worse. In training
    the normalisation looks at the batch; afterwards (`eval`) it does not.

    Parameters
    ----------
    shape
        (c, h, w) of one image.
    code
        Features. A linear layer makes them of the 512, unless these are wanted.
    """

    def __init__(self, shape: Shape, code: int = FEATURES) -> None:
        super().__init__()
        size, stem = (shape[1], shape[2]), 2 if max(shape[1:]) > _SMALL else 1
        size = halved(size) if stem == 2 else size
        strides = [1]
        while max(size) > _COARSEST:
            size = halved(size)
            strides.append(2)
        channels = [max(_NARROWEST, _WIDEST >> i) for i in reversed(range(len(strides)))]
        self.stem = Normed(shape[0], channels[0], 3, stem)
        pairs = zip(pairwise([channels[0], *channels]), strides, strict=True)
        self.blocks = nn.Sequential(*(NormedResidual(before, after, stride) for (before, after), stride in pairs))
        self.head = nn.Identity() if code == FEATURES else nn.Linear(FEATURES, code)
        # kernels channels last, as the images are: a fifth less time on a CPU
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # which torch's stubs leave out

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, code)."""
        coarse = self.blocks(F.relu(self.stem(x.contiguous(memory_format=torch.channels_last))))
        if coarse.shape[2:] != (_COARSEST, _COARSEST):  # else the pooling changes nothing, but takes time in training
            coarse = F.adaptive_avg_pool2d(coarse, _COARSEST)
        code: Tensor = self.head(coarse.flatten(1))
        return code
