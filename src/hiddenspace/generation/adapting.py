"""How strongly images are augmented: as much as the discriminator knows its training images by heart."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from hiddenspace.generation.opposing import Opposing
from hiddenspace.training.events import Observer, RoundEnded, Row

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
    (Karras et al. 2020, "Training generative adversarial networks with limited data", equation 1). Departure: it moves
    once an epoch, not every four batches.

    Parameters
    ----------
    game : Opposing
    training, held_out, generated : callables
        Logits of some images of each kind.
    """

    def __init__(self, game: Opposing, training: Logits, held_out: Logits, generated: Logits) -> None:
        self.game = game
        self.training, self.held_out, self.generated = training, held_out, generated
        self.seen = 0

    def __call__(self, event: RoundEnded) -> None:
        self.seen = 0 if event.row is not None else self.seen + event.items

    @torch.no_grad()
    def figures(self, row: Row) -> dict[str, float]:
        """`monitor/overfitting`, which is r, and `monitor/augmentation`, the strength from now on."""
        train, held_out, generated = (float(f().mean()) for f in (self.training, self.held_out, self.generated))
        apart = train - generated
        r = (train - held_out) / apart if apart > 0 else 0.0
        step = self.seen / IMAGES if r > TARGET else -self.seen / IMAGES
        self.game.strength.add_(step).clamp_(0, MOST)
        return {"monitor/overfitting": r, "monitor/augmentation": float(self.game.strength)}
