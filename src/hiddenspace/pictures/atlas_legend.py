"""The legend of a map: squares for classes, a bar for numbers."""

from __future__ import annotations

from math import ceil

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hiddenspace.pictures.colouring import HUES, RAMP, Classes, Numbers
from hiddenspace.pictures.theme import SMALL, Theme

MARGIN = 0.1  # inches beside the map
_LONGEST = 24  # characters of a class


def entries_of(known: Classes | Numbers | None, theme: Theme) -> list[tuple[str, str]]:
    """Hue and name of all that the legend of classes says."""
    if not isinstance(known, Classes):
        return []
    entries = [(hue, one_line(level)) for hue, level in zip(HUES, known.levels, strict=False)]
    others, missing = int((known.codes >= known.named).sum()), int((known.codes < 0).sum())
    rest = len(known.levels) - known.named
    if rest:
        entries.append((theme.muted, f"{rest:,} other{'s' if rest > 1 else ''} ({others:,} items)"))
    if missing:
        entries.append((theme.muted, f"missing ({missing:,})"))
    return entries


def _columns(entries: list[tuple[str, str]], width: float) -> int:
    """As many as fit into a row of this width."""
    longest = 5 + max((len(what) for _, what in entries), default=0)
    return max(1, min(len(entries), int(13 * width / longest)))


def rows_of(entries: list[tuple[str, str]], width: float) -> int:
    return ceil(len(entries) / _columns(entries, width))


def explain_classes(figure: Figure, entries: list[tuple[str, str]], name: str, theme: Theme, top: float) -> None:
    squares = [Line2D([], [], marker="s", linestyle="", markersize=6, color=hue, label=what) for hue, what in entries]
    legend = figure.legend(
        handles=squares,
        loc="upper left",
        bbox_to_anchor=(MARGIN / figure.get_figwidth(), top),
        ncols=_columns(entries, figure.get_figwidth()),
        title=one_line(name, 60),
        alignment="left",
        frameon=False,
        borderpad=0,
        borderaxespad=0.2,
        handletextpad=0.2,
        columnspacing=1.2,
        fontsize=SMALL,
        labelcolor=theme.ink,
    )
    legend.get_title().set(color=theme.muted, fontsize=SMALL)


def explain_numbers(figure: Figure, known: Numbers, name: str, theme: Theme) -> None:
    width, height = figure.get_size_inches()
    axes = figure.add_axes((0.4 / width, 0.27 / height, min(3.0, width - 1.0) / width, 0.11 / height))
    norm = Normalize(known.low, known.high if known.high > known.low else known.low + 1)
    bar = figure.colorbar(ScalarMappable(norm, RAMP), cax=axes, orientation="horizontal")
    ends = [known.low, (known.low + known.high) / 2, known.high] if known.high > known.low else [known.low]
    bar.set_ticks(ends, labels=[known.text(end) for end in ends], fontsize=SMALL, color=theme.muted)
    bar.outline.set_visible(False)
    axes.tick_params(length=0)
    missing = int(np.isnan(known.values).sum())
    words = f"{one_line(name, 60)} (grey: {missing:,} missing)" if missing else one_line(name, 60)
    axes.set_title(words, fontsize=SMALL, color=theme.muted, loc="left", pad=3)


def one_line(text: str, longest: int = _LONGEST) -> str:
    """A name as it fits into a legend or beside an axis."""
    line = " ".join(text.split()) or "(empty)"
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
