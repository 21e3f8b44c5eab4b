"""What is known of a caller at the moment he calls: what routing, billing and the screen pop decide by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from domain.calendar import Calendar, LocalMoment
from domain.caller import Caller, CallerClass
from domain.place import Place
from domain.places import Places


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
