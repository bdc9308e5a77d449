"""What shall be seen in the picture that is painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from hiddenspace.losses.textures import Texture, mixed
from hiddenspace.nets.style_net import size_of
from hiddenspace.style.looking import Contents, Looking, Matches, Patches, Seen, Textures
from hiddenspace.style.order import Order


class Wanted:
    """Textures and contents, and how pictures are looked at to compare them.

    Parameters
    ----------
    looking : Looking
        At pictures of this size.
    textures, contents, patches
        What it shall see.
    """

    def __init__(self, looking: Looking, textures: Textures, contents: Contents, patches: Patches) -> None:
        self.looking, self.textures, self.contents, self.patches = looking, textures, contents, patches

    def matches(self, picture: Tensor) -> Matches:
        """The patches most like the places of a picture (1, c, h, w), tile by tile."""
        return self.looking.matches(picture, self.patches)

    def seen(self, picture: Tensor, matches: Matches) -> Seen:
        """What is seen in a picture (1, c, h, w)."""
        return self.looking.seen(picture, self.contents, self.patches, matches)

    def unlike(self, seen: Seen, layer: str, distance: Callable[[Texture, Texture], Tensor]) -> Tensor:
        """How far the texture of a layer is from what it shall be, the mean over the regions."""
        pairs = zip(seen.textures[layer], self.textures[layer], strict=True)
        return torch.cat([distance(found, wanted) for found, wanted in pairs]).mean()


def wanted_of(order: Order, looking: Looking, patch_layers: Sequence[str], *, moved: bool) -> Wanted:
    """What an order asks for, at its size.

    Parameters
    ----------
    order : Order
    looking : Looking
    patch_layers
        The layers at which patches of the styles are wanted.
    moved
        Whether the content wanted is that of the original moved to the texture wanted, and not its own.
    """
    content_layers = looking.content_layers if order.content is not None else ()
    layers = (*looking.texture_layers, *(content_layers if moved and order.styles else ()))
    textures = _textures(order, looking, tuple(dict.fromkeys(layers)))
    contents: Contents = [{} for _ in looking.tiles]
    if order.content is not None:
        contents = looking.contents(order.content)
        if moved and order.styles and content_layers:
            contents = looking.moved(contents, textures)
    return Wanted(looking, textures, contents, _patches(order, looking, patch_layers))


def _textures(order: Order, looking: Looking, layers: tuple[str, ...]) -> Textures:
    """By layer, for each region: those of the styles, mixed with that of the original where the strength is below 1."""
    if not order.styles:
        return {}
    looking = looking.at_layers(layers)
    styles = [looking.elsewhere(size_of(style)).textures(style) for style in order.styles]
    own: Textures = {}
    if order.strength < 1 and order.content is not None:
        own = looking.textures(order.content)
    wanted = {}
    for layer in layers:
        of_each = [style[layer][0] for style in styles]
        if len(order.regions) < 2:
            of_each = [mixed(of_each, order.weights)]
        if own:
            shares = (order.strength, 1 - order.strength)
            of_each = [mixed(pair, shares) for pair in zip(of_each, own[layer], strict=True)]
        wanted[layer] = tuple(of_each)
    return wanted


def _patches(order: Order, looking: Looking, layers: Sequence[str]) -> Patches:
    """By layer, for each region: patches of its style; where all styles share the picture, of each by its weight."""
    if not layers:
        return {}
    shared = len(order.regions) < 2
    shares = order.weights if shared else (1.0,) * len(order.styles)
    given = [
        looking.elsewhere(size_of(style)).patches(style, layers, share)
        for style, share in zip(order.styles, shares, strict=True)
    ]
    of = {layer: tuple(style[layer] for style in given) for layer in layers}
    return {layer: (torch.cat(each),) for layer, each in of.items()} if shared else of
