"""What must fit together, over all objects; told at the objects the file names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

import msgspec

from domain.flow.document import Go
from domain.money.tariff import never_reached
from domain.numbers.lifecycle import NumberState
from domain.routing.destination import Destination, DestinationKind
from domain.snapshot import BoundNumber, ListenerSnapshot, TargetKind, TrunkKind, TrunkSnapshot
from domain.structures import fields_of
from storage.provisioning.consistency_channels import check_channels
from storage.provisioning.consistency_notices import check_notices
from storage.provisioning.consistency_prompts import check_prompts
from storage.provisioning.consistency_routing import (
    check_routing,
    check_target,
    forward_numbers,
    no_area_code,
    pbx_users,
)
from storage.provisioning.owned import fields_of_tenants
from storage.provisioning.problems import Problem
from storage.provisioning.reading import Wish, Wishes
from storage.provisioning.state import Configuration

DEFAULT_LISTENER = "carrier"
"""There is always one of this name: ``run`` makes it when nobody configured it."""

_NOT_TO_BE_GIVEN = {
    NumberState.RESERVED: "number-reserved",
    NumberState.APPLIED: "number-applied",
    NumberState.UNDER_REVIEW: "number-applied",
    NumberState.RECLAIMED: "number-reclaimed",
}


def check_consistency(wishes: Wishes, before: Configuration, after: Configuration) -> list[Problem]:
    """Return what does not fit in ``after`` because of what the file wishes."""
    return [
        *_offsite(wishes, after),
        *_listeners(wishes, after),
        *_trunks(wishes, after),
        *_tariffs(wishes, after),
        *_tenants(wishes, after),
        *_agreements(wishes, after),
        *_numbers(wishes, before, after),
        *_groups(wishes, after),
        *_agents(wishes, before, after),
        *_destinations(wishes, after),
        *check_notices(wishes, after),
        *check_channels(wishes, after),
        *check_prompts(wishes, after),
        *check_routing(wishes, after),
        *_removals(wishes, before, after),
    ]


def _kept(wishes: dict[str, Wish]) -> Iterator[tuple[str, Wish]]:
    return ((key, wish) for key, wish in wishes.items() if not wish.absent)


def _offsite(wishes: Wishes, after: Configuration) -> Iterator[Problem]:
    """Backups are encrypted always, and go to the one SFTP server that is known."""
    box = after.box
    if wishes.box is None or not box.offsite_to:
        return
    needed = ["offsite_password"]
    if box.offsite_to.startswith("sftp:"):
        needed.append("offsite_host_key")
    elif box.offsite_to.startswith("s3:"):
        needed += ["offsite_access_key", "offsite_secret_key"]
    for field in needed:
        if not getattr(box, field):
            yield wishes.box.problem("offsite-needs", field, to=box.offsite_to, value=field)


def _listeners(wishes: Wishes, after: Configuration) -> Iterator[Problem]:
    for name, wish in _kept(wishes.listeners):
        listener = after.listeners[name]
        if "tls" in listener.transports:
            for field in ("tls_certificate", "tls_key"):
                if not getattr(listener, field):
                    yield wish.problem("tls-files", field, value=field)
        for other_name, other in after.listeners.items():
            if other_name == name:
                continue
            for place in sorted(_places(listener) & _places(other)):
                yield wish.problem("same-port", "port", place=place, other=other_name)


def _places(listener: ListenerSnapshot) -> set[str]:
    places = set()
    if {"udp", "tcp"} & set(listener.transports):
        places.add(f"{listener.bind}:{listener.port}")
    if "tls" in listener.transports:
        places.add(f"{listener.bind}:{listener.tls_port}")
    return places


def _no_listener(after: Configuration, wish: Wish, name: str) -> Iterator[Problem]:
    if name not in after.listeners and name != DEFAULT_LISTENER:
        yield wish.problem("no-listener", "listener", value=name)


def _trunks(wishes: Wishes, after: Configuration) -> Iterator[Problem]:
    for name, wish in _kept(wishes.trunks):
        trunk = after.trunks[name]
        yield from _no_listener(after, wish, trunk.listener)
        if trunk.outbound and not trunk.target and not trunk.outbound_proxy:
            yield wish.problem("trunk-target", "target")
        if trunk.kind is TrunkKind.REGISTER:
            for field in ("username", "password"):
                if not getattr(trunk, field):
                    yield wish.problem("trunk-register", field, value=field)
            if not trunk.target and not trunk.domain:
                yield wish.problem("trunk-register", "domain", value="target, domain")
        elif trunk.inbound and not trunk.sources:
            yield wish.problem("trunk-sources", "sources")
        for network, other in _shared_sources(trunk, after):
            yield wish.problem("same-source", "sources", network=network, other=other)
        for landing, number in trunk.landing_numbers.items():
            if number not in after.numbers and after.unavailable.get(number) is not NumberState.RECLAIMED:
                yield wish.problem("landing", "landing_numbers", value=landing, number=number)


def _shared_sources(trunk: TrunkSnapshot, after: Configuration) -> Iterator[tuple[str, str]]:
    for name, other in after.trunks.items():
        if name == trunk.name or other.listener != trunk.listener:
            continue
        if not (trunk.inbound and other.inbound and trunk.enabled and other.enabled):
            continue
        for network in sorted(set(trunk.sources) & set(other.sources)):
            yield network, name


def _tenants(wishes: Wishes, after: Configuration) -> Iterator[Problem]:
    for name, wish in _kept(wishes.tenants):
        for trunk in after.tenants[name].outbound_trunks:
            if trunk not in after.trunks:
                yield wish.problem("no-trunk", "outbound_trunks", value=trunk)
    for wish in wishes.extensions:
        extension = after.extensions.get((wish.tenant, wish.key))
        if not wish.absent and extension is not None:
            yield from _no_listener(after, wish, extension.listener)


def _agreements(wishes: Wishes, after: Configuration) -> Iterator[Problem]:
    for name, wish in _kept(wishes.tenants):
        if "agreements" not in wish.given:
            continue
        held = sorted(after.tenants[name].agreements, key=lambda each: (each.number, each.since))
        for each in held:
            if each.until and each.until < each.since:
                yield wish.problem("agreement-days", "agreements", number=each.number)
        for one, following in pairwise(held):
            if one.number == following.number and (not one.until or one.until >= following.since):
                yield wish.problem("agreement-twice", "agreements", number=one.number)


def _numbers(wishes: Wishes, before: Configuration, after: Configuration) -> Iterator[Problem]:
    for wish in wishes.numbers:
        if wish.absent or wish.key not in after.numbers:
            continue
        state = after.unavailable.get(wish.key)
        if state is not None and wish.key not in before.numbers:
            yield wish.problem(_NOT_TO_BE_GIVEN[state], number=wish.key)
        tenant, plan = after.numbers[wish.key]
        limit = after.tenants[tenant].bound_limit
        if len(plan.bound) > limit:
            yield wish.problem("too-many-bound", "bound", count=len(plan.bound), most=limit)
        yield from _targets(wish, "bound", plan.bound, tenant, after)
        for target in forward_numbers(plan.routing):
            yield from check_target(wish, "routing", target, tenant, after)
    for name, wish in _kept(wishes.tenants):  # a limit that was lowered below what is there
        if "bound_limit" not in wish.given:
            continue
        limit = after.tenants[name].bound_limit
        for number, (tenant, plan) in after.numbers.items():
            if tenant == name and len(plan.bound) > limit and not _names(wishes, number):
                yield wish.problem("too-many-bound", "bound_limit", count=len(plan.bound), most=limit)


def _tariffs(wishes: Wishes, after: Configuration) -> Iterator[Problem]:
    for name, wish in _kept(wishes.tariffs):
        seen: set[str] = set()
        for edition in after.tariffs[name].editions:
            if edition.valid_from in seen:
                yield wish.problem("same-day", "editions", value=edition.valid_from or '""')
            seen.add(edition.valid_from)
            for index in never_reached(edition):
                yield wish.problem("never-reached", "editions", price=index + 1, day=edition.valid_from)
    for name, tenant in after.tenants.items():
        if tenant.tariff and tenant.tariff not in after.tariffs:
            named = wishes.tenants.get(name)
            facts: dict[str, object] = {"value": tenant.tariff}
            if named is not None:
                yield named.problem("no-tariff", "tariff", **facts)
            else:
                yield Problem(wishes.file, 1, f"tenants.{name}.tariff", "no-tariff", facts)


def _groups(wishes: Wishes, after: Configuration) -> Iterator[Problem]:
    for wish in wishes.parts["groups"]:
        group = after.parts["groups"].get((wish.tenant, wish.key))
        if not wish.absent and group is not None:
            yield from _targets(wish, "targets", group.targets, wish.tenant, after)


def _agents(wishes: Wishes, before: Configuration, after: Configuration) -> Iterator[Problem]:
    """Every agent has a phone of his own that can be rung, and serves queues that are there."""
    for wish in wishes.parts["agents"]:
        agent = after.parts["agents"].get((wish.tenant, wish.key))
        if wish.absent or agent is None:
            continue
        if not agent.target:
            yield wish.problem("no-target", "target")
        elif not agent.target.isdigit() and (wish.tenant, agent.target) not in after.extensions:
            yield wish.problem("no-extension", "target", value=agent.target, tenant=wish.tenant)
        elif (wish.tenant, agent.target) not in after.extensions:
            problem = no_area_code(wish, "target", agent.target, before, after)
            if problem is not None:
                yield problem
        for (tenant, name), other in after.parts["agents"].items():
            if tenant == wish.tenant and name != wish.key and agent.target and other.target == agent.target:
                yield wish.problem("same-target", "target", value=agent.target, other=name)
        seen = set()
        for membership in agent.queues:
            if membership.queue in seen:
                yield wish.problem("repeated", "queues", value=membership.queue)
            seen.add(membership.queue)
            if (wish.tenant, membership.queue) not in after.parts["queues"]:
                value = f"queue:{membership.queue}"
                yield wish.problem("no-destination", "queues", value=value, tenant=wish.tenant)


def _targets(
    wish: Wish, field: str, targets: Iterable[BoundNumber], tenant: str, after: Configuration
) -> Iterator[Problem]:
    seen = set()
    for target in targets:
        if target.number in seen:
            yield wish.problem("repeated", field, value=target.number)
        seen.add(target.number)
        yield from check_target(wish, field, target, tenant, after)


def _destinations(wishes: Wishes, after: Configuration) -> Iterator[Problem]:
    """Every destination that the file names, or that something it does not name still has, must be there."""
    for tenant, told, field, value in fields_of_tenants(wishes, after):
        for destination in destinations_in(value):
            if not is_there(after, tenant, destination):
                yield told("no-destination", field, value=str(destination), tenant=tenant)


def destinations_in(value: Any) -> Iterator[Destination]:
    """Find the destinations anywhere in a value."""
    if isinstance(value, Destination):
        yield value
    elif isinstance(value, Go):
        with suppress(ValueError):  # the flow's checker tells
            yield value.destination
    elif isinstance(value, msgspec.Struct):
        for field in fields_of(type(value)):
            yield from destinations_in(getattr(value, field.name))
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from destinations_in(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from destinations_in(each)


_PART_OF = {
    DestinationKind.GROUP: "groups",
    DestinationKind.FLOW: "flows",
    DestinationKind.QUEUE: "queues",
    DestinationKind.VOICEMAIL: "voicemails",
}


def is_there(after: Configuration, tenant: str, destination: Destination) -> bool:
    """Tell whether calls of a tenant can be sent to a destination."""
    name = destination.name
    match destination.kind:
        case DestinationKind.NUMBER:
            return name in after.numbers and after.numbers[name][0] == tenant
        case DestinationKind.EXTENSION:
            return (tenant, name) in after.extensions
        case kind if kind in _PART_OF:
            return (tenant, name) in after.parts.get(_PART_OF[kind], {})
    return True


def _named_by(wishes: Wishes) -> set[tuple[str, str, str]]:
    """Return tenant, kind and name of what the file says itself: that is checked where it stands."""
    owned = (*wishes.numbers, *wishes.parts["groups"])
    return {(wish.tenant, wish.section.kind, wish.key) for wish in owned}


def _names(wishes: Wishes, number: str) -> bool:
    return any(wish.key == number for wish in wishes.numbers)


def _removals(wishes: Wishes, before: Configuration, after: Configuration) -> Iterator[Problem]:
    """Nothing that stays may use what goes."""
    for name in before.trunks.keys() - after.trunks.keys():
        users = [f"tenant {key}" for key, tenant in after.tenants.items() if name in tenant.outbound_trunks]
        users += [
            f"{kind} {key}"
            for tenant, kind, key in pbx_users(after, name)
            if (tenant, kind, key) not in _named_by(wishes)
        ]
        yield from _in_use(wishes, wishes.trunks.get(name), f"trunks.{name}", users)
    for name in before.listeners.keys() - after.listeners.keys() - {DEFAULT_LISTENER}:
        users = [f"trunk {key}" for key, trunk in after.trunks.items() if trunk.listener == name]
        users += [f"extension {each.account}" for each in after.extensions.values() if each.listener == name]
        yield from _in_use(wishes, wishes.listeners.get(name), f"listeners.{name}", users)
    for owner, name in before.extensions.keys() - after.extensions.keys():
        users = [
            f"number {number}"
            for number, (tenant, plan) in after.numbers.items()
            if tenant == owner
            and any(
                bound.number == name and bound.kind is TargetKind.EXTENSION
                for bound in (*plan.bound, *forward_numbers(plan.routing))
            )
            and not _names(wishes, number)
        ]
        wish = next((each for each in wishes.extensions if (each.tenant, each.key) == (owner, name)), None)
        yield from _in_use(wishes, wish, f"extensions.{name}", users)
    gone = before.numbers.keys() - after.numbers.keys()
    for number in sorted(gone):
        if after.unavailable.get(number) is NumberState.RECLAIMED:  # its callers shall hear so
            continue
        users = [
            f"trunk {key}"
            for key, trunk in after.trunks.items()
            if number in trunk.landing_numbers.values() and key not in wishes.trunks
        ]
        wish = next((each for each in wishes.numbers if each.key == number), None)
        yield from _in_use(wishes, wish, f"numbers.{number}", users)


def _in_use(wishes: Wishes, wish: Wish | None, path: str, users: list[str]) -> Iterator[Problem]:
    if not users:
        return
    if wish is not None:
        yield wish.problem("in-use", users=", ".join(users))
    else:  # pruned: the file does not name it
        yield Problem(wishes.file, 1, path, "in-use", {"users": ", ".join(users)})
