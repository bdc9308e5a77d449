"""Brings faces to one place, size and uprightness, without labels or landmarks."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

SIDE, MARGIN = 32, 1.2
"""Pixels at which faces are compared; and how much more than what was compared is kept in the end."""
USUAL = torch.tensor([0.0, 0.12, 0.48, 0.0])
SPREAD = torch.tensor([0.12, 0.12, 0.05, 0.12])
"""Where a face is expected, and how far from it: the centre (x, y, from -1 to 1 over the image), half the side of the
square (1 is half the height) and the angle in radians. Without this a patch of forehead fits best."""
Subspace = tuple[Tensor, Tensor]


def aligned(images: np.ndarray, reference: np.ndarray, size: int) -> np.ndarray:
    """Squares (n, size, size) cut out of images (n, h, w), so that faces lie on each other; all values in [0, 1].

    Of each image the square, also turned, whose local contrast is nearest to a linear subspace: first that of reference
    faces (m, 64, 64), then, twice, that of what was cut out itself ("congealing" in the subspace of a PCA).
    """
    x = torch.from_numpy(images.astype(np.float32))[:, None]
    known = F.interpolate(torch.from_numpy(reference.astype(np.float32))[:, None], (SIDE, SIDE), mode="area")
    faces = subspace(known, 30)
    places = refined(x, searched(x, faces), faces)
    for _ in range(2):
        places = refined(x, places, subspace(cut(x, places, SIDE), 16))
    places[:, 2] *= MARGIN
    return F.avg_pool2d(cut(x, places, 2 * size), 2)[:, 0].clamp(0, 1).numpy()


def cut(x: Tensor, places: Tensor, side: int) -> Tensor:
    """(n, 1, h, w), (n, 4) -> (n, 1, side, side)."""
    across, down, half, angle = places.T
    wide = half * x.shape[2] / x.shape[3]
    rows = [wide * angle.cos(), -wide * angle.sin(), across, half * angle.sin(), half * angle.cos(), down]
    grid = F.affine_grid(torch.stack(rows, 1).view(-1, 2, 3), [len(x), 1, side, side], align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def contrast(faces: Tensor) -> Tensor:
    """Each pixel against its 9x9 neighbourhood, as rows of length 1: how bright a photograph is does not matter."""
    difference = faces - _smooth(faces)
    rows = (difference / (_smooth(difference**2).clamp_min(1e-4).sqrt() + 0.03))[:, :, 2:-2, 2:-2].flatten(1)
    return F.normalize(rows - rows.mean(1, keepdim=True), dim=1)


def _smooth(faces: Tensor) -> Tensor:
    return F.avg_pool2d(faces, 9, stride=1, padding=4, count_include_pad=False)


def subspace(faces: Tensor, rank: int) -> Subspace:
    """Mean and principal axes of faces and of their mirror images."""
    rows = contrast(torch.cat([faces, faces.flip(3)]))
    return rows.mean(0), torch.linalg.eigh(rows.T.cov())[1].T.flip(0)[:rank]


def misfit(x: Tensor, places: Tensor, faces: Subspace) -> Tensor:
    """Of each cut the squared distance to the subspace, and how unusual its place is."""
    mean, axes = faces
    rows = contrast(cut(x, places, SIDE)) - mean
    return (rows**2).sum(1) - ((rows @ axes.T) ** 2).sum(1) + 0.02 * (((places - USUAL) / SPREAD) ** 2).sum(1)


def searched(x: Tensor, faces: Subspace) -> Tensor:
    """The best of a grid of places."""
    steps = [
        torch.linspace(-0.36, 0.36, 9),
        torch.linspace(-0.2, 0.36, 8),
        torch.linspace(0.4, 0.55, 4),
        torch.zeros(1),
    ]
    grid = torch.cartesian_prod(*steps)
    with torch.inference_mode():
        fits = torch.stack([misfit(x, place.expand(len(x), 4), faces) for place in grid])
    return grid[fits.argmin(0)]


def refined(x: Tensor, places: Tensor, faces: Subspace, steps: int = 60) -> Tensor:
    """Gradient descent from there."""
    places = places.clone().requires_grad_()
    optimizer = torch.optim.Adam([places], lr=0.01)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        misfit(x, places, faces).sum().backward()
        optimizer.step()
        schedule.step()
    return places.detach()
