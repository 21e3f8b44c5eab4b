"""Wait for a condition in the world outside of the test."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(
    condition: Callable[[], T], what: str, seconds: float = 20.0, explain: Callable[[], str] = str
) -> T:
    """Return the condition's value as soon as it is true; fail after so many seconds, with an explanation."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < until, f"waited {seconds:g} s in vain: {what}\n{explain()}"
        time.sleep(0.05)
