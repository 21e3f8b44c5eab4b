"""模拟来电: what would become of a call."""

from __future__ import annotations

from datetime import datetime

from domain.calling.caller import canonical_caller
from domain.calling.facts import facts_of
from domain.places.regions import regions_with
from domain.routing.live import NothingLive
from domain.routing.simulate import Simulation, simulate
from storage.models import Root
from storage.serving.places import read_places
from webui.services.box import BoxServices
from webui.services.schedules import calendar_of


def simulated(services: BoxServices, tenant: str, number: str, caller: str, at: datetime) -> Simulation:
    """Follow a call to a tenant's number without one; ``at`` has its zone. Raises StoreDown."""
    places = read_places(services.data)

    def work(root: Root) -> Simulation:
        held = root.tenants[tenant]
        regions = regions_with(root.box.value.region_groups)
        facts = facts_of(canonical_caller(caller), places, regions, calendar_of(root, tenant), at)
        return simulate(held.snapshot(root.tariffs), held.numbers[number].value, facts, NothingLive())

    return services.read(work)
