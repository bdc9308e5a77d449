"""Data that come along: they need no network and no download."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_sample_images, load_wine

from hiddenspace.data.dataset import Dataset
from hiddenspace.data.render import render_shapes
from hiddenspace.data.rendered_chairs import chairs
from hiddenspace.data.rendered_digits import font_digits
from hiddenspace.data.rendered_numbers import house_numbers
from hiddenspace.errors import UsageError

SEED = 0
PATCHES = 4_000
SIDE = 32


@dataclass(frozen=True)
class Sample:
    """A sample's one line, and how it is made."""

    about: str
    make: Callable[[], Dataset]


def list_samples() -> dict[str, str]:
    """The names that `load_dataset` knows by itself, with a line about each."""
    return {name: sample.about for name, sample in SAMPLES.items()}


def load_sample(name: str) -> Dataset:
    """The embedded sample of this name; the same one on every machine."""
    if name not in SAMPLES:
        raise UsageError(f"There is no sample called {name!r}; there are {', '.join(SAMPLES)}.")
    return SAMPLES[name].make()


def _digits() -> Dataset:
    bunch = load_digits()
    grey = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    note = "The 17 grey levels of scikit-learn's digits (0 to 16) were spread over 0 to 255."
    return Dataset(grey[..., None], "images", bunch.target, "digits", layout="hw", notes=(note,))


def _photographs() -> Dataset:
    bunch = load_sample_images()
    rng = np.random.default_rng(SEED)
    which = rng.integers(len(bunch.images), size=PATCHES)
    height, width, _ = bunch.images[0].shape
    tops, lefts = rng.integers(height - SIDE + 1, size=PATCHES), rng.integers(width - SIDE + 1, size=PATCHES)
    patches = np.stack(
        [bunch.images[i][t : t + SIDE, s : s + SIDE] for i, t, s in zip(which, tops, lefts, strict=True)]
    )
    names = np.array([str(name).rsplit("/")[-1].split(".")[0] for name in bunch.filenames])
    note = f"{PATCHES:,} patches were cut at random places of two photographs, so patches overlap."
    return Dataset(patches, "images", names[which], "photographs", layout="hwc", notes=(note,))


def _shapes() -> Dataset:
    pictures, names = render_shapes(4_000, SEED, SIDE)
    return Dataset(pictures, "images", names, "shapes", layout="hwc")


def _chairs() -> Dataset:
    pictures, attributes = chairs(2_000, SIDE, SEED)
    return Dataset(pictures, "images", attributes["type"].to_numpy(str), "chairs", layout="hwc")


def _font_digits() -> Dataset:
    pictures, labels = font_digits(4_000, SEED)
    return Dataset(pictures[..., None], "images", labels, "font-digits", layout="hw")


def _house_numbers() -> Dataset:
    pictures, labels = house_numbers(4_000, SEED, SIDE)
    return Dataset(pictures, "images", labels, "house-numbers", layout="hwc")


def _wine() -> Dataset:
    bunch = load_wine(as_frame=True)
    return Dataset(bunch.data, "table", bunch.target.to_numpy(), "wine")


def _breast_cancer() -> Dataset:
    bunch = load_breast_cancer(as_frame=True)
    labels = bunch.target_names[bunch.target.to_numpy()]
    return Dataset(bunch.data, "table", labels, "breast-cancer")


SAMPLES = {
    "digits": Sample("1,797 handwritten digits, 8x8, grey (scikit-learn)", _digits),
    "photographs": Sample("4,000 patches of two photographs, 32x32, RGB (scikit-learn)", _photographs),
    "shapes": Sample("4,000 rendered pictures of coloured shapes, 32x32, RGB (drawn by hiddenspace)", _shapes),
    "chairs": Sample("2,000 rendered chairs and tables of ten types, 32x32, RGB (drawn by hiddenspace)", _chairs),
    "font-digits": Sample("4,000 digits in typefaces, 28x28, grey (drawn by hiddenspace)", _font_digits),
    "house-numbers": Sample("4,000 rendered house numbers, 32x32, RGB (drawn by hiddenspace)", _house_numbers),
    "wine": Sample("178 wines, a table of 13 measurements (scikit-learn)", _wine),
    "breast-cancer": Sample("569 tumours, a table of 30 measurements (scikit-learn)", _breast_cancer),
}
