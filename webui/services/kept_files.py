"""Files made for somebody who fetches them with his next click: a few, in memory, for a while."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

SECONDS: Final = 3600.0
MOST: Final = 20
MOST_BYTES: Final = 10 * 1024 * 1024
"""Of one file; what is larger is not kept."""


class Kept(NamedTuple):
    """One file."""

    at: float
    who: str
    name: str
    content: bytes


class KeptFiles:
    """Of one web process; safe from its threads. The oldest goes when there are too many."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._files: OrderedDict[str, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, who: str, name: str, content: bytes) -> str:
        """Keep a file for somebody; return the token to fetch it by, "" for one that is too large."""
        if len(content) > MOST_BYTES:
            return ""
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._files[token] = Kept(self._now(), who, name, content)
            while len(self._files) > MOST:
                self._files.popitem(last=False)
        return token

    def fetch(self, token: str, who: str) -> Kept | None:
        """Return a file to whom it was kept for, None when it has gone."""
        with self._lock:
            found = self._files.get(token)
        if found is None or found.who != who or self._now() - found.at > SECONDS:
            return None
        return found
