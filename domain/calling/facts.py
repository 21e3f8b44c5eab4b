"""What is known of a caller at the moment he calls: what routing, billing and the screen pop decide by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from domain.calling.caller import Caller, CallerClass
from domain.days.calendar import Calendar, LocalMoment
from domain.places.place import Place
from domain.places.places import Places
from domain.places.regions import regions_with
from domain.snapshot import BoxSnapshot, TenantSnapshot


class CallerFacts(msgspec.Struct, frozen=True):
    """A caller, his place, and the moment."""

    caller: Caller
    place: Place
    region: str
    """Group of his province (华北 ...); empty: unknown."""
    when: LocalMoment
    """The moment in Asia/Shanghai; ``when.today`` is its day with kind, name and whether that is known."""

    @property
    def kind(self) -> CallerClass:
        """What kind of number calls."""
        return self.caller.kind


def facts_of(
    caller: Caller,
    places: Places,
    regions: Mapping[str, str],
    calendar: Calendar,
    moment: float | datetime,
) -> CallerFacts:
    """Return the facts of a call. ``calendar`` is the called tenant's; ``moment`` POSIX seconds or aware."""
    place = places.place_of(caller)
    return CallerFacts(caller, place, regions.get(place.province, ""), calendar.at(moment))


class FactsInForce:
    """Everything facts follow from: places, and the calendars of box and tenants. Made at each reload."""

    def __init__(self, places: Places, box: BoxSnapshot, tenants: Iterable[TenantSnapshot]) -> None:
        self.places = places
        self.calendar = Calendar(box.calendar)
        self._regions = regions_with(box.region_groups)
        self._calendars = {
            tenant.id: self.calendar.with_days(tenant.days) for tenant in tenants if tenant.days
        }

    def calendar_of(self, tenant: str | None) -> Calendar:
        """Return a tenant's calendar; without a tenant, or days of its own, the box's."""
        return self._calendars.get(tenant, self.calendar) if tenant is not None else self.calendar

    def of(self, caller: Caller, tenant: str | None, moment: float | datetime) -> CallerFacts:
        """Return the facts of a call to a tenant (None: to nobody's number) at a moment."""
        return facts_of(caller, self.places, self._regions, self.calendar_of(tenant), moment)
