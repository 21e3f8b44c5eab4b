"""Charge call records, once each, in the transaction that adds them."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from domain.calling.caller import canonical_caller
from domain.days.calendar import Calendar
from domain.money.tariff import MOST_SECONDS, CallKind, ChargedFrom, Edition, Tariff, kind_of_call, rate
from storage.models import Root, TenantConfig
from storage.records.call_id import iso_of
from storage.records.record import CallRecord, ChargeRecord

LONGEST_MS: Final = MOST_SECONDS * 1000
_ANY_TIME: Final = Calendar().at(0.0)
"""Of a price that holds at all hours nobody asks when."""


class _Terms(NamedTuple):
    """What a tenant's records are charged by."""

    config: TenantConfig
    tariff: Tariff | None
    calendar: Calendar


class _Use:
    """What the calls of one tenant's month come to while records are charged."""

    __slots__ = ("days", "included")

    def __init__(self, included: int) -> None:
        self.included = included
        """Seconds of included time used up so far, those of before too."""
        self.days: dict[str, list[int]] = {}
        """Day -> calls, their fees, included seconds: of this transaction alone."""

    def add(self, day: str, li: int, included: int) -> None:
        sums = self.days.setdefault(day, [0, 0, 0])
        sums[0] += 1
        sums[1] += li
        sums[2] += included
        self.included += included


class Charging:
    """Charges the records of one transaction; a context manager, at whose end accounts hold the sums."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._calendar = Calendar(root.box.value.calendar)
        self._terms: dict[str, _Terms | None] = {}
        self._uses: dict[tuple[str, str], _Use] | None = None
        """Tenant and month -> use."""

    def __enter__(self) -> Charging:
        self._uses = {}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is None and self._uses is not None:
            for (tenant, _), use in self._uses.items():
                account = self._root.money.account(tenant)
                for day, (calls, li, included) in use.days.items():
                    account.charge_calls(day, calls, li, included)
        self._uses = None

    def charge(self, record: CallRecord, day: str) -> CallRecord:
        """Return a new record with its charge, to be taken from its tenant's account at the end.

        ``day``: YYYYMMDD that the call counts for (``storage.call_id.day_of_call``).
        """
        if record.tenant is None:
            return record
        terms = self._terms_of(record.tenant)
        if terms is None:
            return record
        config, tariff = terms.config, terms.tariff
        edition = None if tariff is None else tariff.on(iso_of(day))
        if tariff is None or edition is None:
            if config.monthly_cap_calls is not None:
                self._use_of(record.tenant, day).add(day, 0, 0)
            return record
        use = self._use_of(record.tenant, day)
        left = max(0, edition.included_seconds - use.included)
        charge = rate_record(record, config.area_code, terms.calendar, tariff.name, edition, left)
        use.add(day, charge.li, charge.included_seconds)
        return msgspec.structs.replace(record, charge=charge)

    def _use_of(self, tenant: str, day: str) -> _Use:
        if self._uses is None:
            raise RuntimeError("records are charged within the context")
        use = self._uses.get((tenant, day[:6]))
        if use is None:
            account = self._root.money.accounts.get(tenant)
            before = 0 if account is None else account.month(day[:6]).included_seconds
            use = self._uses[tenant, day[:6]] = _Use(before)
        return use

    def _terms_of(self, tenant: str) -> _Terms | None:
        if tenant not in self._terms:
            self._terms[tenant] = None
            found = self._root.tenants.get(tenant)
            if found is not None:
                config = found.config.value
                tariff = self._root.tariffs.get(config.tariff)
                calendar = self._calendar.with_days(config.days)
                self._terms[tenant] = _Terms(config, None if tariff is None else tariff.value, calendar)
        return self._terms[tenant]


def rate_record(
    record: CallRecord, area_code: str, calendar: Calendar, tariff: str, edition: Edition, left: int
) -> ChargeRecord:
    """Charge a call of a tenant. ``left``: seconds of the month's included time that are left."""
    kind = kind_of_call(canonical_caller(record.caller), record.place, area_code)
    times = charged_moments(record, edition.charged_from)
    return rate_moments(times, kind, calendar, tariff, edition, left)


def charged_moments(record: CallRecord, charged_from: ChargedFrom) -> list[tuple[float, int]]:
    """Return when a call's charged times begin (UTC POSIX seconds), and milliseconds that each lasts."""
    return [
        (record.start + begins / 1000, min(lasts, LONGEST_MS))
        for begins, lasts in charged_times(record, charged_from)
    ]


def rate_moments(
    times: list[tuple[float, int]],
    kind: CallKind,
    calendar: Calendar,
    tariff: str,
    edition: Edition,
    left: int,
) -> ChargeRecord:
    """Charge the times of one call, each as a call of its own. ``left``: seconds of included time left."""
    li = seconds = included = 0
    price: int | None = None
    by_hours = any(price.hours is not None for price in edition.prices)
    for begins, lasts in times:
        when = calendar.at(begins) if by_hours else _ANY_TIME
        charge = rate(edition, kind, when, lasts, left - included)
        li, seconds = li + charge.li, seconds + charge.seconds
        included += charge.included_seconds
        price = charge.price if price is None else price
    return ChargeRecord(li, seconds, kind.value, tariff, edition.valid_from, price, included)


def charged_times(record: CallRecord, charged_from: ChargedFrom) -> list[tuple[int, int]]:
    """Return when a call's charged time begins, since its start, and how long it lasts; milliseconds.

    A call-back is charged for each leg that left by a trunk, from its own answer to its end: the customer's,
    and the agent's where he has no extension. Each is rated as a call of its own. A consultation by an
    agent's second line has no such leg; who is consulted is a leg of the call that the agent serves.
    """
    if record.direction:
        return [
            (
                leg.answered_ms,
                max(0, (record.end_ms if leg.ended_ms is None else leg.ended_ms) - leg.answered_ms),
            )
            for leg in record.legs
            if leg.trunks and leg.answered_ms is not None
        ]
    if charged_from is ChargedFrom.ANSWERER:
        return [(record.bridge_ms or 0, record.talk_ms)]
    return [(record.answer_ms or 0, record.access_ms)]
