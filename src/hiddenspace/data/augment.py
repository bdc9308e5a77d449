"""Views of the same items for contrastive learning: what an augmentation changes, the features shall not tell.

Each is a small callable, batch -> batch of the same shape, that draws from torch's global generator, treats every
item of a batch differently and leaves its argument as it is. Images are (b, c, h, w) in [0, 1]; other data (b, d).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from hiddenspace.errors import UsageError

Augmentation = Callable[[Tensor], Tensor]
ASPECT = 10 / 9
"""The widest a crop is for its height, and the other way round."""
ERASED = (0.15, 0.45)
"""The sides of an erased rectangle, as shares of the image's."""


def _share(name: str, value: float, least: float = 0.0) -> None:
    if not least <= value <= 1:
        raise UsageError(f"{name}={value} is no share; use a number from {least:g} to 1.")


@dataclass(frozen=True)
class ImageAugmentation:
    """Random crops, turns and light (Chen et al. 2020), in one resampling of the whole batch.

    Nothing is clipped, so bright views go beyond 1.

    Parameters
    ----------
    crop : float
        The smallest share of the area that a view shows, in (0, 1]; views are brought back to the size of the image.
        SimCLR crops down to 0.08 of photographs with room around things; of small centred pictures a crop must leave
        enough to know the thing by (the probe on held-out Fashion-MNIST was worse at 0.3 than from 0.5 on).
    flip : bool
        Mirror half of the views. Off by default: a digit, a letter or a road sign is another thing in the mirror.
    rotation : float
        Degrees at most, either way.
    brightness, contrast : float
        A view is multiplied by up to 1 - brightness to 1 + brightness, its distance from its mean likewise; in [0, 1].
    colour : float
        Hue is turned by up to 180 * colour degrees, and saturation multiplied by 1 - colour to 1 + colour; in [0, 1].
        For images of 3 channels; others have no hue.
    erase : float
        The share of views in which a rectangle is set to 0 (Zhong et al. 2020), in [0, 1].
    """

    crop: float = 0.8
    flip: bool = False
    rotation: float = 0.0
    brightness: float = 0.4
    contrast: float = 0.4
    colour: float = 0.2
    erase: float = 1.0

    def __post_init__(self) -> None:
        _share("crop", self.crop, least=1e-3)
        if self.rotation < 0:
            raise UsageError(f"rotation={self.rotation} is negative; use degrees of 0 or more.")
        for name in ("brightness", "contrast", "colour", "erase"):
            _share(name, getattr(self, name))

    def __call__(self, x: Tensor) -> Tensor:
        if x.ndim != 4:
            raise UsageError("ImageAugmentation needs images; use RowAugmentation on other data.")
        with torch.autocast(x.device.type, enabled=False):  # bfloat16 would put pixels elsewhere
            return self._erased(self._lit(self._coloured(self._resampled(x))))

    def _resampled(self, x: Tensor) -> Tensor:
        """Crop, turn and mirror: where each pixel of a view comes from is an affine map of where it is."""
        count = len(x)
        area = _uniform(x, self.crop, 1)
        widest = (-area.log()).clamp(max=math.log(ASPECT))  # so that neither side is longer than the image's
        aspect = torch.exp(_uniform(x, -1, 1) * widest)
        width, height = (area * aspect).sqrt(), (area / aspect).sqrt()
        right, down = _uniform(x, -1, 1) * (1 - width), _uniform(x, -1, 1) * (1 - height)
        angle = _uniform(x, -self.rotation, self.rotation) * (math.pi / 180)
        mirror = torch.where(torch.rand(count, device=x.device) < 0.5 * self.flip, -1.0, 1.0)
        longer = x.shape[2] / x.shape[3]  # turned are pixels, and not the square of [-1, 1]
        across = torch.stack([mirror * width * angle.cos(), -height * angle.sin() * longer, right], dim=1)
        along = torch.stack([mirror * width * angle.sin() / longer, height * angle.cos(), down], dim=1)
        grid = F.affine_grid(torch.stack([across, along], dim=1), [*x.shape], align_corners=False)
        return F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)

    def _coloured(self, x: Tensor) -> Tensor:
        """Turned about the axis of greys, and stretched away from it."""
        if x.shape[1] != 3 or not self.colour:
            return x
        angle = _uniform(x, -math.pi, math.pi).view(-1, 1, 1) * self.colour
        saturation = _uniform(x, 1 - self.colour, 1 + self.colour).view(-1, 1, 1)
        grey = x.new_full((3, 3), 1 / 3)
        across = x.new_tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)  # cross product with that axis
        turned = angle.cos() * (torch.eye(3, device=x.device) - grey) + angle.sin() * across
        return torch.einsum("bij,bjhw->bihw", grey + saturation * turned, x)

    def _lit(self, x: Tensor) -> Tensor:
        mean = x.mean((1, 2, 3), keepdim=True)
        contrast = _uniform(x, 1 - self.contrast, 1 + self.contrast).view(-1, 1, 1, 1)
        brightness = _uniform(x, 1 - self.brightness, 1 + self.brightness).view(-1, 1, 1, 1)
        return (mean + (x - mean) * contrast) * brightness

    def _erased(self, x: Tensor) -> Tensor:
        rows, columns = (_span(x, size) for size in x.shape[2:])
        chosen = torch.rand(len(x), 1, 1, device=x.device) < self.erase
        return x.masked_fill((rows[:, :, None] & columns[:, None, :] & chosen)[:, None], 0.0)


