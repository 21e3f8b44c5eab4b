"""Voicemail: what callers said, and what was done about it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Annotated, Any, Literal

import msgspec
from pyramid.response import Response

from storage.recordings import RecordingDamaged, RecordingFacts, RecordingMissing
from storage.recordings.messages import MessageFilter
from storage.recordings.search import newest
from storage.records.call_id import key_of, milliseconds_of
from webui.api.access import Caller
from webui.api.asked import CALL_ID, Limit, NoQuery, body, call_id, query
from webui.api.calls import flac
from webui.api.problems import ApiProblem


class MessageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which messages."""

    limit: Limit = 50
    cursor: Annotated[str, msgspec.Meta(pattern=rf"^{CALL_ID.pattern}\Z")] | None = None
    mark: Literal["new", "heard", "done"] | None = None
    caller: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}\Z")] = ""


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was done about a message."""

    mark: Literal["new", "heard", "done"]


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return a page of messages, newest first."""
    asked = query(caller, MessageQuery)
    caller.config()
    until = None if asked.cursor is None else (milliseconds_of(key_of(asked.cursor)) + 1) / 1000
    wanted = MessageFilter(caller.tenant, caller=asked.caller, mark=asked.mark, until=until)
    every = newest(caller.services.recordings.messages(), wanted)
    later = (each for each in every if asked.cursor is None or each.id < asked.cursor)
    found = list(islice(later, asked.limit + 1))
    items = found[: asked.limit]
    return {
        "items": [_object(each) for each in items],
        "next": items[-1].id if len(found) > asked.limit else "",
    }


def mark(caller: Caller) -> Mapping[str, Any]:
    """Say what was done about a message."""
    query(caller, NoQuery)
    wish, facts = body(caller, Mark), _facts(caller)
    name = "" if wish.mark == "new" else wish.mark
    messages = caller.services.recordings.messages()
    return _object(messages.mark(facts.id, name, caller.known.key.name, caller.services.now()))


def delete(caller: Caller) -> None:
    """Delete a message; 409 for one on legal hold."""
    query(caller, NoQuery)
    facts = _facts(caller)
    if not caller.services.recordings.messages().delete([facts.id]):
        raise ApiProblem(409, "该留言受法律保全，不能删除", "It is kept by legal hold and cannot be deleted")
    caller.services.audit(caller.entry("message-deleted", f"{facts.id} {facts.caller}"))


def audio(caller: Caller) -> Response:
    """Send a message's sound; noted in the audit log."""
    query(caller, NoQuery)
    facts = _facts(caller)
    try:
        path = caller.services.recordings.messages().path(facts.id)
    except (RecordingMissing, RecordingDamaged) as error:
        raise ApiProblem(404) from error
    caller.services.audit(caller.entry("message-heard", facts.id))
    return flac(path)


def _facts(caller: Caller) -> RecordingFacts:
    try:
        facts = caller.services.recordings.messages().facts(call_id(caller))
    except RecordingMissing as error:
        raise ApiProblem(404) from error
    if facts.tenant != caller.tenant:
        raise ApiProblem(404)
    return facts


def _object(facts: RecordingFacts) -> dict[str, Any]:
    return {
        "id": facts.id, "number": facts.number, "caller": facts.caller, "box": facts.box, "at": facts.at,
        "seconds": facts.seconds, "mark": facts.mark or "new", "marked_by": facts.marked_by,
        "marked_at": facts.marked_at, "hold": facts.hold,
    }  # fmt: skip
