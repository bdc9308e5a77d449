"""`hiddenspace sample RUN`."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from cyclopts import Parameter
from PIL import Image
from rich.console import Console

from hiddenspace import checks
from hiddenspace.cli.files import OUT, check_ending, write_values
from hiddenspace.cli.moving import pixels_of, save
from hiddenspace.cli.spaces import space_of
from hiddenspace.data.attribute_columns import Category, Scalar
from hiddenspace.errors import HiddenspaceError, UsageError, writing
from hiddenspace.estimator import load
from hiddenspace.generation.conditional_gan import ConditionalGAN
from hiddenspace.generation.generative import Generative
from hiddenspace.generation.streaming import write_pictures
from hiddenspace.metrics.copies import nearest as nearest_of
from hiddenspace.names import ADVERSARIAL
from hiddenspace.saving import find_class
from hiddenspace.space.embeddings import is_embeddings_file
from hiddenspace.space.hidden_space import HiddenSpace, Method
from hiddenspace.space.items import free_name

ENDINGS = {"images": (".png", ".npy"), "vectors": (".csv", ".npy"), "table": (".csv", ".parquet")}
"""Of files, by the kind of data; images may also go into a folder."""


def sample(
    run: str,
    *,
    n: Annotated[int, Parameter(name=("--n", "-n"))] = 64,
    method: Method = "gmm",
    seed: int = 0,
    labels: str | None = None,
    truncation: float | None = None,
    rejection: float | None = None,
    source: str | None = None,
    nearest: bool = False,
    out: str | None = None,
) -> None:
    """Make new items, like those that the model has learned from.

    Example: hiddenspace sample runs/digits-autoencoder -n 64 --source digits --out samples.png
    A conditional GAN draws what one names: hiddenspace sample runs/digits-conditional-gan --labels 0,1,2 --out grid.png

    Parameters
    ----------
    run : str
        A run folder, or with --source also a folder or Hub name of a saved model.
    n : int
        How many.
    method : str
        What is fitted to the codes and drawn from: a mixture of Gaussians (gmm), one Gaussian (gaussian), a kernel
        density (kde), a small normalising flow (flow), or N(0, 1), for variational autoencoders (prior). A GAN draws
        its own noise.
    seed : int
        Another one makes other items.
    labels : str, optional
        What a conditional GAN shall draw, in turn: values separated by commas, such as 0,1,2.
    truncation : float, optional
        Of a GAN's noise: about 0.7 makes items more typical and less varied.
    rejection : float, optional
        What a GAN's discriminator finds less real than all but this share of held-out items is drawn anew; by default
        0.01 for rows, 0 for images.
    source : str, optional
        The items whose codes are the example; by default those whose codes the run has stored.
    nearest : bool
        Show beside each new item the one of the space whose code is nearest: it should not be the same.
    out : str, optional
        Images: .png (all in one), .npy, or a folder with a PNG for each. Tables: .csv or .parquet. Rows: .csv or .npy.
        By default samples.png or samples.csv. A GAN writes .npy files and folders as it goes, however many.
    """
    checks.whole("n", n)
    if (generator := generator_of(run)) is not None:
        if source or nearest:
            raise UsageError(
                "--source and --nearest are for the codes of autoencoders; a GAN draws noise, leave them out."
            )
        return _sample_generator(generator, n, seed, _how(generator, labels, truncation, rejection), out)
    if labels is not None or truncation is not None or rejection is not None:
        raise UsageError(f"--labels, --truncation and --rejection are for GANs, which {run} is not; leave them out.")
    space = space_of(run, source)
    path = _path(space, out, nearest)
    codes = space.density(method, random_state=seed).sample(n, seed)
    _write(space, codes, path, nearest)
    Console(stderr=True).print(f"{n} new items by {method}: {path}", highlight=False)


def generator_of(run: str) -> Generative | None:
    """The GAN that a run or a folder holds; None where it holds another model, or none."""
    if is_embeddings_file(Path(run)) or find_class(run) not in ADVERSARIAL.values():
        return None
    model: Generative = load(run)
    return model


def _how(model: Generative, labels: str | None, truncation: float | None, rejection: float | None) -> dict[str, Any]:
    """What `draws` of this model takes beside the number and the seed."""
    how: dict[str, Any] = {"truncation": truncation}
    if labels is not None:
        how["labels"] = _named(model, labels)
    if rejection is not None:
        if isinstance(model, ConditionalGAN):
            raise UsageError("--rejection is for GANs without conditions; leave it out.")
        how["rejection"] = rejection
    return how


def _sample_generator(model: Generative, n: int, seed: int, how: dict[str, Any], out: str | None) -> None:
    kind = model.format_.kind
    path = Path(out or "samples" + ENDINGS[kind][0])
    if path.suffix.lower() == ".npy" or (kind == "images" and not path.suffix):
        model.write(path, n, random_state=seed, **how)
    else:
        check_ending("new items", path, ENDINGS[kind])
        _write_drawn(model, np.concatenate(list(model.draws(n, random_state=seed, **how))), how.get("labels"), path)
    Console(stderr=True).print(f"{n} new items by {type(model).__name__}: {path}", highlight=False)


def _write_drawn(model: Generative, made: np.ndarray, labels: Any, path: Path) -> None:
    """A row of the picture for each time that the labels are gone through."""
    from hiddenspace.pictures.mosaic import tile

    if model.format_.kind == "images":
        pixels = np.clip(made.transpose(0, 2, 3, 1), 0, 1)
        save(tile(pixels, columns=len(labels) if labels is not None and 2 <= len(labels) <= 20 else None), path)
    else:
        write_values(model.format_.to_data(made), path)


def _named(model: Generative, text: str) -> list[Any]:
    """Labels as the model knows them: what was a number is one."""
    if not isinstance(model, ConditionalGAN):
        raise UsageError(f"--labels are for conditional GANs, and this is a {type(model).__name__}; leave them out.")
    (column, *more) = model.attribute_format_.columns
    if more or not isinstance(column, Category):
        raise UsageError("--labels are values of one column of classes; in Python, sample(labels=...) takes tables.")
    return [_class_of(word.strip(), column.categories) for word in text.split(",")]


def _class_of(word: str, categories: Sequence[Scalar]) -> Scalar:
    """The class that is called so or, where classes are numbers, equals it: 1 is 1.0 too."""
    if (named := {str(category): category for category in categories}.get(word)) is not None:
        return named
    try:
        number = float(word)
    except ValueError:
        return word
    numbers = (c for c in categories if isinstance(c, int | float) and not isinstance(c, bool))
    return next((c for c in numbers if c == number), word)


def _path(space: HiddenSpace, out: str | None, nearest: bool) -> Path:
    """Where the result goes; looked at before the work is done."""
    space.check_decodes()
    endings = ENDINGS[space.kind]
    path = Path(out or "samples" + endings[0])
    folder = space.kind == "images" and not path.suffix
    if not folder:
        check_ending("new items", path, endings)
    if nearest and (folder or path.suffix.lower() == ".npy"):
        raise UsageError("--nearest shows items beside each other; end --out with .png for images, else with .csv.")
    return path


def _write(space: HiddenSpace, codes: np.ndarray, path: Path, nearest: bool) -> None:
    items = space.decode(codes, within_range=True)
    positions, distances = nearest_of(codes, space.codes) if nearest else (None, None)
    ending = path.suffix.lower()
    if not ending:
        with writing(path, OUT, HiddenspaceError):
            write_pictures(pixels_of(space, items), path)
    elif ending == ".png":
        _write_picture(space, pixels_of(space, items), positions, path)
    elif positions is None:
        write_values(items, path)
    else:
        table = pd.DataFrame(items)
        table[free_name("nearest", table)] = space.ids[positions]
        table[free_name("distance", table)] = distances
        write_values(table, path)


def _write_picture(space: HiddenSpace, pixels: np.ndarray, positions: np.ndarray | None, path: Path) -> None:
    """All in one; with their neighbours each is the left half of a pair."""
    from hiddenspace.pictures.mosaic import tile
    from hiddenspace.pictures.pairs import pairs

    if positions is None:
        save(tile(pixels), path)
        return
    mode, size = "L" if pixels.ndim == 3 else "RGB", (pixels.shape[2], pixels.shape[1])
    thumbnails = space.thumbnails(positions) or []
    others = [np.asarray(Image.open(io.BytesIO(png)).convert(mode).resize(size)) for png in thumbnails]
    save(pairs(pixels, np.stack(others)), path)
