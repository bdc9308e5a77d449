"""Any source becomes one Dataset, and a Dataset becomes batches."""

from typing import Any

from hiddenspace.names import NAMESPACES, find_in

__all__ = sorted(NAMESPACES["data"])


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first asked for."""
    return find_in("data", name)
