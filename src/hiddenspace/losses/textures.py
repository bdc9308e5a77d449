"""Texture: what a network sees in a picture, wherever in the picture it sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

TINY = 1e-8
ROUNDING = 1e-6
"""Eigenvalues below this part of the largest one are none: their roots would have gradients of rounding errors."""

PIECE = 4096
"""Places that are compared with patches at a time, so that memory stays bounded."""


@dataclass(frozen=True, eq=False)
class Texture:
    """Sums over the places of a layer, from which all statistics follow that do not ask where.

    Those of parts of a picture add up to those of the whole, so that a large one can be looked at piece by piece, and
    weighted ones of several pictures to their mixture.

    Parameters
    ----------
    products : Tensor (b, c, c)
        Of each picture the sum of f f^T over places, f the c activations of one.
    sums : Tensor (b, c)
        The sum of f.
    places : Tensor ()
        How many places, or the sum of their weights.
    """

    products: Tensor
    sums: Tensor
    places: Tensor

    @property
    def gram(self) -> Tensor:
        """The Gram matrix, (b, c, c): the mean of f f^T."""
        return self.products / self.places

    @property
    def mean(self) -> Tensor:
        """(b, c)"""
        return self.sums / self.places

    @property
    def covariance(self) -> Tensor:
        """(b, c, c)"""
        return self.gram - self.mean[:, :, None] * self.mean[:, None, :]

    @cached_property
    def root(self) -> Tensor:
        """The symmetric square root of the covariance, (b, c, c), without gradients."""
        return _power(self.covariance.detach(), 0.5)


def texture_of(activations: Tensor, weights: Tensor | None = None) -> Texture:
    """The sums over all places, in float32.

    Parameters
    ----------
    activations : Tensor (b, c, h, w)
    weights : Tensor (h, w), optional
        How much each place counts, 0 or more and not all 0; by default each is one.
    """
    f = places_of(activations)
    weighed = f.new_tensor(float(f.shape[1])) if weights is None else weights.sum()
    products, sums, _ = _summed(f, None if weights is None else weights.flatten())
    return Texture(products, sums, weighed)


def matched_texture(
    activations: Tensor, weights: Tensor | None, patches: Tensor, matches: Tensor
) -> tuple[Texture, Tensor]:
    """The sums over all places, and that of how far each place is from its patch, |f - f'|^2, (b,).

    Parameters
    ----------
    activations : Tensor (b, c, h, w)
    weights : Tensor (h, w), optional
        How much each place counts.
    patches : Tensor (k, c)
    matches : Tensor (b, h * w)
        The number of the patch of each place.
    """
    f = places_of(activations)
    weighed = torch.ones_like(f[0, :, 0]) if weights is None else weights.flatten()
    products, sums, overlaps = _summed(f, None if weights is None else weighed, patches, matches)
    # |f|^2 - 2 f f' + |f'|^2, of which the first is known already
    apart = _trace(products) - 2 * overlaps + patches.square().sum(1)[matches] @ weighed
    return Texture(products, sums, weighed.sum()), apart


def places_of(activations: Tensor) -> Tensor:
    """(b, c, h, w) -> (b, h * w, c), float32; without a copy where the channels come last in memory."""
    return activations.float().permute(0, 2, 3, 1).flatten(1, 2)


def _summed(
    f: Tensor, weights: Tensor | None, patches: Tensor | None = None, matches: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    made: tuple[Tensor, Tensor, Tensor] = _Sums.apply(f, weights, patches, matches)  # type: ignore[no-untyped-call]
    return made


class _Sums(torch.autograd.Function):
    """Over places p: of w f f^T, of w f, and of w f f' with f' the patch of the place.

    What autograd would do by itself takes each place in hand many times, and that is what a step of style transfer
    spends its time with.
    """

    @staticmethod
    def forward(ctx: Any, f: Tensor, weights: Tensor | None, patches: Tensor | None, matches: Tensor | None) -> Any:
        ctx.save_for_backward(f, weights, patches, matches)
        weighted = f if weights is None else f * weights[:, None]
        overlaps = f.new_zeros(len(f))
        if patches is not None and matches is not None:
            pairs = zip(weighted, matches, strict=True)
            overlaps = torch.stack([_overlap(one, patches, at) for one, at in pairs])
        return weighted.mT @ f, weighted.sum(1), overlaps

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        f, weights, patches, matches = ctx.saved_tensors
        products, sums, overlaps = gradients
        both = products + products.mT
        if patches is None:
            gradient = torch.baddbmm(sums[:, None], f, both)
        else:
            gradient = torch.empty_like(f)
            for one, total, overlap, at in zip(gradient, sums, overlaps, matches, strict=True):
                torch.index_select(overlap * patches + total, 0, at, out=one)
            gradient.baddbmm_(f, both)
        return gradient if weights is None else gradient.mul_(weights[:, None]), None, None, None


def _overlap(f: Tensor, patches: Tensor, matches: Tensor) -> Tensor:
    """The sum of f f' over places, (), for (p, c), (k, c) and (p,)."""
    near = patches.new_empty(min(PIECE, len(f)), f.shape[1])
    total = f.new_zeros(())
    for piece, at in zip(torch.split(f, PIECE), torch.split(matches, PIECE), strict=True):
        total += torch.vdot(piece.flatten(), torch.index_select(patches, 0, at, out=near[: len(at)]).flatten())
    return total


