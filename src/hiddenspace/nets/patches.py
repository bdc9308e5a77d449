"""Images as patches and small transformers over them (Dosovitskiy et al. 2021; He et al. 2022)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Shape = tuple[int, ...]
_ACROSS = 8
"""Patches along the longer side, at most."""


class Patches(nn.Module):
    """Cuts images into square patches, row by row, and puts them together again; it has nothing to learn.

    The side is what gives at most 8 patches along the longer side of the image, and at least 2 pixels where the image
    has as many. Images that it does not divide are filled up with zeros on the right and below.

    Parameters
    ----------
    shape
        (c, h, w) of one image.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        longer = max(shape[1:])
        self.side = max(math.ceil(longer / _ACROSS), min(2, math.ceil(longer / 2)))
        self.rows, self.columns = (math.ceil(size / self.side) for size in shape[1:])
        self.count, self.size = self.rows * self.columns, shape[0] * self.side**2

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, count, size)."""
        _, height, width = self.shape
        x = F.pad(x, (0, self.columns * self.side - width, 0, self.rows * self.side - height))
        return F.unfold(x, self.side, stride=self.side).transpose(1, 2)

    def joined(self, patches: Tensor) -> Tensor:
        """(b, count, size) -> (b, c, h, w)."""
        _, height, width = self.shape
        filled = (self.rows * self.side, self.columns * self.side)
        x = F.fold(patches.transpose(1, 2), filled, self.side, stride=self.side)
        return x[:, :, :height, :width]


class TransformerBlock(nn.Module):
    """Attention and a fully connected net, each added to its input, which is normalised first: (b, n, width)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_net = nn.LayerNorm(width), nn.LayerNorm(width)
        self.queries_keys_values, self.together = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.net = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        """(b, n, width) -> the same shape."""
        count, tokens, width = x.shape
        parts = self.queries_keys_values(self.before_attention(x)).view(count, tokens, 3, self.heads, -1)
        queries, keys, values = parts.permute(2, 0, 3, 1, 4)  # each (b, heads, n, width / heads)
        attended = F.scaled_dot_product_attention(queries, keys, values)
        x = x + self.together(attended.transpose(1, 2).reshape(count, tokens, width))
        added: Tensor = x + self.net(self.before_net(x))
        return added


class PatchEncoder(nn.Module):
    """A transformer over the patches of an image: (b, c, h, w) -> (b, code), the mean of the patches' tokens.

    Parameters
    ----------
    shape
        (c, h, w) of one image.
    code
        Numbers in the code.
    width, depth, heads
        Of the transformer.
    """

    def __init__(self, shape: Shape, code: int, width: int = 128, depth: int = 5, heads: int = 4) -> None:
        super().__init__()
        self.patches = Patches(shape)
        self.embedding = nn.Linear(self.patches.size, width)
        self.places = nn.Parameter(waves(self.patches.rows, self.patches.columns, width))
        self.blocks = nn.Sequential(*(TransformerBlock(width, heads) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, code)

    def tokens(self, patches: Tensor, kept: Tensor | None = None) -> Tensor:
        """(b, n, size) -> (b, n or k, code); of patches that are not among `kept`, (b, k) indices, nothing is seen."""
        x = self.embedding(patches) + self.places
        if kept is not None:
            x = x.gather(1, kept[:, :, None].expand(-1, -1, x.shape[2]))
        tokens: Tensor = self.head(self.norm(self.blocks(x)))
        return tokens

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, code)."""
        return self.tokens(self.patches(x)).mean(1)


class PatchDecoder(nn.Module):
    """A smaller transformer that rebuilds all patches from the tokens of some: (b, k, code) -> (b, n, size)."""

    def __init__(self, patches: Patches, code: int, width: int = 64, depth: int = 2, heads: int = 4) -> None:
        super().__init__()
        self.embedding = nn.Linear(code, width)
        self.hidden = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(waves(patches.rows, patches.columns, width))
        self.blocks = nn.Sequential(*(TransformerBlock(width, heads) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, patches.size)

    def forward(self, tokens: Tensor, kept: Tensor) -> Tensor:
        """Tokens (b, k, code) of the patches `kept`, (b, k) indices -> (b, n, size)."""
        embedded = self.embedding(tokens)
        places = kept[:, :, None].expand(-1, -1, embedded.shape[2])
        every = self.hidden.to(embedded.dtype).expand(len(tokens), self.places.shape[1], -1)
        rebuilt: Tensor = self.head(self.norm(self.blocks(every.scatter(1, places, embedded) + self.places)))
        return rebuilt


def waves(rows: int, columns: int, width: int) -> Tensor:
    """Places as sines and cosines of row and column (Vaswani et al. 2017), (1, rows * columns, width).

    `width` must be a multiple of 4. They are where learning starts from; He et al. keep them fixed.
    """
    quarter = width // 4
    frequencies = 100.0 ** (-torch.arange(quarter) / quarter)
    down, across = (torch.arange(size)[:, None] * frequencies for size in (rows, columns))
    along_rows = torch.cat([down.sin(), down.cos()], dim=1)[:, None].expand(-1, columns, -1)
    along_columns = torch.cat([across.sin(), across.cos()], dim=1)[None].expand(rows, -1, -1)
    return torch.cat([along_rows, along_columns], dim=2).reshape(1, rows * columns, width)
