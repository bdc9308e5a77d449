"""One colour for each model on the whole page, in its charts and in its words."""

from collections.abc import Sequence

from hiddenspace.pictures.theme import BASELINE, LIGHT
from hiddenspace.report.summary import RunSummary


def model_names(run: RunSummary) -> tuple[str, ...]:
    """Name all models that the page shows anywhere, in the order in which it does."""
    places = ([row.name for row in run.models], run.reconstructions, run.filters, run.column_errors)
    return tuple(dict.fromkeys(name for place in places for name in place))


def hue(name: str, models: Sequence[str]) -> str:
    """Name the style class that carries a model's colour; what is no model has none."""
    if name == BASELINE:
        return "baseline"
    others = [model for model in models if model != BASELINE]
    return f"series{others.index(name) % len(LIGHT.series)}" if name in others else "none"
