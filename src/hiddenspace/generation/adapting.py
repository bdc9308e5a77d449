"""How strongly images are augmented: as much as the discriminator knows its training images by heart."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from hiddenspace.generation.opposing import Opposing
from hiddenspace.training.events import Observer, Row

TARGET = 0.5
"""Of r, above which it is too much (Karras et al. 2020, figure 5)."""
IMAGES = 200_000
"""After so many the strength could have gone from 0 to 1."""
MOST = 0.8
"""Beyond that the generator learns to draw what the augmentation does."""

Logits = Callable[[], Tensor]


class Adapting(Observer):
    """Moves `game.strength` after each epoch by r = (D(train) - D(held out)) / (D(train) - D(generated)).

    r is 0 where held-out images are judged like training images, and 1 where they are judged like generated ones
    (Karras et al. 2020, "Training generative adversarial networks with limited data", equation 1). Departures: it
    moves once an epoch, not every four batches, and the averaged discriminator is asked, about images as they are.

    Parameters
    ----------
    game : Opposing
    training, held_out, generated : callables
        Logits of some images of each kind.
    images : int
        Seen by the discriminator in an epoch.
    """

    def __init__(self, game: Opposing, training: Logits, held_out: Logits, generated: Logits, images: int) -> None:
        self.game, self.images = game, images
        self.training, self.held_out, self.generated = training, held_out, generated

    @torch.no_grad()
    def figures(self, row: Row) -> dict[str, float]:
        """`monitor/overfitting`, which is r, and `monitor/augmentation`, the strength from now on."""
        train, held_out, generated = (float(f().mean()) for f in (self.training, self.held_out, self.generated))
        apart = train - generated
        r = (train - held_out) / apart if apart > 0 else 0.0
        step = self.images / IMAGES if r > TARGET else -self.images / IMAGES
        self.game.strength.add_(step).clamp_(0, MOST)
        return {"monitor/overfitting": r, "monitor/augmentation": float(self.game.strength)}
