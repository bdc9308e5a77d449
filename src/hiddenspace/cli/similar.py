"""`hiddenspace similar RUN ITEM`."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from PIL import Image
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hiddenspace.cli.files import OUT, check_ending, write_values
from hiddenspace.cli.spaces import space_of
from hiddenspace.errors import HiddenspaceError, UsageError, writing
from hiddenspace.space.hidden_space import HiddenSpace
from hiddenspace.space.queries import thumbnail_of

SHOWN_COLUMNS = 6
"""Columns of metadata on the terminal; files have all of them."""


def similar(
    run: str,
    item: str,
    *,
    k: int = 10,
    where: str | None = None,
    source: str | None = None,
    labels: str | None = None,
    out: str | None = None,
) -> None:
    """Find the items most like one.

    Example: hiddenspace similar runs/digits-autoencoder 7 --where "label = 3" --out neighbours.png

    Example: hiddenspace similar embeddings.npy 7 --source photos/

    Parameters
    ----------
    run : str
        A run folder, or with --source also a folder or Hub name of a saved model. Or what another model gave, as .npy
        or .npz (n, d), or as a .csv or .parquet table.
    item : str
        The number or name of an item of the space, or a file; an image is brought to the size of the space's own.
    k : int
        How many to find.
    where : str, optional
        Only among items for which this holds: a condition on what is known about them, as SQL has it.
    source : str, optional
        The items to search; by default those whose codes the run has stored. With embeddings, the items they are of.
    labels : str, optional
        The column or array that holds the labels of the source, or of the embeddings.
    out : str, optional
        A picture .png (of images), a page .html, or a table .csv; by default neighbours.png for images, else
        neighbours.csv.
    """
    if out is not None:  # before any work
        check_ending("neighbours", Path(out), (".png", ".csv", ".html"))
    space = space_of(run, source, labels)
    found = space.similar(item, k, where=where)
    pictures = _pictures(space, item, found) if out is None or Path(out).suffix.lower() != ".csv" else None
    path = Path(out or ("neighbours.csv" if pictures is None else "neighbours.png"))
    if pictures is None and path.suffix.lower() == ".png":
        raise UsageError("these items are no pictures; end --out with .csv or .html.")
    _print(found)
    _write(item, found, pictures, path)
    recall = space.store.recall
    how = (
        "every code was looked at" if recall is None else f"by an index that finds {100 * recall:.1f} % of the nearest"
    )
    Console(stderr=True).print(f"{len(found)} neighbours ({how}): {path}", highlight=False)


def _pictures(space: HiddenSpace, item: str, found: pd.DataFrame) -> list[bytes] | None:
    """PNG files of the query and what was found; None where items are no pictures."""
    thumbnails, query = space.thumbnails(space.positions(list(found["id"]))), thumbnail_of(space, item)
    return None if thumbnails is None or query is None else [query, *thumbnails]


def _print(found: pd.DataFrame) -> None:
    table = Table(*(escape(str(name)) for name in found.columns[: 2 + SHOWN_COLUMNS]))
    for row in found.itertuples(index=False):
        values = [escape(f"{v:.4g}" if isinstance(v, float) else str(v)) for v in row[: 2 + SHOWN_COLUMNS]]
        table.add_row(*values)
    Console().print(table, highlight=False)


def _write(item: str, found: pd.DataFrame, pictures: list[bytes] | None, path: Path) -> None:
    ending = path.suffix.lower()
    if ending == ".csv":
        write_values(found, path)
        return
    with writing(path, OUT, HiddenspaceError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if ending == ".html":
            path.write_text(_page(item, found, pictures), encoding="utf-8")
        elif pictures is not None:
            _figure(item, found, pictures, path)


def _figure(item: str, found: pd.DataFrame, pictures: Sequence[bytes], path: Path) -> None:
    from hiddenspace.pictures.neighbours import similar_items

    images = [Image.open(io.BytesIO(content)) for content in pictures]
    captions = [[Path(item).name, "query"], *([str(r.id), f"{r.distance:.3g}"] for r in found.itertuples())]
    similar_items(images[0], images[1:], captions).savefig(path, dpi=100)


def _page(item: str, found: pd.DataFrame, pictures: Sequence[bytes] | None) -> str:
    """One file with everything in it: a table, with pictures where there are any."""
    shown = found.map(lambda v: f"{v:.4g}" if isinstance(v, float) else html.escape(str(v)))
    shown.columns = pd.Index([html.escape(str(name)) for name in shown.columns])
    head = ""
    if pictures is not None:
        tags = [_tag(content) for content in pictures]
        shown.insert(0, "", tags[1:])
        head = f"<p>{tags[0]}</p>"
    return PAGE.format(item=html.escape(item), head=head, table=shown.to_html(index=False, escape=False, border=0))


def _tag(content: bytes) -> str:
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(content).decode()}">'


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Most like {item}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #23211d }}
table {{ border-collapse: collapse }} th, td {{ text-align: left !important; padding: .3rem .9rem .3rem 0 }}
tr {{ border-bottom: 1px solid #dcd8cf }} th {{ color: #6b675f; font-weight: 500 }}
img {{ width: 64px; height: 64px; object-fit: contain; image-rendering: pixelated; vertical-align: middle }}
p img {{ width: 128px; height: 128px; outline: 2px solid #c2521a }}
</style>
<h1>Most like {item}</h1>
{head}
{table}
</html>
"""
