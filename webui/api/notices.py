"""通知: what was sent, who is told, which web servers are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from domain.notices.delivery import Delivery
from domain.notices.ways import Webhook
from storage.models import Root
from webui.api.access import Caller
from webui.api.asked import Limit, NoQuery, body, query
from webui.api.configuration import refused_by, stored
from webui.api.problems import ApiProblem
from webui.services import notices
from webui.services.provisioning import Refused


class NoticeQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which notices."""

    limit: Limit = 50


class RecipientsWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who shall be told."""

    mobiles: Annotated[list[Annotated[str, msgspec.Meta(max_length=20)]], msgspec.Meta(max_length=10)]
    emails: Annotated[list[Annotated[str, msgspec.Meta(max_length=100)]], msgspec.Meta(max_length=10)]


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
        return stored(notices.save(caller.services, caller.tenant, kind, wish.mobiles, wish.emails, entry))
    except Refused as refused:
        raise refused_by(caller, refused, f"notices.{kind}.") from refused


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
