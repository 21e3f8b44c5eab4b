"""Rate calls once more by another tariff, in shadow: nothing is changed."""

from __future__ import annotations

from typing import NamedTuple

from domain.calling.caller import canonical_caller
from domain.days.calendar import Calendar
from domain.money.tariff import CallKind, Edition, Tariff, kind_of_call
from storage.models import Root
from storage.money.charging import charged_moments, rate_moments
from storage.records.call_id import day_of_call, iso_of


class Shadow(NamedTuple):
    """What a tenant's calls of a month were charged, and would be."""

    tenant: str
    calls: int
    charged_li: int
    would_li: int

    @property
    def difference_li(self) -> int:
        """Above 0: he would pay more."""
        return self.would_li - self.charged_li


class _Call(NamedTuple):
    ended_ms: int
    kind: CallKind
    edition: Edition
    times: list[tuple[float, int]]


def shadow_rate(root: Root, tenant: str, tariff: Tariff, month: str) -> Shadow:
    """Rate a tenant's calls of a month (YYYYMM) by a tariff, in the order in which they ended.

    Calls on days before the tariff's first edition would be free. Raises KeyError without the tenant.
    """
    config = root.tenants[tenant].config.value
    calendar = Calendar(root.box.value.calendar).with_days(config.days)
    owner = root.records.owners.get(tenant)
    held = None if owner is None else owner.months.get(month)
    count = charged = would = used = 0
    calls: list[_Call] = []
    for record in () if held is None else held.records():
        count, charged = count + 1, charged + record.fee_li
        day = day_of_call(record.id, record.start)
        edition = tariff.on(iso_of(day))
        if edition is not None:
            kind = kind_of_call(canonical_caller(record.caller), record.place, config.area_code)
            times = charged_moments(record, edition.charged_from)
            calls.append(_Call(round(record.start * 1000) + record.end_ms, kind, edition, times))
    for call in sorted(calls, key=lambda each: each.ended_ms):
        left = max(0, call.edition.included_seconds - used)
        charge = rate_moments(call.times, call.kind, calendar, tariff.name, call.edition, left)
        would, used = would + charge.li, used + charge.included_seconds
    return Shadow(tenant, count, charged, would)