def added(textures: Sequence[Texture]) -> Texture:
    """That of all places of all of them."""
    products, sums, places = (sum(parts[1:], parts[0]) for parts in zip(*map(_parts, textures), strict=True))
    return Texture(products, sums, places)


def mixed(textures: Sequence[Texture], weights: Sequence[float]) -> Texture:
    """Their mixture, in which each has the share of its weight, however many places it has.

    Its Gram matrix and mean are the weighted means of theirs. A sum of squared distances of Gram matrices, each times
    its weight, is least at the same picture.
    """
    total = sum(weights)
    shares = [weight / total / texture.places for texture, weight in zip(textures, weights, strict=True)]
    scaled = [Texture(*(part * share for part in _parts(t))) for t, share in zip(textures, shares, strict=True)]
    return added(scaled)


def gram_distance(found: Texture, wanted: Texture) -> Tensor:
    """|G - G'|^2 / |G'|^2 of each picture, (b,), with G and G' the Gram matrices and the norm Frobenius's.

    Gatys, Ecker and Bethge 2015, "Texture synthesis using convolutional neural networks", divide by the numbers of
    channels and places instead; relative to what is wanted, layers of any net count alike.
    """
    return (found.gram - wanted.gram).square().sum((1, 2)) / (wanted.gram.square().sum((1, 2)) + TINY)


def wasserstein_distance(found: Texture, wanted: Texture) -> Tensor:
    """The squared 2-Wasserstein distance of Gaussians with these moments, relative to the wanted one: (b,).

    With m, C found and m', C' wanted it is

        |m - m'|^2 + tr(C + C' - 2 (C'^1/2 C C'^1/2)^1/2)  divided by  |m'|^2 + tr C'.

    Unlike a difference of Gram matrices it does not grow with the fourth power of the activations, so that a few
    strong ones do not outweigh the others (Mroueh 2019, "Wasserstein style transfer").
    """
    covariance, wished = found.covariance, wanted.covariance
    values, _ = _eigen(wanted.root @ covariance @ wanted.root)
    some = values > ROUNDING * values.amax(1, keepdim=True)
    overlap = (torch.where(some, values, 1.0).sqrt() * some).sum(1)
    spread = _trace(covariance) + _trace(wished) - 2 * overlap
    apart = (found.mean - wanted.mean).square().sum(1) + spread
    distance: Tensor = apart / (wanted.mean.square().sum(1) + _trace(wished) + TINY)
    return distance


