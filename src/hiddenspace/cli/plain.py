"""Sentences on a terminal."""

from __future__ import annotations

from rich.console import Console


def say(console: Console, what: str) -> None:
    """Prints it as it is: brackets are no markup, numbers have no colours, and lines are not broken."""
    console.print(what, markup=False, highlight=False, soft_wrap=True)
