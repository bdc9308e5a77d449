"""Memory that the C library keeps for the next step, where it would give it back to the system after each."""

from __future__ import annotations

import ctypes
import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager

TRIM_THRESHOLD, MMAP_THRESHOLD, MMAP_MAX = -1, -3, -4
"""What glibc's malloc.h calls M_TRIM_THRESHOLD, M_MMAP_THRESHOLD and M_MMAP_MAX."""
TUNED = ("MALLOC_", "GLIBC_TUNABLES")
LARGEST = 2**25
"""Bytes: up to here glibc itself raises its threshold, when it sees blocks of that size come and go."""

_inside = 0
_lock = threading.Lock()


@contextmanager
def memory_kept() -> Iterator[None]:
    """Inside the `with`, what is freed stays with the process, for whatever is made next; afterwards all is given back.

    glibc returns every block of more than 32 MiB to the system when it is freed. A step that makes activations of that
    size gets them back page by page, zeroed by the kernel, which took a quarter of the time of painting a picture of
    512 pixels on two cores. In other threads than the main one blocks of up to 64 MiB are kept, and no larger ones.

    Nothing is changed under another C library, or where a person has tuned malloc by the environment. Afterwards glibc
    keeps to the thresholds that it would come to by itself, and adapts them no more.
    """
    tuned = any(name.startswith(TUNED) for name in os.environ)
    libc = ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" and not tuned else None
    if libc is None:
        yield
        return
    _count(1, libc)
    try:
        yield
    finally:
        _count(-1, libc)


def _count(change: int, libc: ctypes.CDLL) -> None:
    """Trainings side by side share it: the first one turns it on, the last one off."""
    global _inside
    with _lock:
        before, _inside = _inside, _inside + change
        if before == 0:
            libc.mallopt(MMAP_MAX, 0)
            libc.mallopt(TRIM_THRESHOLD, -1)  # never
        elif _inside == 0:
            libc.mallopt(MMAP_MAX, 2**16)
            libc.mallopt(MMAP_THRESHOLD, LARGEST)
            libc.mallopt(TRIM_THRESHOLD, 2 * LARGEST)
            libc.malloc_trim(0)
