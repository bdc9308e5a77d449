"""Style transfer in pictures, for docs/style.md: photographs of scikit-learn painted like paintings in a folder."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import hiddenspace as hs

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
PHOTOGRAPHS = ("china.jpg", "flower.jpg")
WIDTH, HEIGHT, GAP = 360, 241, 6
"""Pixels: that pictures on a sheet have at most, and between them."""


def sheet(name: str, rows: Sequence[Sequence[np.ndarray | Path | str | None]]) -> None:
    """Pictures in rows and columns, each in the middle of its place; None is left white."""
    columns = max(map(len, rows))
    page = Image.new("RGB", (columns * (WIDTH + GAP) - GAP, len(rows) * (HEIGHT + GAP) - GAP), "white")
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            if picture is not None:
                one = _small(picture)
                left, top = column * (WIDTH + GAP), row * (HEIGHT + GAP)
                page.paste(one, (left + (WIDTH - one.width) // 2, top + (HEIGHT - one.height) // 2))
    page.save(PICTURES / f"{name}.jpg", quality=88, optimize=True)
    print(name)


def _small(picture: np.ndarray | Path | str) -> Image.Image:
    if isinstance(picture, str):
        from sklearn.datasets import load_sample_image

        picture = load_sample_image(picture)
    image = Image.fromarray(picture) if isinstance(picture, np.ndarray) else Image.open(picture).convert("RGB")
    factor = min(WIDTH / image.width, HEIGHT / image.height)
    size = (round(factor * image.width), round(factor * image.height))
    return image.resize(size, Image.Resampling.LANCZOS)


def painted(content: str, style: Path | Sequence[Path], **given: object) -> np.ndarray:
    return hs.StyleTransfer(random_state=0).stylize(content, style, **given)


def kept(folder: Path | None, fit: Callable[[], Any]) -> Any:
    """A model that is in this folder, or is trained and put there."""
    if folder is not None and folder.exists():
        return hs.load(folder)
    model = fit()
    if folder is not None:
        model.save_pretrained(folder)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paintings", type=Path, required=True)
    parser.add_argument("--photographs", type=Path, help="a folder to learn from; with it the nets of one pass as well")
    parser.add_argument("--models", type=Path, help="a folder where these nets are kept, and found the next time")
    options = parser.parse_args()
    paintings = {path.stem.rpartition("_")[2]: path for path in sorted(options.paintings.iterdir())}
    night, wave, scream = (paintings[name] for name in ("night", "wave", "scream"))
    of = {(content, style): painted(content, style) for content in PHOTOGRAPHS for style in (night, wave, scream)}
    sheet(
        "style-paintings",
        [
            [None, night, wave, scream],
            *([content, *(of[content, style] for style in (night, wave, scream))] for content in PHOTOGRAPHS),
        ],
    )
    china = PHOTOGRAPHS[0]
    height, width = 427, 640  # of china.jpg
    left_to_right = np.linspace(0, 1, width, dtype=np.float32)[None].repeat(height, 0)
    sheet(
        "style-options",
        [
            [painted(china, night, strength=0.5), painted(china, night, keep_color=True)],
            [painted(china, [night, wave], weights=[0.5, 0.5]), painted(china, wave, mask=left_to_right)],
        ],
    )
    inverted = hs.StyleTransfer(init="noise", random_state=0).stylize(china)
    sheet("style-alone", [[hs.texture(night, random_state=0), hs.texture(wave, random_state=0), inverted]])
    if options.photographs:
        fast = kept(
            options.models and options.models / "fast-night",
            lambda: hs.FastStyle(random_state=0).fit(options.photographs, style=night),
        )
        any_style = kept(
            options.models and options.models / "any-style",
            lambda: hs.ArbitraryStyle(random_state=0).fit(options.photographs, styles=options.paintings),
        )
        rows = [
            [of[content, night], fast.stylize(content, size=512), any_style.stylize(content, night, size=512)]
            for content in PHOTOGRAPHS
        ]
        sheet("style-in-one-pass", rows)


if __name__ == "__main__":
    main()
