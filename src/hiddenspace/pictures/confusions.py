"""What is taken for what: a table of true against predicted classes, as a picture."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from hiddenspace.errors import UsageError
from hiddenspace.pictures.atlas_legend import one_line
from hiddenspace.pictures.numbers import plain
from hiddenspace.pictures.theme import LIGHT, NORMAL, SMALL, Theme, chart, finish, label

_INNER = 4.2  # inches that the cells share
_CELLS = (0.26, 0.6)  # inches: the smallest in which a count can be read, and the largest that is of use
_CHARACTER = 0.075  # inches
_MANY, _LONGEST, _LONGEST_OF_MANY = 20, 24, 18  # classes, and characters of a class
_FAINTEST = 0.08  # of a count above zero


def confusion(counts: ArrayLike, classes: Sequence[str], *, limit: int = 30, theme: Theme = LIGHT) -> Figure:
    """Draw how many items of each class were taken for which, and the share of each class that was told right.

    A cell's colour grows with its share of its row, so that rare classes are seen as well as frequent ones: blue where
    the prediction is right, orange where it is not. Cells of no item are left empty.

    Parameters
    ----------
    counts : (k, k)
        Items by true (rows) and predicted class (columns).
    classes : k strings
        The names.
    limit : int
        Of more classes only so many are drawn: those with the most errors, in their order.
    theme : Theme
        Colours.

    Raises
    ------
    UsageError
        If the counts are not square, negative, or not as many as the names.

    """
    table = np.asarray(counts, float)
    if table.ndim != 2 or not table.size or table.shape != (len(classes), len(classes)) or (table < 0).any():
        raise UsageError(f"counts must be (k, k), none below 0, with k names; these are {table.shape}.")
    chosen = _most_confused(table, limit)
    names = [one_line(classes[i], _LONGEST if len(chosen) <= _MANY else _LONGEST_OF_MANY) for i in chosen]
    side = float(np.clip(_INNER / len(chosen), *_CELLS))
    totals = table[chosen].sum(axis=1)
    table = table[np.ix_(chosen, chosen)]
    shares = table / np.maximum(totals, 1)[:, None]
    cells = _coloured(shares, theme)
    figure, axes = _frame(names, side, theme)
    axes.imshow(cells, interpolation="nearest")
    _write_counts(axes, table, cells, side, theme)
    _write_right(axes, totals, np.diag(shares), theme)
    left_out = len(classes) - len(chosen)
    title = f"true class ({left_out} with fewer errors left out)" if left_out else "true class"
    label(axes, theme, x="predicted class", y=title)
    return finish(figure)


def _most_confused(table: NDArray[np.float64], limit: int) -> NDArray[np.int64]:
    errors = table.sum(axis=0) + table.sum(axis=1) - 2 * np.diag(table)
    return np.sort(np.argsort(-errors, kind="stable")[:limit])


def _frame(names: Sequence[str], cell: float, theme: Theme) -> tuple[Figure, Axes]:
    """Make room for cells of this size, with the names at the left and below, turned where they are long."""
    inner, longest = cell * len(names), _CHARACTER * max(map(len, names))
    turned = longest > cell
    figure, axes = chart(theme, (inner + longest + 0.7, inner + (longest if turned else 0.15) + 0.65))
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelcolor=theme.ink)
    axes.set_yticks(range(len(names)), names, fontsize=SMALL)
    axes.set_xticks(range(len(names)), names, fontsize=SMALL, rotation=90 if turned else 0)
    axes.set_xticks(np.arange(1, len(names)) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, len(names)) - 0.5, minor=True)
    axes.tick_params(which="minor", length=0)
    axes.set_axisbelow(False)  # lines between the cells
    axes.grid(visible=True, which="minor", color=theme.rule, linewidth=0.6)
    return figure, axes


def _coloured(shares: NDArray[np.float64], theme: Theme) -> NDArray[np.float64]:
    """(k, k, 4): the hue says right or wrong, the opacity how large the share is, so that it works on any paper.

    It is the root of the share: as errors are mostly shares of a few percent, they could not be told apart else.
    """
    right = np.eye(len(shares), dtype=bool)[..., None]
    hues = np.where(right, to_rgb(theme.baseline), to_rgb(theme.series[0]))
    opacity = np.where(shares > 0, np.maximum(np.sqrt(shares), _FAINTEST), 0)
    return np.concatenate([hues, opacity[..., None]], axis=2)


def _write_counts(
    axes: Axes, table: NDArray[np.float64], cells: NDArray[np.float64], cell: float, theme: Theme
) -> None:
    for i, j in np.argwhere(table > 0).tolist():
        text = plain(table[i, j])
        size = min(NORMAL, 72 * cell / (0.7 * (len(text) + 0.5)))
        axes.text(j, i, text, ha="center", va="center", fontsize=size, color=_readable(cells[i, j], theme))


def _readable(cell: NDArray[np.float64], theme: Theme) -> str:
    """Ink or paper, whichever is seen better on a cell of this colour (r, g, b, opacity)."""
    paper, ink = np.array(to_rgb(theme.paper)), np.array(to_rgb(theme.ink))
    below = _lightness(cell[3] * cell[:3] + (1 - cell[3]) * paper)
    return theme.ink if _contrast(_lightness(ink), below) >= _contrast(_lightness(paper), below) else theme.paper


def _lightness(colour: NDArray[np.float64]) -> float:
    return float(colour**2.2 @ (0.2126, 0.7152, 0.0722))


def _contrast(a: float, b: float) -> float:
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


def _write_right(axes: Axes, totals: NDArray[np.float64], right: NDArray[np.float64], theme: Theme) -> None:
    """At the right of each row: the share of the class that was told right, nothing where it has no item."""
    for i in np.flatnonzero(totals).tolist():
        text = f"{100 * right[i]:.0f} %"
        axes.text(len(totals) - 0.4, i, text, va="center", fontsize=SMALL, color=theme.muted, clip_on=False)