@dataclass(frozen=True)
class RowAugmentation:
    """Some columns of a row come from other rows (SCARF, Bahri et al. 2022), and noise is added.

    Parameters
    ----------
    share : float
        The share of columns that are replaced by those of a row of the same batch drawn at random, in [0, 1]: a draw
        from the column's own distribution. SCARF does this to one of two views with 0.6, here it is done to both.
    noise : float
        Standard deviation of Gaussian noise on all values, in units of model space; 0 or more.
    groups : tuple of int
        For each value the number of the column it belongs to, from 0: the values that encode a column of a table are
        replaced together. Left empty, each value is a column (an estimator fills it in for tables).
    """

    share: float = 0.3
    noise: float = 0.0
    groups: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _share("share", self.share)
        if self.noise < 0:
            raise UsageError(f"noise={self.noise} is negative; use a standard deviation of 0 or more.")

    def __call__(self, x: Tensor) -> Tensor:
        if x.ndim != 2:
            raise UsageError("RowAugmentation needs rows; use ImageAugmentation on images.")
        hidden = chosen_columns(len(x), self.groups or tuple(range(x.shape[1])), self.share, x.device)
        donors = torch.randint(len(x), x.shape, device=x.device)
        if self.groups:  # one donor for all values of a column
            donors = donors[:, torch.tensor(self.groups, device=x.device)]
        mixed = torch.where(hidden, x.gather(0, donors), x)
        return mixed + self.noise * torch.randn_like(x) if self.noise else mixed


def chosen_columns(count: int, groups: tuple[int, ...], share: float, device: torch.device) -> Tensor:
    """Which values of `count` rows belong to columns chosen with probability `share` each, (count, d) booleans."""
    lots = torch.rand(count, max(groups) + 1, device=device) < share
    return lots[:, torch.tensor(groups, device=device)]


def _uniform(x: Tensor, low: float, high: float) -> Tensor:
    """(b,) numbers, one for each item."""
    return torch.empty(len(x), device=x.device).uniform_(low, high)


def _span(x: Tensor, size: int) -> Tensor:
    """A stretch of a side for each item, as (b, size) booleans."""
    length = (_uniform(x, *ERASED) * size)[:, None]
    start = torch.rand(len(x), 1, device=x.device) * (size - length)
    at = torch.arange(size, device=x.device)
    return (at >= start) & (at < start + length)
