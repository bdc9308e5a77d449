"""A convolutional net whose filters are what patches of some pictures have in common, found without any label."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace.nets.chain import Chain

WIDTHS = (64, 128, 192, 256)
KERNELS = (5, 3, 3, 3)
LAYERS = ("colors", "relu1", "relu2", "relu3", "relu4")
PATCHES = 16_000
"""Of each layer, at most."""
COMPONENTS = 128
"""Principal components of patches are at most so many, or as many as there are filters: all 75 of the first layer.
What the first layer does not see, nothing stops the noise of an optimizer from growing in."""
RIDGE = 0.002
"""What is added to the variance of each component before it is divided by, in mean variances."""
ROUNDS = 12


@torch.no_grad()
def patch_net(pictures: Sequence[Tensor], seed: int) -> Chain:
    """Filters by k-means on whitened patches, layer by layer (Coates and Ng 2012).

    Of each layer's input, patches at random places are whitened by their principal components; the centroids of
    spherical k-means, brought back through the whitening, are the filters, each scaled to a deviation of 1 on these
    patches, and rectified. Means over 2 x 2 places lie between the layers: conv1, relu1, pool1, ..., relu4. The paper
    encodes patches by their distances to the centroids instead, and chooses which channels go together.

    Parameters
    ----------
    pictures : sequence of Tensor (n, c, h, w)
        In [0, 1], of any sizes.
    seed
        Of the places, and of k-means.

    References
    ----------
    Coates and Ng 2012, "Learning feature representations with k-means".
    """
    generator = torch.Generator().manual_seed(seed)
    steps: dict[str, nn.Module] = {"colors": nn.Identity()}
    maps = [one[None] for picture in pictures for one in picture.float()]
    for number, (width, kernel) in enumerate(zip(WIDTHS, KERNELS, strict=True), start=1):
        convolution = _convolution(_patches(maps, kernel, generator), maps[0].shape[1], width, kernel, generator)
        steps[f"conv{number}"], steps[f"relu{number}"] = convolution, nn.ReLU()
        maps = [F.relu(convolution(one)) for one in maps]
        if number < len(WIDTHS):
            steps[f"pool{number}"] = nn.AvgPool2d(2, ceil_mode=True)
            maps = [F.avg_pool2d(one, 2, ceil_mode=True) for one in maps]
    return Chain(steps)


def _patches(maps: Sequence[Tensor], kernel: int, generator: torch.Generator) -> Tensor:
    """(n, c * kernel * kernel), as many of each picture as it has a share of the places."""
    half = kernel // 2
    padded = (F.pad(one, (half,) * 4, mode="replicate") for one in maps)
    total = sum(one.shape[-2] * one.shape[-1] for one in maps)
    found = []
    for one in padded:
        patches = F.unfold(one, kernel)[0]
        count = min(patches.shape[1], -(-PATCHES * patches.shape[1] // total))
        found.append(patches[:, torch.randperm(patches.shape[1], generator=generator)[:count]].T)
    return torch.cat(found)


def _convolution(patches: Tensor, channels: int, width: int, kernel: int, generator: torch.Generator) -> nn.Conv2d:
    """Centroids of whitened patches as filters."""
    mean = patches.mean(0)
    whitening = _whitening(patches - mean, width, generator.initial_seed())
    directions = F.normalize((patches - mean) @ whitening)
    centroids = _spherical_means(directions, width, generator)
    filters = centroids @ whitening.T
    deviation = ((patches - mean) @ filters.T).std(0).clamp_min(1e-6)
    filters = filters / deviation[:, None]
    convolution: nn.Conv2d = nn.utils.skip_init(  # type: ignore[no-untyped-call]
        nn.Conv2d, channels, width, kernel, padding=kernel // 2, padding_mode="replicate"
    )
    convolution.weight.copy_(filters.reshape(width, channels, kernel, kernel))
    assert convolution.bias is not None
    convolution.bias.copy_(-(filters @ mean))
    return convolution


def _spherical_means(directions: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """k-means by cosines, (n, d) -> (count, d), from patches at random; a mean that no patch is near to stays."""
    means = directions[torch.randint(len(directions), (count,), generator=generator)]
    for _ in range(ROUNDS):
        nearest = (directions @ means.T).argmax(1)
        sums = torch.zeros_like(means).index_add_(0, nearest, directions)
        means = torch.where(sums.norm(dim=1, keepdim=True) > 1e-6, F.normalize(sums), means)
    return means


def _whitening(patches: Tensor, most: int, seed: int) -> Tensor:
    """(c * kernel * kernel, components): those that hold most of the variance, each scaled to a variance of 1."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # of the random directions that a truncated decomposition begins with
        _, deviations, components = torch.svd_lowrank(patches, q=min(max(most, COMPONENTS), *patches.shape))
    variances = deviations.square() / len(patches)
    whitening: Tensor = components / (variances + RIDGE * variances.mean() + 1e-8).sqrt()
    return whitening
