"""What a trained generator gives: new items, written too, and the noise behind those there are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from hiddenspace import checks
from hiddenspace.errors import ModelError
from hiddenspace.generation.inversion import inverted
from hiddenspace.generation.noise import truncated_noise
from hiddenspace.generation.streaming import write_items
from hiddenspace.models.batchwise import collected
from hiddenspace.models.coder import Coder
from hiddenspace.nets.devices import device_of
from hiddenspace.nets.modes import in_evaluation

REJECTED = 0.01
"""Of the real rows, the share that the discriminator finds less real than any drawn one may be."""
TRIES = 10
"""Times that noise is drawn anew for an item that the discriminator does not take."""
ANEW = 2**32
"""Beyond all seeds of a sample: where those of noise drawn anew begin."""


class Drawing(Coder):
    """Abstract: draws items of noise, and finds the noise of items."""

    latent: int
    inversion_steps: int
    generator_: nn.Module
    discriminator_: nn.Module
    real_logits_: np.ndarray

    @property
    def decoder_(self) -> nn.Module:  # type: ignore[override]
        """The generator, by the name that spaces know."""
        return self.generator_

    @abstractmethod
    def draws(self, n: int, *, random_state: int = 0) -> Iterator[np.ndarray]:
        """New items in model space, batch by batch."""

    def _codes(self, count: int, seed: int, truncation: float | None = None) -> Iterator[Tensor]:
        """What the generator takes, in batches."""
        yield from truncated_noise(count, self.latent, seed, truncation)

    def _made(
        self, codes: Iterator[Tensor], rejection: float | None, seed: int, truncation: float | None
    ) -> Iterator[np.ndarray]:
        """Items of codes, in model space, batch by batch; those that are not taken for real are drawn anew."""
        least = self._least(rejection)
        anew = truncated_noise(None, self.latent, ANEW + seed, truncation)
        return (self._taken(some, least, anew) for some in codes)

    def _least(self, rejection: float | None) -> float:
        """The lowest logit of an item that is taken."""
        share = self._default_rejection() if rejection is None else rejection
        checks.number("rejection", share, least=0, below=1)
        return float(np.interp(100 * share, np.arange(101), self.real_logits_)) if share else -np.inf

    def _default_rejection(self) -> float:
        return 0.0 if self.format_.kind == "images" else REJECTED

    def _taken(self, codes: Tensor, least: float, anew: Iterator[Tensor]) -> np.ndarray:
        """Items of a batch of codes (b, code); row i of the noise drawn anew is for item i, whatever b is."""
        made = self.decoded(codes.numpy())
        low = np.arange(len(codes))
        for _ in range(TRIES if np.isfinite(least) else 0):
            low = low[self._logits(torch.from_numpy(made[low]), codes[low, self.latent :]).cpu().numpy() < least]
            if len(low) == 0:
                break
            codes[low, : self.latent] = next(anew)[low]
            made[low] = self.decoded(codes[low].numpy())
        return made

    def _logits(self, items: Tensor, conditions: Tensor) -> Tensor:
        """What the discriminator says of items in model space, (b,); conditions (b, width) where it looks at them."""
        device = device_of(self.discriminator_)
        parts = zip(torch.split(items, 256), torch.split(conditions, 256), strict=True)
        with in_evaluation(self.discriminator_) as judge, torch.no_grad():
            logits = [judge(*(t.to(device) for t in part if t.numel())) for part in parts]
        return torch.cat([torch.zeros(0, device=device), *(some.float().flatten() for some in logits)])

    def write(self, path: str | Path, n: int, *, random_state: int = 0, **how: Any) -> None:
        """New items written as they are made: a million need no more memory than 256.

        Parameters
        ----------
        path : path
            A .npy file (images as bytes, rows as float32), or for images a folder with a PNG for each.
        n : int
            How many.
        random_state : int
            Of the noise: the items are those of `sample` with the same arguments.
        **how
            What else `sample` takes.

        Raises
        ------
        UsageError
            If these items cannot be written so; of tables, sample parts.
        HiddenspaceError
            If the operating system refuses to write.
        """
        check_is_fitted(self)
        write_items(self.draws(n, random_state=random_state, **how), n, self.format_, Path(path))

    def invert(self, X: Any, *, steps: int = 200, random_state: int = 0) -> np.ndarray:
        """The noise whose items are nearest to these, by optimisation from the encoder's guess and from random places.

        `transform` gives the guess alone, which is much quicker.

        Parameters
        ----------
        X : as in `fit`
            A few items.
        steps : int
            Of each start.
        random_state : int
            Of the random places.

        Returns
        -------
        ndarray of shape (n, code), float32
            For `inverse_transform`.
        """
        check_is_fitted(self)
        checks.whole("steps", steps)
        checks.seed("random_state", random_state)
        found = []
        for x in self._batches(self._read(X)):
            with torch.no_grad():
                start = self._encode(x) if self.inversion_steps else x.new_zeros(len(x), self.code_size_)
            found.append(inverted(self._decode, x, start, self.latent, steps, random_state))
        return collected(iter(found))

    def _encode(self, x: Tensor) -> Tensor:
        if not self.inversion_steps:
            raise ModelError("it was fitted with inversion_steps=0 and has no way back; use invert, or fit it anew.")
        return super()._encode(x)
