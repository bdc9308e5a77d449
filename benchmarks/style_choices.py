"""Style transfer's defaults beside other choices, on ten pairs of photographs and paintings, judged by another net."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np
from common import data_folder, once, show, spread
from PIL import Image

import hiddenspace as hs

PAIRS = (
    ("china.jpg", "van_gogh_starry_night"),
    ("flower.jpg", "hokusai_great_wave"),
    ("189011", "munch_the_scream"),
    ("385028", "kandinsky_composition_vii"),
    ("249061", "turner_shipwreck"),
    ("113016", "picabia_udnie"),
    ("22090", "hokusai_great_wave"),
    ("24004", "van_gogh_starry_night"),
    ("317080", "kandinsky_composition_vii"),
    ("181018", "munch_the_scream"),
)
PLAIN = {"mrf_weight": 0, "move_content": False}
CHOICES = {
    "default: patches": {},
    "random": {"features": "random"},
    "patches, texture and content alone": PLAIN,
    "random, texture and content alone": {"features": "random", **PLAIN},
    "patches, Gram matrices": {"texture": "gram"},
    "patches, L-BFGS": {"optimizer": "lbfgs"},
    "patches, one scale": {"first_size": None},
    "patches, content_weight=0.3": {"content_weight": 0.3},
    "patches, content_weight=1.2": {"content_weight": 1.2},
    "patches, content_weight=2.4": {"content_weight": 2.4},
}


def of(pair: tuple[str, str]) -> tuple[str | Path, Path]:
    """Content and style."""
    content, style = pair
    photograph = content if content.endswith(".jpg") else data_folder("bsds500") / "train" / f"{content}.jpg"
    return photograph, data_folder("style") / f"{style}.jpg"


def judged(settings: dict[str, object], pair: tuple[str, str], size: int, to: Path | None) -> list[float]:
    """Percent of the way to the texture that is left, and of the content that is lost."""
    content, style = of(pair)
    model = hs.StyleTransfer(size=size, random_state=0, trainer=hs.Trainer(accelerator="cpu", progress=False))
    made = model.set_params(**settings).stylize(content, style)
    if to is not None:
        Image.fromarray(made).save(to)
    found = hs.judge_style(made, content, style, features="random")
    assert found.content_lost is not None
    return [100 * found.texture_left, 100 * found.content_lost]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--out", type=Path, help="a folder for the pictures, to be looked at")
    parser.add_argument("--only", nargs="+", default=list(CHOICES), choices=list(CHOICES))
    options = parser.parse_args()
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in options.only:
        found = []
        for pair in PAIRS:
            words = "_".join((name.replace(" ", "-"), *pair)).replace(".jpg", "")
            to = options.out / f"{words}.png" if options.out else None
            paint = partial(judged, CHOICES[name], pair, options.size, to)
            found.append(once("style_choices", f"{name}, {options.size}, {' '.join(pair)}", paint))
        texture, content = np.array(found).T
        rows.append([name, *(spread(list(values), 0) for values in (texture, content))])
    notes = [
        f"Ten pairs of photographs (two of scikit-learn, eight of BSDS500) and six paintings, {options.size} pixels, "
        "all else by default; means (lowest to highest pair).",
        "Judged by `hs.judge_style` with a net of random weights that painted none: 0 % of texture left is that of the "
        "style, 100 % that of the photograph; 100 % of content lost is as far from the photograph as the style itself.",
    ]
    show("style_choices", "Style transfer: choices", ["", "texture left, %", "content lost, %"], rows, notes)


if __name__ == "__main__":
    main()
