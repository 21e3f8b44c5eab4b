"""How often somebody may try to sign in: by account and by address (docs/reliability.md)."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from webui.services.visits import subscriber

WINDOW: Final = 900.0
"""Seconds that a wrong try counts."""
BY_ACCOUNT: Final = 5
BY_ADDRESS: Final = 20
CAPTCHA_AFTER: Final = 2
"""Wrong tries after which a picture must be read as well."""
MOST_KEYS: Final = 20_000


class Throttle:
    """Wrong tries of the last quarter of an hour."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._wrong: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def wrong(self, account: str, address: str) -> None:
        """Count a wrong try."""
        with self._lock:
            for key in (f"account {account}", _by(address)):
                if len(self._wrong) >= MOST_KEYS and key not in self._wrong:
                    self._wrong.pop(next(iter(self._wrong)))
                self._wrong.setdefault(key, deque(maxlen=BY_ADDRESS)).append(self._now())

    def right(self, account: str) -> None:
        """Forget the wrong tries against an account; the address keeps its own."""
        with self._lock:
            self._wrong.pop(f"account {account}", None)

    def wait(self, account: str, address: str) -> float:
        """Return how many seconds must pass before the next try; 0: none."""
        with self._lock:
            return max(
                self._left(f"account {account}", BY_ACCOUNT),
                self._left(_by(address), BY_ADDRESS),
            )

    def needs_captcha(self, account: str, address: str) -> bool:
        """Tell whether a picture must be read."""
        with self._lock:
            return any(
                len(self._recent(key)) >= CAPTCHA_AFTER for key in (f"account {account}", _by(address))
            )

    def _recent(self, key: str) -> deque[float]:
        tries = self._wrong.get(key)
        if tries is None:
            return deque()
        while tries and tries[0] <= self._now() - WINDOW:
            tries.popleft()
        if not tries:
            del self._wrong[key]
        return tries

    def _left(self, key: str, most: int) -> float:
        tries = self._recent(key)
        return tries[-most] + WINDOW - self._now() if len(tries) >= most else 0.0


def _by(address: str) -> str:
    return f"address {subscriber(address)}"
