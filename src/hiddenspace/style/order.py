"""What is to be painted: everything that a person gave, read and checked before any work begins."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor

from hiddenspace import checks
from hiddenspace.errors import DataError, UsageError
from hiddenspace.nets.style_net import size_of
from hiddenspace.style.colours import KeptColor, in_luma_of, recoloured, with_colours_of
from hiddenspace.style.pictures import Size, read_picture, resized, with_area, with_longer_side

FLAT = 2 / 255
"""Deviation of the pixels of a style below which there is no texture in it."""


@dataclass(frozen=True, eq=False)
class Order:
    """A picture to be painted.

    Parameters
    ----------
    size : (h, w)
        Of the result.
    content : Tensor (1, 3, h, w), optional
        In the size of the result.
    styles : tuple of Tensor (1, 3, h', w')
        With at most as many pixels.
    weights : tuple of float
        One for each style; their sum is 1.
    regions : tuple of Tensor (h, w)
        Where there are any, either one, which all styles share, or one for each style.
    keep_color : 'luminance', 'histogram' or None
    strength : float
        In [0, 1].
    """

    size: Size
    content: Tensor | None
    styles: tuple[Tensor, ...]
    weights: tuple[float, ...]
    regions: tuple[Tensor, ...]
    keep_color: KeptColor | None
    strength: float

    @property
    def painted(self) -> Tensor | None:
        """How much of each pixel is painted, (h, w) in [0, 1]; None where all is."""
        return torch.stack(self.regions).sum(0).clamp(0, 1) if self.regions else None

    @property
    def pictures(self) -> tuple[Tensor, ...]:
        """All that were given."""
        return (*(() if self.content is None else (self.content,)), *self.styles)

    def at(self, size: Size, device: torch.device) -> Order:
        """The same in another size; styles with as much smaller an area, as far as they are larger than that."""
        factor = size[0] * size[1] / (self.size[0] * self.size[1])
        smaller = [resized(s, with_area(size_of(s), factor * s[0, 0].numel())).to(device) for s in self.styles]
        regions = tuple(resized(region[None, None], size)[0, 0].to(device) for region in self.regions)
        content = None if self.content is None else resized(self.content, size).to(device)
        return replace(self, size=size, content=content, styles=tuple(smaller), regions=regions)

    def in_its_colours(self) -> Order:
        """With styles in the colours of the original, where these are to be kept."""
        if self.content is None or self.keep_color is None:
            return self
        change = in_luma_of if self.keep_color == "luminance" else recoloured
        return replace(self, styles=tuple(change(style, self.content) for style in self.styles))

    def finished(self, picture: Tensor) -> Tensor:
        """What was painted, with what stays of the original: colours, and pixels where it was not painted."""
        if self.content is None:
            return picture
        if self.keep_color == "luminance":
            picture = with_colours_of(picture, self.content)
        return picture if self.painted is None else torch.lerp(self.content, picture, self.painted)

    def digest(self) -> str:
        """Sixteen hexadecimal digits that tell it from any other."""
        sha = hashlib.sha256(repr((self.weights, self.keep_color, self.strength)).encode())
        for picture in (*self.pictures, *self.regions):
            sha.update(picture.numpy().tobytes())
        return sha.hexdigest()[:16]


def read_order(
    content: Any,
    style: Any,
    *,
    size: int | None,
    style_scale: float = 1.0,
    weights: Sequence[float] | None = None,
    mask: Any = None,
    keep_color: bool | str | None = False,
    strength: float = 1.0,
) -> Order:
    """Reads and checks it all.

    Raises
    ------
    DataError
        If a picture cannot be read or says nothing, or a mask is of another size than the content.
    UsageError
        If arguments make no sense, alone or together.
    """
    sources = _several(style)
    if content is None and not sources:
        raise UsageError("there is nothing to paint; give a content, a style, or both.")
    shares = _shares(weights, len(sources))
    kept = _kept(keep_color)
    check_strength(strength)
    if content is None or not sources:
        what = "without a content" if content is None else "without a style"
        for name, given in {"keep_color": bool(kept), "mask": mask is not None, "strength": strength != 1}.items():
            if given:
                raise UsageError(f"{name}= has no meaning {what}; leave it out, or give both.")
    own: list[Size] = []

    def fitted(natural: Size) -> Size:
        own.append(natural)
        return with_longer_side(natural, size)

    picture = None if content is None else read_picture(content, "the content", fitted)
    limit = None if picture is None else style_scale**2 * picture[0, 0].numel()
    styles = tuple(_style(source, number, len(sources), size, limit) for number, source in enumerate(sources, 1))
    shape = (picture if picture is not None else styles[0]).shape
    final = (int(shape[-2]), int(shape[-1]))
    regions = () if mask is None else _regions(mask, len(sources), own[0], final)
    return Order(final, picture, styles, shares, regions, kept, float(strength))


def check_strength(strength: Any) -> None:
    """Refuses what is no number in [0, 1].

    Raises
    ------
    UsageError
        If it is none.
    """
    if not isinstance(strength, int | float | np.number) or not 0 <= strength <= 1:
        raise UsageError(f"strength={strength!r} is not possible; use a number from 0 (the original) to 1.")


def _several(style: Any) -> list[Any]:
    if style is None:
        return []
    sources = list(style) if isinstance(style, list | tuple) else [style]
    if not sources:
        raise UsageError("style= is an empty list; give at least one style.")
    return sources


def _style(source: Any, number: int, count: int, size: int | None, limit: float | None) -> Tensor:
    """A style with at most `limit` pixels, or where there is no content with this longer side."""
    what = "the style" if count == 1 else f"style {number}"

    def fitted(natural: Size) -> Size:
        return with_longer_side(natural, size) if limit is None else with_area(natural, limit)

    picture = read_picture(source, what, fitted)
    if float(picture.flatten(2).std(2).max()) < FLAT:
        raise DataError(f"{what} has only one colour and no texture to take; give another picture.")
    return picture


def _shares(weights: Sequence[float] | None, count: int) -> tuple[float, ...]:
    if weights is None:
        return (1 / count,) * count if count else ()
    given = [weights] if isinstance(weights, int | float) else list(weights)
    if len(given) != count:
        raise UsageError(f"there are {len(given)} weights for {count} styles; give one for each.")
    for weight in given:
        checks.number("weights", weight, least=0)
    if not (total := float(sum(given))) > 0:
        raise UsageError("the weights of the styles are all 0; give at least one above it.")
    return tuple(float(weight) / total for weight in given)


def _kept(keep_color: bool | str | None) -> KeptColor | None:
    if keep_color in (None, False):
        return None
    if keep_color is True:
        return "luminance"
    if keep_color not in get_args(KeptColor):
        raise UsageError(f"keep_color={keep_color!r} is unknown; use True, 'luminance' or 'histogram'.")
    return keep_color  # type: ignore[return-value]


def _regions(mask: Any, count: int, own: Size, size: Size) -> tuple[Tensor, ...]:
    """Masks in the size of the result, each in [0, 1]."""
    masks = list(mask) if isinstance(mask, list | tuple) else [mask]
    if len(masks) not in {1, count}:
        raise UsageError(f"there are {len(masks)} masks for {count} styles; give one for all, or one for each.")
    found = []
    for number, one in enumerate(masks, 1):
        what = "the mask" if len(masks) == 1 else f"mask {number}"
        came: list[Size] = []

        def fitted(natural: Size, came: list[Size] = came) -> Size:
            came.append(natural)
            return size

        region = read_picture(one, what, fitted, channels=1)[0, 0]
        if came[0] not in (own, size):
            (height, width), (wanted_height, wanted_width) = came[0], own
            raise DataError(
                f"{what} has {width}x{height} pixels, but the content has {wanted_width}x{wanted_height}; give a mask "
                "of the same size."
            )
        if not bool(region.max() > 0):
            raise DataError(f"{what} is black everywhere, so nothing would be painted; make white what shall be.")
        found.append(region)
    return tuple(found)
