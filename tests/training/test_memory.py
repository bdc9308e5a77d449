import platform

import numpy as np
import pytest

from hiddenspace.training.memory import memory_kept

MIB = 2**20

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="what is tested is done under glibc alone")


def pages_taken(size: int, times: int) -> int:
    """How many pages the system had to hand out for blocks of so many bytes that came and went."""
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        np.ones(size, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def resident() -> int:
    """Bytes of this process in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


class TestMemoryKept:
    def test_large_blocks_are_taken_from_the_system_once(self) -> None:
        with memory_kept():
            pages_taken(64 * MIB, 1)
            kept = pages_taken(64 * MIB, 4)
        given_back = pages_taken(64 * MIB, 4)
        assert kept < given_back / 10

    def test_what_was_kept_is_given_back_after_the_last_of_those_inside(self) -> None:
        before = resident()
        with memory_kept(), memory_kept():
            np.ones(256 * MIB, np.uint8)
            within = resident()
        assert within - before > 200 * MIB
        assert resident() - before < 64 * MIB

    def test_an_error_ends_it_too(self) -> None:
        with pytest.raises(ValueError, match="on the way"), memory_kept():
            raise ValueError("on the way")
        pages_taken(64 * MIB, 1)
        assert pages_taken(64 * MIB, 2) > 2
