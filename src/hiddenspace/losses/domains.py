"""What brings two domains together in a net's features, for anybody's loop and any network.

Features are (b, d), answers (b, k) logits of k classes. A domain discriminator judges features by logits, (b,) or
(b, 1): sigmoid(logit) is the probability that an item is of the target domain (the 'real' one, where labelled items
are simulated). The losses are means over the batch:

    made = layer_outputs(network, x, ["fc1", "output"])       # of a network of one's own, by the names of its layers
    logits = discriminator(gradient_reversal(made["fc1"], reversal_strength(progress)))
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from hiddenspace.errors import UsageError

SMALLEST = 1e-7
"""Of probabilities whose logarithm is taken."""


class _Reversal(torch.autograd.Function):
    """The identity, whose gradient is turned round."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, scale: float | Tensor) -> Tensor:
        ctx.scale = scale
        return features.view_as(features)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.scale * gradients[0], None


def gradient_reversal(features: Tensor, scale: float | Tensor = 1.0) -> Tensor:
    """The features themselves, whose gradient comes back multiplied by -scale (Ganin and Lempitsky 2015).

    What follows learns to minimise its loss, and what made the features to maximise it.

    Parameters
    ----------
    features : Tensor
        Of any shape.
    scale : float or Tensor of one number
        0 or more; 0 lets nothing through.
    """
    return _Reversal.apply(features, scale)  # type: ignore[no-any-return, no-untyped-call]


def reversal_strength(progress: float) -> float:
    """lambda_p = 2 / (1 + exp(-10 p)) - 1, from 0 at the start to nearly 1 (Ganin et al. 2016, section 5.2.2)."""
    return 2 / (1 + math.exp(-10 * progress)) - 1


def domain_loss(
    source: Tensor, target: Tensor, source_weights: Tensor | None = None, target_weights: Tensor | None = None
) -> Tensor:
    """-log P(target | target features) - log[1 - P(target | source features)], each a mean over its domain.

    Parameters
    ----------
    source, target : Tensor (b,) or (b, 1)
        What the discriminator says of the features of either domain, logits; the domains may differ in number.
    source_weights, target_weights : Tensor (b,), optional
        How much each item counts; only their proportions matter.
    """
    return _mean(F.softplus(source.reshape(-1)), source_weights) + _mean(
        F.softplus(-target.reshape(-1)), target_weights
    )


def _mean(losses: Tensor, weights: Tensor | None) -> Tensor:
    return losses.mean() if weights is None else (weights * losses).sum() / weights.sum()


def multilinear_map(features: Tensor, probabilities: Tensor) -> Tensor:
    """The outer product of features and class probabilities, (b, d) and (b, k) -> (b, k * d) (Long et al. 2018).

    A discriminator of it sees which class the features stand for, and can tell domains apart class by class.
    """
    return (probabilities[:, :, None] * features[:, None, :]).flatten(1)


def entropy_weights(answers: Tensor) -> Tensor:
    """1 + exp(-H(softmax(answers))), (b, k) -> (b,): what is answered with confidence counts more (Long et al. 2018).

    No gradients flow through them.
    """
    return 1 + torch.exp(-entropies(answers.detach()))


def entropies(answers: Tensor) -> Tensor:
    """H(softmax(answers)) of each item, (b, k) -> (b,), in nats."""
    chances = answers.softmax(1)
    return -(chances * chances.clamp_min(SMALLEST).log()).sum(1)


def coral_loss(source: Tensor, target: Tensor) -> Tensor:
    """|C_source - C_target|^2 / (4 d^2), with C the covariances of the features (Sun and Saenko 2016, Deep CORAL).

    Raises
    ------
    UsageError
        If a domain has fewer than two items, of which there is no covariance.
    """
    if min(len(source), len(target)) < 2:
        raise UsageError("coral_loss compares covariances; give at least two items of either domain.")
    difference = _covariance(source) - _covariance(target)
    return difference.square().sum() / (4 * source.shape[1] ** 2)


def _covariance(features: Tensor) -> Tensor:
    centred = features - features.mean(0)
    return centred.T @ centred / (len(features) - 1)


def information_loss(answers: Tensor) -> tuple[Tensor, Tensor]:
    """The mean of the entropies, and minus the entropy of the mean, of answers (b, k): both are to be small.

    Their sum is minus the mutual information of items and answers (Krause et al. 2010): each item is answered with
    confidence, and not all of them alike. Liang et al. 2020 (SHOT) minimise it on the target domain.
    """
    mean = answers.softmax(1).mean(0)
    return entropies(answers).mean(), (mean * mean.clamp_min(SMALLEST).log()).sum()
