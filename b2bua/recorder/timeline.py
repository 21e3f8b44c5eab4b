"""Who is heard when: the plan of a recording, folded from the call's journal lines. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from domain.outcomes import Outcome
from storage.events import Answered, Bridged, Ended, Event, LegDialled, LegEnded, Spooled, Started, Unbridged

CALLER = "a"


class Span(msgspec.Struct, frozen=True):
    """Caller and ``leg`` heard each other from ``start`` to ``end``, monotonic seconds."""

    leg: str
    start: float
    end: float


class Course(msgspec.Struct, frozen=True):
    """What the recorder needs to know of one finished call."""

    call: str
    tenant: str
    number: str
    caller: str
    record: bool
    """Whether it was to be recorded."""
    answered_at: float | None
    """UTC POSIX seconds of the answer; None: the caller was never answered, there is nothing to keep."""
    answered: float
    """Monotonic seconds of the answer."""
    ended: float
    """Monotonic seconds of the end."""
    cut: bool
    """A crash ended it: it was up at least until ``ended``, and its spools may hold more."""
    spooled: bool
    """The media worker said that the spools are whole."""
    spans: tuple[Span, ...]
    answerers: tuple[str, ...]
    """The numbers that were bridged, in order."""


def course(events: Iterable[Event]) -> Course:
    """Fold the lines of one call, ``Ended`` included; raises ValueError when its beginning is missing."""
    started: Started | None = None
    answered: Answered | None = None
    ended: Ended | None = None
    spooled = False
    targets: dict[str, str] = {}
    spans: list[Span] = []
    up: tuple[str, float] | None = None
    answerers: list[str] = []

    def close(at: float) -> None:
        nonlocal up
        if up is not None:
            spans.append(Span(up[0], up[1], max(up[1], at)))
            up = None

    for event in events:
        match event:
            case Started():
                started = event
            case LegDialled():
                targets[event.leg] = event.target
            case Answered() if answered is None:
                answered = event
            case Bridged():
                close(event.mono)
                up = (event.leg, event.mono)
                answerers.append(targets.get(event.leg, event.leg))
            case Unbridged() | LegEnded() if up is not None and event.leg in (up[0], CALLER):
                close(event.mono)
            case Spooled():
                spooled = True
            case Ended():
                ended = event
            case _:
                pass
    if started is None or ended is None:
        raise ValueError("no beginning or no end of the call")
    close(ended.mono)
    return Course(
        call=started.call,
        tenant=started.tenant or "",
        number=started.number or "",
        caller=started.caller,
        record=started.record,
        answered_at=answered.at if answered else None,
        answered=answered.mono if answered else ended.mono,
        ended=ended.mono,
        cut=ended.outcome == Outcome.CUT_BY_CRASH,
        spooled=spooled,
        spans=tuple(spans),
        answerers=tuple(answerers),
    )
