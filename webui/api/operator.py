"""The box as its operator sees it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Annotated, Any

import msgspec

from b2bua.control import AskStatus, Status
from webui.api.access import Caller
from webui.api.asked import Limit, NoQuery, query
from webui.services import live


class AuditQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which entries."""

    limit: Limit = 50
    cursor: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,19}\Z")] | None = None


def status(caller: Caller) -> Mapping[str, Any]:
    """Return what runs, what is up, what is wrong."""
    query(caller, NoQuery)
    told = caller.services.ask(AskStatus(), Status)
    return {
        "calls": told.calls,
        "draining": told.draining,
        "uptime_seconds": told.uptime_seconds,
        "trunks": told.trunks,
        "alarms": live.alarms(caller.services),
    }


def audit(caller: Caller) -> Mapping[str, Any]:
    """Return who changed what."""
    asked = query(caller, AuditQuery)
    found = caller.services.read(
        lambda root: list(islice(root.web.listed(int(asked.cursor or 0)), asked.limit + 1))
    )
    more = len(found) > asked.limit
    return {
        "items": [msgspec.structs.asdict(entry) for _, entry in found[: asked.limit]],
        "next": str(found[asked.limit - 1][0]) if more else "",
    }
