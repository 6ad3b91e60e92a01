"""Keep freed memory while a run lasts: glibc gives it back to the system too eagerly for an iteration."""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""glibc's numbers of these options (malloc.h)."""

KEPT_BYTES, LARGEST_BLOCK = 1 << 30, 32 << 20
"""Freed memory that is kept, and the largest block (glibc's own limit) that is kept at all."""

USUAL_BYTES = 64 << 20
"""What glibc itself keeps at most once a program has freed blocks of 32 MiB."""


@contextmanager
def keeping_freed_memory() -> Iterator[None]:
    """Return a context in which freed memory stays with the process; afterwards it goes back to the system.

    An iteration on a CPU frees its feature maps, some hundred MB, and asks for as much again. glibc hands them to the
    system in between, and every page has to be made anew: a quarter of an iteration's time. Does nothing where the
    C library is not glibc.

    >>> with keeping_freed_memory():
    ...     pass
    """
    library = _glibc()
    if library is None:
        yield
        return
    library.mallopt(MMAP_THRESHOLD, LARGEST_BLOCK)
    library.mallopt(TRIM_THRESHOLD, KEPT_BYTES)
    try:
        yield
    finally:
        library.mallopt(TRIM_THRESHOLD, USUAL_BYTES)
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        return None
    return ctypes.CDLL(None)
