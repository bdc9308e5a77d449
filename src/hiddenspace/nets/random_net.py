"""A convolutional net that has learned nothing, its activations normalised on the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hiddenspace.errors import DataError
from hiddenspace.nets.chain import Chain

WIDTHS = (16, 32, 64, 128)
LAYERS = ("relu1_2", "relu2_2", "relu3_2", "relu4_2")
_PICTURES, _PIXELS = 256, 1 << 20
"""At most so many are looked at for the means and deviations, and fewer where they are large."""


def random_net(pictures: Tensor, seed: int) -> Chain:
    """Orthogonal filters, drawn once, and after each the mean 0 and the deviation 1 of every channel on the pictures.

    Four blocks of two convolutions of 3 x 3 with ReLU, and means over 2 x 2 places between them: conv1_1, relu1_1,
    conv1_2, relu1_2, pool1, ..., relu4_2. Without the normalisation the deeper layers of such a net see hardly more
    than the mean colour. That random filters do for textures: Ustyuzhaninov et al. 2017, "What does it take to
    generate natural textures?"; normalising on data: Kraehenbuehl et al. 2016, "Data-dependent initializations of
    convolutional neural networks".

    Parameters
    ----------
    pictures
        (n, c, h, w) in [0, 1]; some of them, evenly spaced, are looked at.
    seed
        Of the filters.
    """
    generator = torch.Generator().manual_seed(seed)
    steps: dict[str, nn.Module] = {}
    channels = pictures.shape[1]
    for block, width in enumerate(WIDTHS, start=1):
        for place in (1, 2):
            steps[f"conv{block}_{place}"] = convolution = nn.Conv2d(channels, width, 3, padding=1)
            nn.init.orthogonal_(convolution.weight, generator=generator)
            steps[f"relu{block}_{place}"] = nn.ReLU()
            channels = width
        if block < len(WIDTHS):
            steps[f"pool{block}"] = nn.AvgPool2d(2, ceil_mode=True)
    chain = Chain(steps)
    normalise(chain, some_of(pictures))
    return chain


@torch.no_grad()
def normalise(chain: Chain, x: Tensor) -> None:
    """Scales and shifts every convolution so that each channel has mean 0 and deviation 1 on these pictures.

    A channel that is constant is only shifted.
    """
    for step in chain.children():
        if isinstance(step, nn.Conv2d):
            assert step.bias is not None
            step.bias.zero_()
            deviation, mean = torch.std_mean(step(x), (0, 2, 3), correction=0)
            deviation = torch.where(deviation > 1e-6, deviation, torch.ones_like(deviation))
            step.weight /= deviation[:, None, None, None]
            step.bias.copy_(-mean / deviation)
        x = step(x)


def some_of(pictures: Tensor) -> Tensor:
    """As many as are enough to know means and deviations by, evenly spaced."""
    count, _, height, width = pictures.shape
    most = min(count, _PICTURES, max(8, _PIXELS // (height * width)))
    return pictures[torch.linspace(0, count - 1, most).round().long()]


def pink_noise(seed: int) -> Tensor:
    """64 coloured pictures of 64 x 64 whose amplitudes fall as 1 / frequency, as those of photographs do."""
    noise = np.random.default_rng(seed).normal(size=(64, 3, 64, 64))
    down, across = np.fft.fftfreq(64)[:, None], np.fft.rfftfreq(64)
    frequency = np.maximum(np.hypot(down, across), 1 / 64)
    smooth = np.fft.irfft2(np.fft.rfft2(noise) / frequency, s=(64, 64))
    return torch.from_numpy((0.5 + 0.2 * smooth / smooth.std()).clip(0, 1)).float()


def as_pictures(data: Any) -> Tensor:
    """(n, c, h, w) float32 in [0, 1] of a tensor or array (n, c, h, w), (n, h, w, c) or (n, h, w); bytes are divided.

    Raises
    ------
    DataError
        If it is neither.
    """
    x = data.detach().cpu() if isinstance(data, Tensor) else torch.from_numpy(np.array(data))
    x = x[:, None] if x.ndim == 3 else x
    if x.ndim != 4 or 0 in x.shape or x.is_complex():
        raise DataError(
            f"data= has the shape {tuple(x.shape)}; give pictures (n, c, h, w), (n, h, w, c) or (n, h, w), one or more."
        )
    if x.shape[3] in (1, 3, 4) and x.shape[1] not in (1, 3, 4):
        x = x.permute(0, 3, 1, 2)
    pictures = x.float() / 255 if x.dtype == torch.uint8 else x.float()
    if not pictures.isfinite().all():
        raise DataError("data= holds numbers that are not finite; leave those pictures out.")
    return pictures
