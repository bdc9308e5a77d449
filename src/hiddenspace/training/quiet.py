"""Packages that say too much."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_logger(name: str, least: int = logging.ERROR) -> Iterator[None]:
    """Inside the `with`, or the function it decorates, the logger of that name says only what is this serious."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(least)
    try:
        yield
    finally:
        logger.setLevel(level)