def transport(found: Texture, wanted: Texture, ridge: float = 0.03) -> Tensor:
    """The matrix that moves activations with the covariance C to the covariance C', turning them least: (b, c, c).

    x -> A (x - m) + m' is the optimal transport of one Gaussian to the other, with

        A = C^-1/2 (C^1/2 C' C^1/2)^1/2 C^-1/2.

    To both covariances is added so much of the mean variance of C, so that there is an inverse.
    """
    covariance, wished = found.covariance, wanted.covariance
    channels = torch.eye(covariance.shape[1]).to(covariance)
    little = channels * (ridge * _trace(covariance) / len(channels) + TINY)[:, None, None]
    covariance, wished = covariance + little, wished + little
    root, inverse = _power(covariance, 0.5), _power(covariance, -0.5)
    return inverse @ _power(root @ wished @ root, 0.5) @ inverse


def transported(activations: Tensor, found: Texture, wanted: Texture) -> Tensor:
    """Activations (b, c, h, w) with one texture moved to another: x -> A (x - m) + m', with A from `transport`."""
    places = (places_of(activations) - found.mean[:, None]) @ transport(found, wanted) + wanted.mean[:, None]
    return places.mT.reshape(activations.shape)


def nearest(places: Tensor, patches: Tensor) -> Tensor:
    """Which patch is most like each place: (p, c) and (k, c) -> (p,).

    The one with the largest cosine of what both have beyond the mean of the patches. Li and Wand 2016, "Combining
    Markov random fields and convolutional neural networks for image synthesis", leave the mean in.
    """
    mean = patches.mean(0)
    directions = F.normalize(patches - mean, dim=1)
    found = torch.empty(len(places), dtype=torch.long, device=places.device)
    cosines = places.new_empty(min(PIECE, len(places)), len(patches))  # one for all pieces: it is most of the memory
    for start in range(0, len(places), PIECE):
        piece = F.normalize(places[start : start + PIECE] - mean, dim=1)
        found[start : start + PIECE] = torch.mm(piece, directions.T, out=cosines[: len(piece)]).argmax(1)
    return found


def total_variation(x: Tensor) -> Tensor:
    """The mean square of the difference between neighbours, across and down: (b, c, h, w) -> ().

    Squared, as in Mahendran and Vedaldi 2015, "Understanding deep image representations by inverting them", with
    beta = 2, and not the absolute differences of Rudin, Osher and Fatemi.
    """
    across, down = x[..., :, 1:] - x[..., :, :-1], x[..., 1:, :] - x[..., :-1, :]
    return across.square().mean() + down.square().mean()


def _parts(texture: Texture) -> tuple[Tensor, Tensor, Tensor]:
    return texture.products, texture.sums, texture.places


def _symmetric(matrix: Tensor) -> Tensor:
    """Without what rounding has made of a symmetric matrix."""
    return (matrix + matrix.mT) / 2


def _eigen(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues (b, c) and eigenvectors (b, c, c) of a symmetric matrix without negative ones.

    To all is added 1e-8 of their mean: where there are fewer places than channels many are 0, and with the denormal
    numbers that rounding leaves there LAPACK does not converge, or gives NaN.
    """
    matrix = _symmetric(matrix)
    little = TINY * _trace(matrix.detach()) / matrix.shape[1]
    values, vectors = torch.linalg.eigh(matrix + little[:, None, None] * torch.eye(matrix.shape[1]).to(matrix))
    return values, vectors


def _power(matrix: Tensor, exponent: float) -> Tensor:
    """Of a symmetric matrix without negative eigenvalues, (b, c, c)."""
    values, vectors = _eigen(matrix)
    power: Tensor = (vectors * values.clamp_min(0 if exponent > 0 else TINY**2)[:, None] ** exponent) @ vectors.mT
    return power


def _trace(matrix: Tensor) -> Tensor:
    """(b, c, c) -> (b,)."""
    return matrix.diagonal(dim1=1, dim2=2).sum(1)
