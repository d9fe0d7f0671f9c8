"""What the C library is told about memory: to keep what pictures and calls take again and again."""

import ctypes
from typing import Final

# Source of the numbers: glibc's malloc.h, and mallopt(3).
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8

_KEPT_BYTES: Final = 8 * 1024 * 1024
_LARGE_BYTES: Final = 2 * 1024 * 1024


def keep_freed_memory() -> None:
    """Have glibc keep a little freed memory, for all threads together; elsewhere nothing is changed.

    By itself it gives every megabyte back that was freed, and the kernel has to clear it when the next
    picture comes. What is larger still comes from the kernel and goes back to it, so that it leaves no holes.
    To be called before there are threads.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
