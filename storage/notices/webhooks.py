"""Tell tenants' web servers what happens to their calls: deliveries of the same outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from domain.notices.delivery import Channel, Delivery
from domain.notices.ways import CallEvent, Webhook
from domain.outcomes import VERDICTS, Outcome
from storage.journal.events import Started
from storage.models import Root
from storage.notices.outbox import new_id
from storage.records.call_id import BEIJING
from storage.records.record import CallRecord

VALID_SECONDS: Final = 1800.0
"""An event is worth telling so long after it happened."""
AWAITED_SECONDS: Final = 3600.0
"""A recording that is not there so long after its call will not come."""


class Happening(msgspec.Struct, frozen=True):
    """One event of a tenant's call, or of a ticket that concerns him."""

    event: CallEvent
    tenant: str
    call: str
    at: float
    """UTC POSIX seconds."""
    facts: dict[str, Any]
    """What is told besides event, delivery, call and time; JSON."""
    what: str = "call"
    """What it happened to: ``call`` is the id of one."""
    turn: str = ""
    """Tells events of one thing apart that may come again."""


class Awaited(msgspec.Struct, frozen=True):
    """A recording that webhooks wait for."""

    happening: Happening
    until: float


def iso(at: float) -> str:
    """Return a moment as machines read it, in Beijing time: ``2026-11-22T23:30:00.125+08:00``."""
    return datetime.fromtimestamp(at, BEIJING).isoformat(timespec="milliseconds")


def facts_of_start(event: Started) -> dict[str, Any]:
    """Return what is known when a call begins."""
    return {
        "number": event.number,
        "caller": event.caller,
        "anonymous": event.anonymous,
        "place": event.place.name,
        "direction": event.direction or "inbound",
    }


def facts_of_end(record: CallRecord) -> dict[str, Any]:
    """Return what is known when a call is over."""
    verdict = VERDICTS.get(Outcome(record.outcome)) if record.outcome in set(Outcome) else None
    return {
        "number": record.number,
        "caller": record.caller,
        "place": record.place.name,
        "direction": record.direction or "inbound",
        "started": iso(record.start),
        "answered_by": record.answered_by,
        "agent": record.job_number or record.agent,
        "outcome": record.outcome,
        "outcome_text": "" if verdict is None else verdict.zh,
        "access_seconds": round(record.access_seconds, 3),
        "talk_seconds": round(record.talk_seconds, 3),
        "recorded": record.recorded,
        "message": record.message,
        "rating": record.rating,
    }


def webhooks_of(root: Root, tenant: str) -> list[Webhook]:
    """Return the webhooks of a tenant that are told anything."""
    model = root.tenants.get(tenant)
    return [] if model is None else [hook for _, hook in model.named("webhooks") if hook.enabled]


def listening_tenants(root: Root) -> frozenset[str]:
    """Return the tenants that have webhooks."""
    return frozenset(tenant for tenant in root.tenants if webhooks_of(root, tenant))


def put_happening(root: Root, happening: Happening, now: float) -> int:
    """Put a delivery for each webhook that wants the event, each once; return how many."""
    if happening.at + VALID_SECONDS < now:
        return 0
    count = 0
    for hook in webhooks_of(root, happening.tenant):
        if happening.event in hook.events:
            count += root.notices.add(_delivery(happening, hook, now))
    return count


def _delivery(happening: Happening, hook: Webhook, now: float) -> Delivery:
    name = new_id(now)
    head = {"event": happening.event, "id": name, happening.what: happening.call, "at": iso(happening.at)}
    text = msgspec.json.encode({**head, "tenant": happening.tenant, **happening.facts}).decode()
    cause = f"{happening.event}:{happening.call}{happening.turn and ':'}{happening.turn}"
    return Delivery(
        name, cause, happening.tenant, happening.event, Channel.WEBHOOK, hook.name, text, now, now,
        now + VALID_SECONDS,
    )  # fmt: skip


def await_recording(root: Root, happening: Happening, now: float) -> None:
    """Remember that a call's recording is to be told of when it is there."""
    wanted = any(CallEvent.RECORDED in hook.events for hook in webhooks_of(root, happening.tenant))
    if wanted and happening.at + VALID_SECONDS >= now:
        root.notices.awaited[happening.call] = msgspec.json.encode(
            Awaited(happening, happening.at + AWAITED_SECONDS)
        )


def tell_recordings(root: Root, there: set[str], now: float) -> int:
    """Tell of the recordings that are there, forget those that never came; return how many were told."""
    count = 0
    for call, data in list(root.notices.awaited.items()):
        awaited = msgspec.json.decode(data, type=Awaited)
        if call in there:
            count += put_happening(root, msgspec.structs.replace(awaited.happening, at=now), now)
        if call in there or awaited.until < now:
            del root.notices.awaited[call]
    return count
