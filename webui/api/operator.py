"""The box as its operator sees it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Annotated, Any, Final

import msgspec

from b2bua.control import AskStatus, Status
from domain.refusal import NotPossible
from storage.provisioning import box_object, read_configuration
from webui.api.access import Caller
from webui.api.asked import Limit, NoQuery, body, document, query
from webui.api.configuration import refused_by, stored
from webui.api.numbers import impossible
from webui.api.problems import ApiProblem, Fault
from webui.services import attention, live
from webui.services.provisioning import Refused, wish

SECTIONS: Final = ("box", "trunks", "tariffs", "gateways", "templates")
"""Parts of the configuration that belong to no tenant and are changed in the browser too."""


class AuditQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which entries."""

    limit: Limit = 50
    cursor: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,19}\Z")] | None = None


class Acknowledged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which alarm somebody sees to."""

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    note: Annotated[str, msgspec.Meta(max_length=attention.MOST_NOTE)] = ""


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


def acknowledge(caller: Caller) -> None:
    """Note that somebody sees to an alarm; 409 for one that is over."""
    query(caller, NoQuery)
    asked = body(caller, Acknowledged)
    entry = caller.entry("alarm-acknowledged", asked.key)
    try:
        attention.acknowledge(caller.services, asked.key, live.alarms(caller.services), asked.note, entry)
    except NotPossible as error:
        raise impossible(error) from error


def configuration(caller: Caller) -> Mapping[str, Any]:
    """Return the configuration that belongs to no tenant, secrets masked."""
    query(caller, NoQuery)
    found = caller.services.read(lambda root: box_object(read_configuration(root)))
    return {name: found[name] for name in SECTIONS if name in found}


def configure(caller: Caller) -> Mapping[str, Any]:
    """Change it."""
    query(caller, NoQuery)
    wanted = document(caller)
    if not isinstance(wanted, dict) or not wanted:
        raise ApiProblem(422, errors=(Fault("", "an object with one field or more"),))
    foreign = [name for name in wanted if name not in SECTIONS]
    if foreign:
        raise ApiProblem(422, errors=tuple(Fault(name, "no such section here") for name in foreign))
    empty = [name for name, section in wanted.items() if not isinstance(section, dict)]
    if empty:  # a file's section may be empty, which a program does not mean
        raise ApiProblem(422, errors=tuple(Fault(name, "an object") for name in empty))
    entry = caller.entry("settings-changed", " ".join(wanted))
    try:
        return stored(wish(caller.services, lambda root: wanted, entry))
    except Refused as refused:
        raise refused_by(caller, refused) from refused
