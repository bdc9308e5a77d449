"""The way back from items to the noise that makes them: by a network, and by optimisation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hiddenspace.training.game import Batch, Game, Player

PRIOR = 1e-3
"""Weight of |z|^2 / d beside the error of a pixel: noise that was never drawn makes nothing that was learned."""
RESTARTS, RATE = 4, 0.1


class Inversion(Game):
    """An encoder learns the noise behind generated items, and to rebuild real ones through the generator."""

    conditions: Tensor

    def __init__(self, encoder: nn.Module, generator: nn.Module, latent: int, conditions: Tensor) -> None:
        super().__init__()
        self.encoder, self.generator, self.latent = encoder, generator, latent
        self.register_buffer("conditions", conditions)

    def train(self, mode: bool = True) -> Self:
        """The generator is finished, and answers as it will to those who use it."""
        super().train(mode)
        self.generator.eval()
        return self

    def players(self) -> Mapping[str, Player]:
        return {"encoder": Player((self.encoder,), self.loss)}

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """|E(G(z)) - z|^2 on generated items, |G(E(x)) - x|^2 on real ones, both per number."""
        assert isinstance(batch, dict)
        x = batch["x"]
        z = torch.randn(len(x), self.latent, device=x.device)
        if self.conditions.numel():
            z = torch.cat([z, self.conditions[torch.randint(len(self.conditions), (len(x),), device=x.device)]], 1)
        with torch.no_grad():
            made = self.generator(z)
        codes = self.encoder(torch.cat([made, x]))
        rebuilt = self.generator(codes[len(x) :])
        return {"code": F.mse_loss(codes[: len(x)].float(), z), "item": 10 * F.mse_loss(rebuilt.float(), x)}


def inverted(
    generator: Callable[[Tensor], Tensor], x: Tensor, start: Tensor, latent: int, steps: int, seed: int
) -> Tensor:
    """Noise (n, latent) whose items are nearest to x, by Adam from `start` and from random places.

    Minimises the mean squared error of a pixel and a little |z|^2 (Zhu et al. 2016, "Generative visual manipulation on
    the natural image manifold"). Of all starts the best end is kept, item by item.

    Parameters
    ----------
    generator : callable
        (b, codes) -> (b, *shape).
    x : Tensor (n, *shape)
        Items in model space.
    start : Tensor (n, codes)
        A first guess; the numbers after the first `latent` are conditions and are moved too.
    latent, steps, seed : int
        Numbers in the noise; steps of each start; of the random places.
    """
    lots = torch.Generator().manual_seed(seed)
    best, least = start.clone(), x.new_full((len(x),), torch.inf)
    for restart in range(RESTARTS):
        z = start.clone()
        if restart:
            z[:, :latent] = torch.randn(len(x), latent, generator=lots).to(x.device)
        z.requires_grad_(True)
        optimizer = torch.optim.Adam([z], RATE, betas=(0.9, 0.99))
        for _ in range(steps):
            errors = _errors(generator, z, x)
            (gradient,) = torch.autograd.grad(errors.sum() + PRIOR * z.square().sum() / latent, z)
            z.grad = gradient
            optimizer.step()
        with torch.no_grad():
            errors = _errors(generator, z, x)
            better = errors < least
            best[better], least[better] = z.detach()[better], errors[better]
    return best


def _errors(generator: Callable[[Tensor], Tensor], z: Tensor, x: Tensor) -> Tensor:
    return (generator(z) - x).square().flatten(1).mean(1)
