"""One look for all charts: colours, type and the few lines that an axis needs; no global setting is touched."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import ScaledTranslation

BASELINE = "PCA"
CHART = (4.5, 3.0)  # inches; at 96 pixels per inch two of them fit beside each other on a desk, and one on a phone
SMALL = 8.5
NORMAL = 9.5
_ROW = 62  # characters that fit into a legend's row
_HANDLE = 6  # and what a line's picture takes of them
_OVER_TITLE, _OVER_AXES = 22, 8  # points from the axes up to the legend
_MORE_SCRIPTS = (  # what systems have for scripts that DejaVu Sans lacks
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Yu Gothic",
    "Malgun Gothic",
    "WenQuanYi Zen Hei",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Arial Unicode MS",
)


@dataclass(frozen=True)
class Theme:
    """Colours of a chart on light or on dark paper; the ground itself stays transparent."""

    ink: str
    muted: str
    rule: str
    baseline: str
    series: tuple[str, ...]
    models: tuple[str, ...] = ()  # whose colours come first, so that they agree between charts
    paper: str = "#fcfbf8"  # what most probably lies below: for words on dark cells, and around words on a map

    def colours(self, names: Iterable[str]) -> dict[str, str]:
        """Give every model its colour: PCA always the same one, the others in their order, after `models`."""
        others = [name for name in dict.fromkeys((*self.models, *names)) if name != BASELINE]
        chosen = {name: self.series[i % len(self.series)] for i, name in enumerate(others)}
        return {BASELINE: self.baseline, **chosen}


# Blue against orange stays apart in every common form of colour blindness; markers and dashes differ as well.
LIGHT = Theme("#23211d", "#6b675f", "#dcd8cf", "#3f6a9e", ("#c2521a", "#3c7d5e", "#8a5a9c", "#9a7b16", "#5b5750"))
DARK = Theme(
    "#e8e4dc", "#a19b90", "#3b3833", "#8ab2e3", ("#f0905c", "#7cc3a0", "#c79ad8", "#d8b94f", "#b5afa4"), paper="#171614"
)  # fmt: skip


def chart(theme: Theme, size: tuple[float, float] = CHART) -> tuple[Figure, Axes]:
    """Make a figure with one quiet axes: transparent, two spines, a faint horizontal grid."""
    figure = Figure(figsize=size, layout="constrained", facecolor="none")
    axes = figure.add_subplot(facecolor="none")
    quiet(axes, theme)
    return figure, axes


def quiet(axes: Axes, theme: Theme) -> None:
    """Leave of an axes' frame two spines and a faint horizontal grid."""
    axes.set_facecolor("none")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(theme.rule)
    axes.grid(axis="y", color=theme.rule, linewidth=0.6)
    axes.set_axisbelow(True)
    for which in ("major", "minor"):
        axes.tick_params(which=which, color=theme.rule, labelcolor=theme.muted, labelsize=SMALL, length=3)


def label(axes: Axes, theme: Theme, *, x: str = "", y: str = "") -> None:
    """Name the axes: x below, y above the left end, where it is read without turning one's head."""
    axes.set_xlabel(x, fontsize=SMALL, color=theme.muted)
    axes.set_title(y, fontsize=SMALL, color=theme.muted, loc="left")


def legend(axes: Axes, theme: Theme) -> None:
    """Name the lines above the chart, where they cover no data: in one row, or in as many columns as there is room."""
    _, names = axes.get_legend_handles_labels()
    above = _OVER_TITLE if axes.get_title(loc="left") else _OVER_AXES
    figure = axes.get_figure(root=True)
    assert figure is not None
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        bbox_transform=axes.transAxes + ScaledTranslation(0, above / 72, figure.dpi_scale_trans),
        ncols=legend_columns(names),
        frameon=False,
        borderpad=0,
        borderaxespad=0,
        handlelength=1.5,
        columnspacing=1.5,
        fontsize=SMALL,
        labelcolor=theme.ink,
    )


def legend_columns(names: Sequence[str]) -> int:
    """All beside each other if they fit into a row, else as many as the longest leaves room for."""
    widths = [_HANDLE + len(name) for name in names]
    return len(names) if sum(widths) <= _ROW else max(1, _ROW // max(widths))


def finish(figure: Figure) -> Figure:
    """Show every text as it stands: a $ in a column's name is no formula, and other scripts find a font."""
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_parse_math(False)
        text.set_fontfamily(_families())
    for axes in figure.axes:
        axes.tick_params(which="both", labelfontfamily=_families())
    return figure


@cache
def _families() -> list[str]:
    installed = set(font_manager.get_font_names())
    return ["DejaVu Sans", *(name for name in _MORE_SCRIPTS if name in installed)]
