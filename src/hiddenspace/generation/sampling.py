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


class Sampling(Coder):
    """Abstract: draws items of noise, and finds the noise of items."""

    latent: int
    inversion_steps: int
    generator_: nn.Module
    discriminator_: nn.Module

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

    def _made(self, codes: Iterator[Tensor]) -> Iterator[np.ndarray]:
        """Items of codes, in model space, batch by batch."""
        for some in codes:
            yield self.decoded(some.numpy())

    def _logits(self, items: Tensor, conditions: Tensor) -> Tensor:
        """What the discriminator says of items in model space, (b,); conditions (b, width) where it looks at them."""
        device = device_of(self.discriminator_)
        parts = zip(torch.split(items, 256), torch.split(conditions, 256), strict=True)
        with in_evaluation(self.discriminator_) as judge, torch.no_grad():
            logits = [judge(*(t.to(device) for t in part if t.numel())) for part in parts]
        return torch.cat(logits).float().flatten()

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
