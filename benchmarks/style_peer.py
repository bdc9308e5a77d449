"""The optimisation of neural-style-pt (ProGamerGov), told again in words of our own: it imports torchvision.

What it is made of is as there: caffe's colours; VGG19 with zero padding, max pooling and ReLUs in place; the modules
of the loss stand in one Sequential with the layers that they look at, which ends behind the last of them; their targets
are captured once; L-BFGS in one call, or Adam. Of its defaults, total variation is left out, and pictures are scaled by
255 and not by 256.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
STYLE, CONTENT = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"), ("relu4_2",)
STYLE_WEIGHT, CONTENT_WEIGHT = 100.0, 5.0
MEAN = torch.tensor([103.939, 116.779, 123.68]).view(3, 1, 1)


def vgg19() -> dict[str, nn.Module]:
    """Its steps by name; with random weights, whose scale keeps activations as large as the picture's."""
    steps: dict[str, nn.Module] = {}
    channels = 3
    for block, (width, count) in enumerate(BLOCKS, 1):
        for place in range(1, count + 1):
            convolution = nn.Conv2d(channels, width, 3, padding=1)
            nn.init.kaiming_normal_(convolution.weight)
            nn.init.zeros_(convolution.bias)
            steps[f"conv{block}_{place}"], steps[f"relu{block}_{place}"] = convolution, nn.ReLU(inplace=True)
            channels = width
        steps[f"pool{block}"] = nn.MaxPool2d(2)
    return steps


def write_random_vgg19(path: Path, seed: int) -> None:
    """A file as torchvision has it, of a net that has learned nothing."""
    torch.manual_seed(seed)
    features = nn.Sequential(*vgg19().values())
    torch.save({f"features.{name}": weight for name, weight in features.state_dict().items()}, path)


def in_caffe_colours(pixels: np.ndarray) -> Tensor:
    """Bytes (h, w, 3) -> (1, 3, h, w), blue first, in 0..255 less the mean."""
    return torch.from_numpy(pixels[..., ::-1].copy()).permute(2, 0, 1)[None].float().contiguous() - MEAN


def as_bytes(picture: Tensor) -> np.ndarray:
    """And back."""
    pixels = (picture.detach() + MEAN).clamp(0, 255).round().byte()[0].permute(1, 2, 0).numpy()
    return np.ascontiguousarray(pixels[..., ::-1])


class Loss(nn.Module):
    """Passes on what it sees; keeps what it shall see, or how far what it sees is from that."""

    def __init__(self, name: str, weight: float) -> None:
        super().__init__()
        self.name, self.weight = name, weight
        self.capturing, self.target = False, torch.empty(0)

    def seen(self, x: Tensor) -> Tensor:
        """Content: all of it."""
        return x

    def forward(self, x: Tensor) -> Tensor:
        if self.capturing:
            self.target = self.seen(x).detach()
        elif len(self.target):
            self.loss = self.weight * F.mse_loss(self.seen(x), self.target)
        return x


class StyleLoss(Loss):
    """Of Gram matrices."""

    def seen(self, x: Tensor) -> Tensor:
        """The Gram matrix over the number of activations."""
        flat = x.view(x.shape[1], -1)
        return flat @ flat.T / x.numel()


class Objective:
    """What is minimised: a loss of pictures (1, 3, h, w) in caffe's colours.

    Parameters
    ----------
    weights
        The file of the net.
    content, style
        Bytes (h, w, 3).
    border
        What the first convolution sees beyond it: 'zeros', or 'replicate' as hiddenspace does.
    """

    def __init__(self, weights: Path, content: np.ndarray, style: np.ndarray, border: str = "zeros") -> None:
        layers = vgg19()
        nn.Sequential(*layers.values()).load_state_dict(
            {name.removeprefix("features."): weight for name, weight in torch.load(weights).items()}
        )
        layers["conv1_1"].padding_mode = border
        self.net, self.losses = nn.Sequential(), []
        for name, layer in layers.items():
            self.net.append(layer)
            for kind, names, weight in ((Loss, CONTENT, CONTENT_WEIGHT), (StyleLoss, STYLE, STYLE_WEIGHT)):
                if name in names:
                    self.losses.append(kind(name, weight))
                    self.net.append(self.losses[-1])
            if len(self.losses) == len(CONTENT) + len(STYLE):
                break
        for kind, pixels in ((Loss, content), (StyleLoss, style)):
            for loss in self.losses:
                loss.capturing = type(loss) is kind
            with torch.no_grad():
                self.net(in_caffe_colours(pixels))
        for loss in self.losses:
            loss.capturing = False
        self.net.requires_grad_(False)

    def __call__(self, picture: Tensor) -> Tensor:
        self.net(picture)
        return sum(loss.loss for loss in self.losses)

    @torch.no_grad()
    def terms(self, pixels: np.ndarray) -> dict[str, float]:
        """Of bytes (h, w, 3)."""
        self(in_caffe_colours(pixels))
        return {loss.name: float(loss.loss) for loss in self.losses}


def paint(
    objective: Objective, start: np.ndarray, optimizer: str, steps: int, after: Callable[[int, Tensor], None]
) -> np.ndarray:
    """From bytes (h, w, 3), in so many steps of 'lbfgs' or 'adam', each of which evaluates the loss once.

    `after` is told how many have been taken, and where that has led.
    """
    picture = nn.Parameter(in_caffe_colours(start))
    taken = 0

    def evaluate() -> Tensor:
        nonlocal taken
        if taken:
            after(taken, picture)
        taken += 1
        chosen.zero_grad()
        loss = objective(picture)
        loss.backward()
        return loss

    if optimizer == "lbfgs":
        chosen = torch.optim.LBFGS([picture], max_iter=steps, tolerance_grad=-1, tolerance_change=-1)
        chosen.step(evaluate)
    else:
        chosen = torch.optim.Adam([picture], lr=1.0)
        while taken < steps:
            chosen.step(evaluate)
    after(taken, picture)
    return as_bytes(picture)
