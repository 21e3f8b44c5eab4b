"""How the interpreter itself is set for a process that must not stall."""

from __future__ import annotations

import gc
import resource
import sys

SWITCH_SECONDS = 0.0005
"""Threads hand the interpreter over this quickly, so that an fsync thread never delays a call by 5 ms."""
GC_THRESHOLDS = (20_000, 20, 100)
WANTED_FILES = 65_536


def tune() -> None:
    """Set the interpreter before the process begins its work."""
    sys.setswitchinterval(SWITCH_SECONDS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def settle() -> None:
    """Take all that lives now out of the collector's sight; call it when the process is ready."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    gc.enable()


def resident_kib() -> int:
    """Return the resident set in KiB."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024
