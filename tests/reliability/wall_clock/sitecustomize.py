"""Gives every Python process that has this folder in PYTHONPATH a wall clock that a test can step.

``WALL_CLOCK_FILE`` holds the seconds (a native double) that are added to the true time. The monotonic clock
stays as it is, as it does when somebody sets a machine's clock.
"""

import mmap
import os
import struct
import time

_time = time.time
with open(os.environ["WALL_CLOCK_FILE"], "rb") as _file:
    _offset = mmap.mmap(_file.fileno(), 8, access=mmap.ACCESS_READ)


def _now() -> float:
    seconds: float = _time() + struct.unpack("d", _offset)[0]
    return seconds


class _Split:
    """Splits the present where the original would; an object, since a function in a class would be bound."""

    def __init__(self, split):
        self._split = split

    def __call__(self, seconds=None):
        return self._split(_now() if seconds is None else seconds)


time.time = _now
time.time_ns = lambda: int(_now() * 1e9)
time.gmtime = _Split(time.gmtime)
time.localtime = _Split(time.localtime)
