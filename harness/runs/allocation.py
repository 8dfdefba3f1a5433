"""Memory that is freed and wanted again: kept by the process, and not returned to the system."""

from __future__ import annotations

import ctypes
import sys

# Parameters of glibc's mallopt (malloc.h): M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_MAX.
_SETTINGS = {-1: 2**31 - 1, -2: 2**26, -4: 0}


def keep_freed_memory() -> bool:
    """Have this process keep what it frees; False where the C library has no such setting.

    By default glibc maps each large block anew and unmaps it when it is freed, so that the system
    fills with zeros, page by page, what every update then writes over. Results do not depend on it.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library, such as musl
        return False
    return all(mallopt(name, value) for name, value in _SETTINGS.items())
