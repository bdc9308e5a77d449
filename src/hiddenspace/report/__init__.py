"""One self-contained HTML page about a run."""

from typing import TYPE_CHECKING, Any

from hiddenspace.report.summary import Items as Items
from hiddenspace.report.summary import ModelRow as ModelRow
from hiddenspace.report.summary import RunSummary as RunSummary
from hiddenspace.report.summary import Worst as Worst

if TYPE_CHECKING:
    from hiddenspace.report.writing import write_report as write_report

__all__ = ["Items", "ModelRow", "RunSummary", "Worst", "write_report"]


def __getattr__(name: str) -> Any:
    """Import matplotlib and jinja2 only when a report is written."""
    if name != "write_report":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from hiddenspace.report.writing import write_report

    return write_report
