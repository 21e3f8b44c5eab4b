"""Records and recordings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from pyramid.response import FileIter, Response

from domain.calling.caller import CallerClass
from storage.recordings import RecordingDamaged, RecordingMissing
from storage.records.behind import Behind
from storage.records.objects import record_object, row_object
from storage.records.query import Filter, page
from storage.retention.call_records import seen_since
from webui.api.access import Caller
from webui.api.asked import Limit, Moment, NoQuery, Number, Text40, call_id, query
from webui.api.problems import ApiProblem, Fault

Seconds = Annotated[int, msgspec.Meta(ge=0, le=86_400)]


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
    area_code: Annotated[str, msgspec.Meta(pattern=r"^0[0-9]{2,3}\Z")] = ""
    province: Text40 = ""
    city: Text40 = ""
    caller_class: CallerClass | None = None
    queue: Text40 = ""
    job_number: Text40 = ""
    rating: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    keys: Annotated[str, msgspec.Meta(pattern=r"^[0-9*#]{1,40}\Z")] = ""
    fate: Literal["answered", "busy", "no-answer", "abandoned", "other", "missed", "rated"] | None = None
    hour: Annotated[int, msgspec.Meta(ge=0, le=23)] | None = None
    weekday: Annotated[int, msgspec.Meta(ge=1, le=7)] | None = None
    menu_key: Annotated[str, msgspec.Meta(min_length=1, max_length=120)] = ""
    waited_over: Seconds | None = None
    waited_up_to: Seconds | None = None

    def wanted(self, tenant: str | None, seen_since: float) -> Filter:
        """Return what is looked for of a tenant's calls since a moment."""
        return Filter(
            tenant=tenant, number=self.number, caller=self.caller, answerer=self.answerer,
            outcomes=frozenset((self.outcome,) if self.outcome else ()), since=max(seen_since, self.since),
            until=self.until, recorded=self.recorded, answered=self.answered, area_code=self.area_code,
            province=self.province, city=self.city, caller_class=self.caller_class or "", queue=self.queue,
            job_number=self.job_number, rating=self.rating, keys=self.keys, behind=self._behind(),
        )  # fmt: skip

    def _behind(self) -> Behind | None:
        """Return which of the calls that reports count, when a figure of a report is asked about."""
        over, most = self.waited_over, self.waited_up_to
        behind = Behind(
            fate=self.fate or "", hour=self.hour, weekday=None if self.weekday is None else self.weekday - 1,
            key=self.menu_key, over_ms=-1 if over is None else over * 1000,
            upto_ms=None if most is None else most * 1000,
        )  # fmt: skip
        return None if behind == Behind() else behind


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return a page of records."""
    asked = query(caller, CallQuery)
    config = caller.config()
    seen = 0.0 if caller.is_operator else seen_since(config, caller.services.now())
    wanted = asked.wanted(caller.tenant, seen)
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
