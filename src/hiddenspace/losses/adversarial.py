"""What a discriminator and a generator minimise, by name.

Everything takes logits, (b,) or (b, 1): D(x) = sigmoid(logit) is the probability that x is real. All losses are means
over the batch and work alone, in anybody's loop:

    loss = adversarial_loss("hinge")
    loss.discriminator(critic(real), critic(fake.detach())).backward()
    loss.generator(critic(fake), critic(real)).backward()

Penalties that keep the discriminator smooth are in `penalties`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal, get_args

import torch.nn.functional as F
from torch import Tensor

from hiddenspace.errors import UsageError
from hiddenspace.losses.penalties import Penalty

LossName = Literal["minimax", "non-saturating", "least-squares", "hinge", "wasserstein", "relativistic"]


class AdversarialLoss(ABC):
    """Abstract: one pair of losses.

    Attributes
    ----------
    penalty : 'zero-centred' or 'one-centred'
        The one that the literature puts beside it, see `penalties`.
    weight : float
        That of the penalty, unless somebody chooses another.
    compares : bool
        Whether the generator's loss looks at real items too.
    """

    penalty: ClassVar[Penalty] = "zero-centred"
    weight: ClassVar[float] = 0.0
    compares: ClassVar[bool] = False

    @abstractmethod
    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """A scalar, of the logits of real and of generated items."""

    @abstractmethod
    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """A scalar, of the logits of generated items; relativistic losses look at those of real ones too."""


class NonSaturating(AdversarialLoss):
    """D minimises -log D(x) - log(1 - D(G(z))), G minimises -log D(G(z)) (Goodfellow et al. 2014).

    Where the discriminator is sure, this generator still gets a gradient.
    """

    weight = 0.1

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """The cross entropy of both halves."""
        return F.softplus(-real).mean() + F.softplus(fake).mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """-log D(G(z))."""
        return F.softplus(-fake).mean()


class Minimax(NonSaturating):
    """The game as it is first written down: G minimises log(1 - D(G(z))), the negative of what D minimises there.

    Its gradient vanishes where the discriminator is sure, which is why nobody trains with it (Goodfellow et al. 2014,
    section 3); it is here to see just that.
    """

    weight = 0.0

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """log(1 - D(G(z)))."""
        return -F.softplus(fake).mean()


class LeastSquares(AdversarialLoss):
    """D brings real items to 1 and generated ones to 0, G brings its own to 1 (Mao et al. 2017); each with 1/2."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """((D(x) - 1)^2 + D(G(z))^2) / 2."""
        return 0.5 * ((real - 1).square().mean() + fake.square().mean())

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """(D(G(z)) - 1)^2 / 2."""
        return 0.5 * (fake - 1).square().mean()


class Hinge(AdversarialLoss):
    """D is content with a margin of 1 on either side (Lim and Ye 2017; Miyato et al. 2018)."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """max(0, 1 - D(x)) + max(0, 1 + D(G(z)))."""
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """-D(G(z))."""
        return -fake.mean()


class Wasserstein(Hinge):
    """D measures the distance of Wasserstein, if its slope is 1 (Arjovsky et al. 2017; Gulrajani et al. 2017)."""

    penalty = "one-centred"
    weight = 10.0

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """D(G(z)) - D(x)."""
        return fake.mean() - real.mean()


class Relativistic(AdversarialLoss):
    """D says which of a real and a generated item is the real one (Jolicoeur-Martineau 2018), pair by pair.

    With zero-centred penalties on both sides this is the loss of R3GAN (Huang et al. 2024): the game has no bad local
    minima in which modes are dropped, and converges locally. Both sides need batches of one size.
    """

    weight = 0.1
    compares = True

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """-log sigmoid(D(x) - D(G(z)))."""
        return self._pair_by_pair(real, fake)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """-log sigmoid(D(G(z)) - D(x))."""
        if real is None:
            raise UsageError("a relativistic generator needs the logits of real items too; give both.")
        return self._pair_by_pair(fake, real)

    @staticmethod
    def _pair_by_pair(first: Tensor, second: Tensor) -> Tensor:
        """-log sigmoid(first - second)."""
        if first.shape != second.shape:  # which would be broadcast to all pairs
            raise UsageError(
                f"relativistic logits come in pairs, not {tuple(first.shape)} and {tuple(second.shape)}; give two "
                "batches of one shape."
            )
        return F.softplus(second - first).mean()


LOSSES: dict[str, type[AdversarialLoss]] = {
    "minimax": Minimax,
    "non-saturating": NonSaturating,
    "least-squares": LeastSquares,
    "hinge": Hinge,
    "wasserstein": Wasserstein,
    "relativistic": Relativistic,
}


def adversarial_loss(name: LossName | str) -> AdversarialLoss:
    """The pair of losses of this name.

    Parameters
    ----------
    name : 'minimax', 'non-saturating', 'least-squares', 'hinge', 'wasserstein' or 'relativistic'

    Returns
    -------
    AdversarialLoss
        `discriminator(real, fake)` and `generator(fake, real)`, of logits (b,) or (b, 1); both give a scalar.

    Raises
    ------
    UsageError
        If there is none of this name.
    """
    if not isinstance(name, str) or name not in LOSSES:
        raise UsageError(f"loss={name!r} is unknown; use one of {', '.join(map(repr, get_args(LossName)))}.")
    return LOSSES[name]()
