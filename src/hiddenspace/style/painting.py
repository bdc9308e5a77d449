"""The game of style transfer: its only player is the picture itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from hiddenspace import checks
from hiddenspace.losses.textures import Texture, gram_distance, total_variation, wasserstein_distance
from hiddenspace.style.looking import Seen
from hiddenspace.style.wanted import Wanted
from hiddenspace.training.game import Batch, Game, Player

TextureDistance = Literal["wasserstein", "gram"]
DISTANCES: dict[str, Callable[[Texture, Texture], Tensor]] = {
    "wasserstein": wasserstein_distance,
    "gram": gram_distance,
}


def check_weights(model: object, *names: str) -> None:
    """Refuses weights of terms that are no numbers of 0 or more; None, which the net decides, is none to refuse.

    Raises
    ------
    UsageError
        If there is one.
    """
    for name in names:
        if getattr(model, name) is not None:
            checks.number(name, getattr(model, name), least=0)


class Painting(Game):
    """A picture that gets the texture of one and the content of another.

    Parameters
    ----------
    picture : Tensor (1, c, h, w)
        What it begins as, in [0, 1].
    wanted : Wanted
        What it shall come to.
    distance : 'wasserstein' or 'gram'
        Of textures.
    style_weights, content_weights, mrf_weights : mapping of str to float
        How much each layer counts.
    tv_weight : float
        How much the total variation does.
    range_weight : float
        How much values outside of [0, 1] do, which are then allowed; with 0 they are cut off before each step.
    optimizer : callable
        Parameters -> optimizer.
    finished : callable
        The picture as it is painted -> as it is shown, with what stays of the original.
    """

    matches: Tensor

    def __init__(
        self,
        picture: Tensor,
        wanted: Wanted,
        *,
        distance: TextureDistance,
        style_weights: Mapping[str, float],
        content_weights: Mapping[str, float],
        mrf_weights: Mapping[str, float],
        tv_weight: float,
        range_weight: float,
        optimizer: Callable[[Iterable[nn.Parameter]], Optimizer],
        finished: Callable[[Tensor], Tensor],
    ) -> None:
        super().__init__()
        self.picture, self.finished = nn.Parameter(picture.clone()), finished
        self.wanted, self.distance, self.optimizer = wanted, DISTANCES[distance], optimizer
        self.style_weights, self.content_weights = dict(style_weights), dict(content_weights)
        self.mrf_weights, self.tv_weight, self.range_weight = dict(mrf_weights), tv_weight, range_weight
        self.keeps_memory = len(wanted.looking.tiles) == 1
        matches = wanted.matches(picture)
        self.lengths = [len(of_a_tile) for of_a_tile in matches]
        self.register_buffer("matches", torch.cat(list(matches)))

    @property
    def weights(self) -> dict[str, float]:
        """By how much each term is multiplied, by its name."""
        kinds = {"style": self.style_weights, "patches": self.mrf_weights, "content": self.content_weights}
        weights = {f"{kind} {layer}": weight for kind, of in kinds.items() for layer, weight in of.items()}
        return weights | {n: w for n, w in {"total variation": self.tv_weight, "range": self.range_weight}.items() if w}

    def shown(self) -> Tensor:
        """How far the picture is, (1, c, h, w) in [0, 1]."""
        return self.finished(self.picture.detach().clamp(0, 1))

    def players(self) -> Mapping[str, Player]:
        return {"picture": Player((self.picture,), self.loss, optimizer=self.optimizer)}

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """||Texture(style) - Texture(picture)|| + ||Content(original) - Content(picture)||, layer by layer.

        And, as a Markov random field, of each place the distance to the patch of the style most like it.
        """
        if not self.range_weight:
            with torch.no_grad():
                self.picture.clamp_(0, 1)
        seen = self.wanted.seen(self.picture, torch.split(self.matches, self.lengths))
        terms = {f"style {name}": weight * self.unlike(seen, name) for name, weight in self.style_weights.items()}
        terms |= {f"patches {name}": weight * seen.patches[name] for name, weight in self.mrf_weights.items()}
        terms |= {f"content {name}": weight * seen.content[name] for name, weight in self.content_weights.items()}
        if self.tv_weight:
            terms["total variation"] = self.tv_weight * total_variation(self.picture)
        if self.range_weight:
            terms["range"] = self.range_weight * (self.picture - self.picture.clamp(0, 1)).square().mean()
        return terms

    def epoch_ended(self) -> None:
        """Other patches may be most like the picture by now; to look for them at each step would take too long."""
        self.matches.copy_(torch.cat(list(self.wanted.matches(self.picture))))

    def unlike(self, seen: Seen, layer: str) -> Tensor:
        """How far the texture of a layer is from what it shall be."""
        with torch.autocast(self.picture.device.type, enabled=False):
            return self.wanted.unlike(seen, layer, self.distance)


class Steps:
    """Batches of nothing: a picture is painted without data. An epoch, which is a row of the history, is `each` steps.

    Parameters
    ----------
    each : int
    of : str
        Tells what is painted from anything else, so that no training goes on with another picture.
    """

    def __init__(self, each: int, of: str) -> None:
        self.each, self.of = each, of

    def __len__(self) -> int:
        return self.each

    def on(self, device: torch.device, rank: int, world_size: int) -> Steps:
        return self

    def draw(self, position: int) -> tuple[Batch, int]:
        return torch.empty(0), 1

    def fingerprint(self) -> dict[str, Any]:
        return {"pictures": self.of}
