"""Plain functions of tensors, for any training loop."""

from typing import Any

from hiddenspace.names import NAMESPACES, find_in

__all__ = sorted(NAMESPACES["losses"])


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first asked for."""
    return find_in("losses", name)
