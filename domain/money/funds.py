"""What tenants may still spend: balance, credit and caps, less what calls in progress have reserved. Pure.

The ledger says what stands on a tenant's account up to a place of the journal; calls that ended after that
place are kept here until the ledger has passed them, so no 厘 is missed and none is counted twice.
"""

from __future__ import annotations

import msgspec

from domain.money.tariff import Tariff

Place = tuple[int, int]
"""A place of the journal: (file's sequence, offset)."""


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a tenant pays by, and how far he may go. Money is 厘."""

    tariff: Tariff | None = None
    """None: calls are not charged."""
    area_code: str = ""
    credit_li: int | None = None
    """How far below zero the balance may go; None: no limit."""
    monthly_cap_li: int | None = None
    monthly_cap_calls: int | None = None

    @property
    def limits(self) -> bool:
        """Whether anything limits the tenant's calls."""
        caps = self.monthly_cap_li is not None or self.monthly_cap_calls is not None
        return caps or (self.credit_li is not None and self.tariff is not None)


class Standing(msgspec.Struct, frozen=True):
    """How a tenant's account stands, as far as the ledger has come."""

    balance_li: int = 0
    month: str = ""
    """YYYYMM of the three that follow."""
    month_li: int = 0
    month_calls: int = 0
    included_seconds: int = 0


class Standings(msgspec.Struct, frozen=True):
    """Every tenant's account, and the place of the journal up to which they hold."""

    place: Place
    tenants: dict[str, Standing]


class Spent(msgspec.Struct, frozen=True):
    """What a call has used, or keeps reserved."""

    li: int = 0
    included_seconds: int = 0
    calls: int = 0


NOTHING = Spent()


class _Ended(msgspec.Struct, frozen=True):
    place: Place
    month: str
    spent: Spent


class Funds:
    """What every tenant may still spend."""

    def __init__(self) -> None:
        self._standings: dict[str, Standing] = {}
        self._reserved: dict[str, dict[str, Spent]] = {}
        self._ended: dict[str, dict[str, _Ended]] = {}

    def take(self, standings: Standings) -> None:
        """Take what the ledger says; ended calls that it has passed are in there now."""
        self._standings = dict(standings.tenants)
        for tenant, calls in list(self._ended.items()):
            left = {call: ended for call, ended in calls.items() if ended.place > standings.place}
            if left:
                self._ended[tenant] = left
            else:
                del self._ended[tenant]

    def spendable(
        self, tenant: str, terms: Terms, month: str, *, besides: str = ""
    ) -> tuple[int | None, bool]:
        """Return how much may be spent in a month (None: no limit), and whether a cap sets that limit.

        What the call ``besides`` has reserved is not subtracted.
        """
        standing = self._standings.get(tenant, Standing())
        reserved = sum(each.li for call, each in self._held(tenant) if call != besides)
        ended = self._ended.get(tenant, {}).values()
        balance = cap = None
        if terms.credit_li is not None:
            pending = reserved + sum(each.spent.li for each in ended)
            balance = standing.balance_li + terms.credit_li - pending
        if terms.monthly_cap_li is not None:
            used = standing.month_li if standing.month == month else 0
            used += sum(each.spent.li for each in ended if each.month == month)
            cap = terms.monthly_cap_li - used - reserved
        if balance is None or (cap is not None and cap < balance):
            return cap, cap is not None
        return balance, False

    def calls_left(self, tenant: str, terms: Terms, month: str) -> int | None:
        """Return how many calls more a month may have; None: no limit."""
        if terms.monthly_cap_calls is None:
            return None
        standing = self._standings.get(tenant, Standing())
        used = standing.month_calls if standing.month == month else 0
        used += sum(each.spent.calls for each in self._ended.get(tenant, {}).values() if each.month == month)
        return terms.monthly_cap_calls - used - sum(each.calls for _, each in self._held(tenant))

    def included_left(self, tenant: str, included: int, month: str, *, besides: str = "") -> int:
        """Return what is left of a month's included seconds."""
        standing = self._standings.get(tenant, Standing())
        used = standing.included_seconds if standing.month == month else 0
        ended = self._ended.get(tenant, {}).values()
        used += sum(each.spent.included_seconds for each in ended if each.month == month)
        used += sum(each.included_seconds for call, each in self._held(tenant) if call != besides)
        return max(0, included - used)

    def reserve(self, tenant: str, call: str, spent: Spent) -> None:
        """Keep so much for a call, in place of what was kept for it before."""
        self._reserved.setdefault(tenant, {})[call] = spent

    def settle(self, tenant: str, call: str, month: str, spent: Spent, place: Place) -> None:
        """Note that a call ended at a place of the journal, and what it used."""
        held = self._reserved.get(tenant, {})
        held.pop(call, None)
        if not held:
            self._reserved.pop(tenant, None)
        self._ended.setdefault(tenant, {})[call] = _Ended(place, month, spent)

    def _held(self, tenant: str) -> tuple[tuple[str, Spent], ...]:
        return tuple(self._reserved.get(tenant, {}).items())
