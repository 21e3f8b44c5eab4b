"""通知: what was sent, who is told, which web servers are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from domain.notices.delivery import Delivery
from domain.notices.ways import Robot, RobotKind, Webhook
from storage.models import Root
from webui.api.access import Caller
from webui.api.asked import Limit, NoQuery, Text40, body, named, query
from webui.api.configuration import refused_by, stored
from webui.api.problems import ApiProblem
from webui.services import notices, parts
from webui.services.provisioning import Refused


class NoticeQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which notices."""

    limit: Limit = 50


class RecipientsWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who shall be told."""

    mobiles: Annotated[list[Annotated[str, msgspec.Meta(max_length=20)]], msgspec.Meta(max_length=10)]
    emails: Annotated[list[Annotated[str, msgspec.Meta(max_length=100)]], msgspec.Meta(max_length=10)]
    robots: Annotated[list[Text40], msgspec.Meta(max_length=10)] | None = None
    """None: they stay."""


class RobotWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a robot shall be; what is left out stays as it is."""

    kind: RobotKind | msgspec.UnsetType = msgspec.UNSET
    url: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)] | msgspec.UnsetType = msgspec.UNSET
    secret: Annotated[str, msgspec.Meta(max_length=128)] | msgspec.UnsetType = msgspec.UNSET
    per_minute: Annotated[int, msgspec.Meta(ge=1, le=20)] | msgspec.UnsetType = msgspec.UNSET


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return what was sent, the newest first."""
    asked = query(caller, NoticeQuery)
    caller.config()
    found = caller.services.read(lambda root: notices.log(root, caller.tenant, asked.limit))
    return {"items": [_object(each) for each in found]}


def recipients(caller: Caller) -> Mapping[str, Any]:
    """Return who is told."""
    query(caller, NoQuery)
    caller.config()
    found = caller.services.read(lambda root: notices.recipients(root, caller.tenant))
    return {"items": [msgspec.structs.asdict(each) for each in found.values()]}


def set_recipients(caller: Caller) -> Mapping[str, Any]:
    """Set who is told of a kind."""
    query(caller, NoQuery)
    kind = caller.part("kind")
    if kind not in notices.KINDS:
        raise ApiProblem(404)
    wish = body(caller, RecipientsWish)
    caller.config()
    entry = caller.entry("notices-changed", kind)
    try:
        done = notices.save(
            caller.services, caller.tenant, kind, wish.mobiles, wish.emails, entry, wish.robots
        )
        return stored(done)
    except Refused as refused:
        raise refused_by(caller, refused, f"notices.{kind}.") from refused


def robots(caller: Caller) -> Mapping[str, Any]:
    """Return the group robots, without their addresses, which hold their keys."""
    query(caller, NoQuery)
    caller.config()

    def read(root: Root) -> list[Robot]:
        return [each for _, each in root.tenants[caller.tenant].named("robots")]

    return {
        "items": [
            {
                "name": each.name, "kind": each.kind, "signed": bool(each.secret),
                "per_minute": each.per_minute,
            }
            for each in caller.services.read(read)
        ]
    }  # fmt: skip


def put_robot(caller: Caller) -> Mapping[str, Any]:
    """Add a robot, or change one."""
    query(caller, NoQuery)
    name, values = named(caller, "robot"), msgspec.to_builtins(body(caller, RobotWish))
    caller.config()
    entry = caller.entry("part-changed", f"robots {name}")
    try:
        return stored(notices.set_robot(caller.services, caller.tenant, name, values, entry))
    except Refused as refused:
        raise refused_by(caller, refused, f"robots.{name}.") from refused


def delete_robot(caller: Caller) -> Mapping[str, Any]:
    """Take a robot away; it is told of nothing first."""
    query(caller, NoQuery)
    name = named(caller, "robot")
    caller.config()
    if name not in caller.services.read(lambda root: notices.robots(root, caller.tenant)):
        raise ApiProblem(404)
    entry = caller.entry("part-removed", f"robots {name}")
    try:
        return stored(parts.remove(caller.services, caller.tenant, "robots", name, entry))
    except Refused as refused:
        raise refused_by(caller, refused) from refused


def webhooks(caller: Caller) -> Mapping[str, Any]:
    """Return the web servers that are told of calls, without their secrets."""
    query(caller, NoQuery)
    caller.config()

    def read(root: Root) -> list[Webhook]:
        return [each for _, each in root.tenants[caller.tenant].named("webhooks")]

    return {
        "items": [
            {
                "name": each.name, "url": each.url, "signed": bool(each.secret), "events": each.events,
                "enabled": each.enabled,
            }
            for each in caller.services.read(read)
        ]
    }  # fmt: skip


def _object(found: Delivery) -> dict[str, Any]:
    names = ("id", "kind", "channel", "to", "text", "made", "state", "tries", "at", "note", "li")
    return {name: getattr(found, name) for name in names}
