"""What must fit together in route plans and lists of callers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from domain.calling.caller import CallerClass, canonical_caller
from domain.places.regions import regions_with
from domain.routing.plan import UNKNOWN_PLACE, RoutePlan
from domain.snapshot import BoundNumber, TargetKind
from storage.provisioning.problems import Problem
from storage.provisioning.reading import Wish, Wishes
from storage.provisioning.state import Configuration


def check_routing(wishes: Wishes, after: Configuration) -> Iterator[Problem]:
    """Return what does not fit in the route plans that the file names."""
    places = regions_with(after.box.region_groups)
    known = {*places, *places.values(), UNKNOWN_PLACE}
    for wish in wishes.numbers:
        if wish.absent or wish.key not in after.numbers:
            continue
        plan = after.numbers[wish.key][1].routing
        if plan is None:
            continue
        for pattern in _patterns(plan):
            if not pattern[0].isascii() and pattern not in known:
                yield _no_place(wish, "routing", pattern, places)
    for wish in wishes.tenants.values():
        if not wish.absent:
            for pattern in after.tenants[wish.key].blacklist:
                if not pattern[0].isascii() and pattern not in known:
                    yield _no_place(wish, "blacklist", pattern, places)
            yield from _foreign_trunks(wish, after)
    for name, wish in wishes.trunks.items():
        owner = "" if wish.absent else after.trunks[name].tenant
        if owner and owner not in after.tenants:
            yield wish.problem("no-tenant", "tenant", value=owner)


def _foreign_trunks(wish: Wish, after: Configuration) -> Iterator[Problem]:
    for name in after.tenants[wish.key].outbound_trunks:
        trunk = after.trunks.get(name)
        if trunk is not None and trunk.tenant not in ("", wish.key):
            yield wish.problem("foreign-trunk", "outbound_trunks", value=name, other=trunk.tenant)


def pbx_users(after: Configuration, trunk: str) -> Iterator[tuple[str, str, str]]:
    """Return tenant, kind and name of everything whose PBX is reached by a trunk."""
    for number, (tenant, plan) in after.numbers.items():
        if any(target.trunk == trunk for target in (*plan.bound, *forward_numbers(plan.routing))):
            yield tenant, "number", number
    for (tenant, name), group in after.parts["groups"].items():
        if any(target.trunk == trunk for target in group.targets):
            yield tenant, "group", name


def check_target(
    wish: Wish, field: str, target: BoundNumber, tenant: str, after: Configuration
) -> Iterator[Problem]:
    """Return what does not fit at one bound number: its extension, its trunk."""
    if target.kind is TargetKind.EXTENSION and (tenant, target.number) not in after.extensions:
        yield wish.problem("no-extension", field, value=target.number, tenant=tenant)
    if target.kind is TargetKind.PBX:
        trunk = after.trunks.get(target.trunk)
        if trunk is None or trunk.tenant != tenant:
            yield wish.problem("pbx-trunk", field, value=target.number, tenant=tenant)
    elif target.trunk:
        yield wish.problem("trunk-of-pbx", field, value=target.number)


def forward_numbers(plan: RoutePlan | None) -> tuple[BoundNumber, ...]:
    """Return every forward number of a route plan."""
    return () if plan is None else (*plan.when_busy, *plan.when_no_answer)


def no_area_code(
    wish: Wish, field: str, number: str, before: Configuration, after: Configuration
) -> Problem | None:
    """Return the problem of a landline that no carrier could ring; one that was there already may stay."""
    if canonical_caller(number).kind is not CallerClass.LOCAL or _was_rung(before, wish.tenant, number):
        return None
    code = after.tenants[wish.tenant].area_code or "010"
    return wish.problem("no-area-code", field, value=number, example=code + number)


def _was_rung(before: Configuration, tenant: str, number: str) -> bool:
    rung = [
        target
        for owner, plan in before.numbers.values()
        if owner == tenant
        for target in (*plan.bound, *forward_numbers(plan.routing))
    ]
    rung += [
        each
        for (owner, _), group in before.parts["groups"].items()
        if owner == tenant
        for each in group.targets
    ]
    agents = [agent.target for (owner, _), agent in before.parts["agents"].items() if owner == tenant]
    return number in agents or any(target.number == number for target in rung)


def _patterns(plan: RoutePlan) -> Iterable[str]:
    yield from plan.blacklist
    yield from plan.allow
    yield from plan.deny
    for rule in plan.rules:
        yield from rule.callers


def _no_place(wish: Wish, field: str, value: str, places: Mapping[str, str]) -> Problem:
    groups = ", ".join(dict.fromkeys(places.values()))
    return wish.problem("no-place", field, value=value, provinces=", ".join(places), groups=groups)
