"""`hiddenspace map RUN [SOURCE]`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from rich.console import Console

from hiddenspace.cli.spaces import space_of, whole_space_of
from hiddenspace.errors import HiddenspaceError
from hiddenspace.pictures.atlas import title
from hiddenspace.space.maps import check_ending, colour_of


def map(
    run: str,
    source: str | None = None,
    *,
    method: str = "auto",
    colour: str | None = None,
    out: str = "map.html",
    labels: str | None = None,
    limit: int = 10_000,
    seed: int = 0,
) -> None:
    """Lay items out in two dimensions, as a picture or a page to explore.

    Example: hiddenspace map runs/digits-autoencoder digits --colour label --out map.html

    Example: hiddenspace map embeddings.npy photos/ --out map.html

    Parameters
    ----------
    run : str
        A run folder, or a folder or Hub name of a saved model. Or what another model gave, as .npy or .npz (n, d), or
        as a .csv or .parquet table: its columns of numbers, or one of lists; id, label and text are known of the items.
    source : str
        Data of the kind and shape that the model was trained on; by default what the run has stored. With embeddings,
        the items they are of, to be shown.
    method : str
        auto, code, pca, tsne, umap or pacmap; auto is the code itself where it has two numbers, else t-SNE. UMAP and
        PaCMAP need pip install 'hiddenspace[maps]'.
    colour : str
        What is known about the items and shall be seen as colours; label by default, if there are labels.
    out : str
        A .html file needs no network: zoom, look, search, select, save what was selected. A .png or .svg file is a
        picture, .csv a table, and .parquet one with the pictures in it that Embedding Atlas opens.
    labels : str, optional
        The column or array that holds the labels of SOURCE, or of the embeddings.
    limit : int
        At most so many items, drawn at random.
    seed : int
        Of the draw and the method.
    """
    path = Path(out)
    check_ending(path)
    space = space_of(run, source, labels)
    if source is None and space.code_size <= 2 and method in ("auto", "code"):
        # a code that is its own map is judged by the items, where they are still there
        with suppress(HiddenspaceError):
            space = whole_space_of(run)
    colour_of(space.metadata, colour)
    made = space.map(method, limit=limit, random_state=seed)
    made.save(path, colour)
    say = Console(stderr=True).print
    say(f"{len(made):,} of {len(space):,} items: {out}", highlight=False, markup=False)
    say(title(made), highlight=False, markup=False)
