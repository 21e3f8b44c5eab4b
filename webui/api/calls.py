"""Records and recordings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from pyramid.response import FileIter, Response

from storage.query import Filter, page
from storage.record_objects import record_object, row_object
from storage.record_retention import seen_since
from storage.recordings import RecordingDamaged, RecordingMissing
from webui.api.access import Caller
from webui.api.asked import Limit, Moment, NoQuery, Number, Text40, call_id, query
from webui.api.problems import ApiProblem, Fault


class CallQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which calls."""

    limit: Limit = 50
    cursor: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{2}){1,32}\Z")] | None = None
    number: Number = ""
    caller: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}[*]?\Z")] = ""
    answerer: Text40 = ""
    since: Moment = 0.0
    until: Moment | None = None
    outcome: Text40 = ""
    answered: bool | None = None
    recorded: bool = False


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return a page of records."""
    asked = query(caller, CallQuery)
    config = caller.config()
    seen = 0.0 if caller.is_operator else seen_since(config, caller.services.now())
    wanted = Filter(
        tenant=caller.tenant, number=asked.number, caller=asked.caller, answerer=asked.answerer,
        outcomes=frozenset((asked.outcome,) if asked.outcome else ()), since=max(seen, asked.since),
        until=asked.until,
        recorded=asked.recorded, answered=asked.answered,
    )  # fmt: skip
    try:
        found, after = caller.services.read(lambda root: page(root, wanted, asked.limit, asked.cursor or ""))
    except ValueError as error:
        raise ApiProblem(422, errors=(Fault("cursor", "not one of ours"),)) from error
    return {"items": [row_object(each) for each in found], "next": after}


def one(caller: Caller) -> Mapping[str, Any]:
    """Return one record."""
    query(caller, NoQuery)
    name = call_id(caller)
    record = caller.services.read(lambda root: root.records.find(name, caller.tenant))
    if record is None:
        raise ApiProblem(404)
    return record_object(record)


def recording(caller: Caller) -> Response:
    """Send a recording; noted in the audit log."""
    query(caller, NoQuery)
    name, services = call_id(caller), caller.services
    try:
        facts, path = services.recordings.facts(name), services.recordings.path(name)
    except (RecordingMissing, RecordingDamaged) as error:
        raise ApiProblem(404) from error
    if facts.tenant != caller.tenant:
        raise ApiProblem(404)
    services.audit(caller.entry("recording-downloaded", name))
    return flac(path)


def flac(path: Path) -> Response:
    """Send a file of sound."""
    response = Response(content_type="audio/flac")
    response.app_iter = FileIter(path.open("rb"))
    response.content_length = path.stat().st_size
    return response
