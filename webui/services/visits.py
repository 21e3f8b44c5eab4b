"""How often one address may use the public pages: so much at once, so much on average."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Final, NamedTuple

from domain.token_bucket import TokenBucket

MOST_ADDRESSES: Final = 20_000


class Rate(NamedTuple):
    """Tokens a second, and at once."""

    per_second: float
    at_once: float


RATES: Final = {
    "search": Rate(2.0, 40.0),
    "read": Rate(2.0, 60.0),
    "ask": Rate(1 / 180, 5.0),
    "code": Rate(1 / 60, 10.0),
    "vote": Rate(1 / 60, 10.0),
    "part": Rate(1 / 60, 1.0),
}
"""``ask``: open a ticket or write to one; ``code``: codes that were wrong; ``part``: records that
an operator who acts as a tenant fetched a part of a page again, which pages do by themselves."""


class Visits:
    """Counts what addresses do."""

    def __init__(self, mono: Callable[[], float] = time.monotonic) -> None:
        self._mono = mono
        self._buckets: OrderedDict[tuple[str, str], TokenBucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, what: str, address: str) -> bool:
        """Count one; False: too many. An IPv6 network of one subscriber (/64) is one address."""
        key = (what, subscriber(address))
        with self._lock:
            bucket = self._buckets.get(key)
            if bucket is None:
                while len(self._buckets) >= MOST_ADDRESSES:
                    self._buckets.popitem(last=False)
                bucket = self._buckets[key] = TokenBucket(*RATES[what])
            self._buckets.move_to_end(key)
            return bucket.take(self._mono())


def subscriber(address: str) -> str:
    """Return what stands for all addresses that one subscriber has."""
    try:
        read = ip_address(address)
    except ValueError:
        return address
    if isinstance(read, IPv4Address):
        return address
    return str(read.ipv4_mapped or IPv6Network((int(read) >> 64 << 64, 64)))
