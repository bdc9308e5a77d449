"""How much data may be held in memory."""

import os
from pathlib import Path

MEMINFO = Path("/proc/meminfo")


def default_memory_limit() -> int:
    """A quarter of the memory that is free to use now, in bytes."""
    return available_memory() // 4


def available_memory() -> int:
    """Bytes that can be had without swapping; half of all where the system does not say."""
    try:
        for line in MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
