"""How often legs may be rung: by one tenant within seconds, to one number within a minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import StrEnum

from domain.token_bucket import TokenBucket

BURST_SECONDS = 4.0
"""So many seconds' worth of a tenant's legs may come at once."""
LEAST_BURST = 40.0
"""Two calls that ring twenty bound numbers each are always let through."""
WINDOW = 60.0
SWEEP_AT = 4096
"""Numbers kept before those that were not rung lately are forgotten."""


class Limit(StrEnum):
    """Which limit was hit."""

    TENANT = "tenant"
    NUMBER = "number"


OnRefused = Callable[[Limit, str], None]
"""Hears of each leg that was refused: the limit, and whose (a tenant's id, or what was to be rung)."""


class DialRates:
    """Counts the legs of the whole box against the limits in force.

    Every leg that ``calls.authorise`` allows is counted, whoever asked for it: a call, a queue, a transfer, a
    call-back. Times are monotonic seconds.
    """

    def __init__(self, on_refused: OnRefused | None = None) -> None:
        self.refused: Counter[Limit] = Counter()
        """Legs refused since the start, by limit."""
        self._on_refused = on_refused
        self._tenants: dict[str, tuple[float, TokenBucket]] = {}
        self._numbers: dict[str, Window] = {}

    def take(
        self, tenant: str, per_second: float | None, number: str, per_minute: int | None, mono: float
    ) -> Limit | None:
        """Count one leg of a tenant to a number; return the limit it is over, and count nothing then.

        ``per_second`` is the tenant's limit, ``per_minute`` the number's, each None for none.
        """
        bucket = self._bucket(tenant, per_second)
        if bucket is not None and not bucket.take(mono):
            return self._refuse(Limit.TENANT, tenant)
        if per_minute is not None and not self._window(number, mono).take(per_minute, mono):
            if bucket is not None:
                bucket.give_back()
            return self._refuse(Limit.NUMBER, number)
        return None

    def _refuse(self, limit: Limit, whose: str) -> Limit:
        self.refused[limit] += 1
        if self._on_refused is not None:
            self._on_refused(limit, whose)
        return limit

    def _bucket(self, tenant: str, rate: float | None) -> TokenBucket | None:
        if rate is None:
            return None
        held = self._tenants.get(tenant)
        if held is None or held[0] != rate:
            held = self._tenants[tenant] = rate, TokenBucket(rate, max(LEAST_BURST, rate * BURST_SECONDS))
        return held[1]

    def _window(self, number: str, mono: float) -> Window:
        window = self._numbers.get(number)
        if window is None:
            if len(self._numbers) >= SWEEP_AT:
                self._numbers = {key: one for key, one in self._numbers.items() if not one.is_idle(mono)}
            window = self._numbers[number] = Window(mono)
        return window


class Window:
    """How many events the last minute had: those of this window and the part of the last one that still
    counts."""

    __slots__ = ("_before", "_count", "_since")

    def __init__(self, mono: float) -> None:
        self._since = mono
        self._count = 0
        self._before = 0

    def take(self, most: int, mono: float) -> bool:
        """Count one event if fewer than ``most`` were counted within the last minute."""
        passed = mono - self._since
        if passed >= WINDOW:
            self._before = self._count if passed < 2 * WINDOW else 0
            self._count = 0
            self._since = mono if passed >= 2 * WINDOW else self._since + WINDOW
            passed = mono - self._since
        if self._count + self._before * (1.0 - passed / WINDOW) >= most:
            return False
        self._count += 1
        return True

    def is_idle(self, mono: float) -> bool:
        """Whether nothing of it counts any more."""
        return mono - self._since >= 2 * WINDOW
