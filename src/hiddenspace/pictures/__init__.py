"""Arrays in, picture out: the only package that imports matplotlib, and only once a picture is wanted."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hiddenspace.pictures.agreement import scatter_column as scatter_column
    from hiddenspace.pictures.animation import animate as animate
    from hiddenspace.pictures.bars import column_errors as column_errors
    from hiddenspace.pictures.channels import as_pixels as as_pixels
    from hiddenspace.pictures.comparison import comparison_curves as comparison_curves
    from hiddenspace.pictures.confusions import confusion as confusion
    from hiddenspace.pictures.criteria import criteria_curves as criteria_curves
    from hiddenspace.pictures.domains import domain_map as domain_map
    from hiddenspace.pictures.heat import loadings as loadings
    from hiddenspace.pictures.learning import learning_curves as learning_curves
    from hiddenspace.pictures.lines import component_lines as component_lines
    from hiddenspace.pictures.lines import profile_lines as profile_lines
    from hiddenspace.pictures.morphs import equation as equation
    from hiddenspace.pictures.mosaic import grid as grid
    from hiddenspace.pictures.mosaic import tile as tile
    from hiddenspace.pictures.neighbours import similar_items as similar_items
    from hiddenspace.pictures.relevance import relevant_columns as relevant_columns
    from hiddenspace.pictures.relevance import relevant_pixels as relevant_pixels
    from hiddenspace.pictures.shares import class_shares as class_shares
    from hiddenspace.pictures.signed import signed_pixels as signed_pixels
    from hiddenspace.pictures.strips import rows as rows
    from hiddenspace.pictures.theme import DARK as DARK
    from hiddenspace.pictures.theme import LIGHT as LIGHT
    from hiddenspace.pictures.theme import Theme as Theme
    from hiddenspace.pictures.variance import explained_variance as explained_variance

_HOMES = {
    "DARK": "theme",
    "LIGHT": "theme",
    "Theme": "theme",
    "animate": "animation",
    "as_pixels": "channels",
    "class_shares": "shares",
    "column_errors": "bars",
    "comparison_curves": "comparison",
    "component_lines": "lines",
    "confusion": "confusions",
    "criteria_curves": "criteria",
    "domain_map": "domains",
    "equation": "morphs",
    "explained_variance": "variance",
    "grid": "mosaic",
    "learning_curves": "learning",
    "loadings": "heat",
    "profile_lines": "lines",
    "relevant_columns": "relevance",
    "relevant_pixels": "relevance",
    "rows": "strips",
    "scatter_column": "agreement",
    "signed_pixels": "signed",
    "similar_items": "neighbours",
    "tile": "mosaic",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
