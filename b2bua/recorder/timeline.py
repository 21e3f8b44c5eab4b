"""Who is heard when: the plan of a recording, folded from the call's journal lines. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from domain.outcomes import Outcome
from storage.journal.events import (
    Answered,
    Bridged,
    Ended,
    Event,
    LegDialled,
    LegEnded,
    MessageBegan,
    MessageEnded,
    RecordingStopped,
    Spooled,
    Started,
    TakesPart,
    Unbridged,
)

CALLER = "a"
HEARD = frozenset({"talk", "barge"})
"""Parts of a leg (``events.TakesPart``) in which the caller hears it: neither whispers nor consultations."""


class Span(msgspec.Struct, frozen=True):
    """The caller heard ``leg`` from ``start`` to ``end``, monotonic seconds; spans of legs may overlap."""

    leg: str
    start: float
    end: float


class Message(msgspec.Struct, frozen=True):
    """What the caller left after the tone, from ``start`` to ``end``, monotonic seconds."""

    leg: str
    box: str
    at: float
    """UTC POSIX seconds of its start."""
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
    stopped: str = ""
    """Why the recording ends before the call, at ``ended``; empty: it does not."""
    message: Message | None = None
    """The message to be kept; of one taken back and said again the last."""


def course(events: Iterable[Event]) -> Course:
    """Fold the lines of one call, ``Ended`` included; raises ValueError when its beginning is missing."""
    started: Started | None = None
    answered: Answered | None = None
    ended: Ended | None = None
    spooled = False
    targets: dict[str, str] = {}
    spans: list[Span] = []
    up: dict[str, float] = {}
    answerers: list[str] = []

    stopped: RecordingStopped | None = None
    begun: MessageBegan | None = None
    message: Message | None = None

    def close(leg: str, at: float) -> None:
        since = up.pop(leg, None)
        if since is not None:
            spans.append(Span(leg, since, max(since, at)))

    def close_all(at: float) -> None:
        for leg in list(up):
            close(leg, at)

    for event in events:
        match event:
            case Started():
                started = event
            case LegDialled():
                targets[event.leg] = event.target
            case Answered() if answered is None:
                answered = event
            case Bridged():
                up.setdefault(event.leg, event.mono)
                answerer = targets.get(event.leg, event.leg)
                if answerer not in answerers[-1:]:  # one who was only away for a while
                    answerers.append(answerer)
            case TakesPart() if event.leg != CALLER:
                if event.part in HEARD:
                    up.setdefault(event.leg, event.mono)
                else:
                    close(event.leg, event.mono)
            case LegEnded(leg="a"):
                close_all(event.mono)
            case Unbridged() | LegEnded():
                close(event.leg, event.mono)
            case MessageBegan():
                begun = event
            case MessageEnded() if begun is not None:
                if event.kept:
                    end = begun.mono + event.seconds
                    message = Message(begun.leg, begun.box, begun.at, begun.mono, end)
                begun = None
            case RecordingStopped() if stopped is None:
                stopped = event
            case Spooled():
                spooled = True
            case Ended():
                ended = event
            case _:
                pass
    if started is None or ended is None:
        raise ValueError("no beginning or no end of the call")
    close_all(ended.mono)
    before_answer = stopped is not None and answered is not None and stopped.mono <= answered.mono
    if stopped is not None:
        spans = [msgspec.structs.replace(each, end=min(each.end, stopped.mono)) for each in spans]
        spans = [each for each in spans if each.start < each.end]
    return Course(
        call=started.call,
        tenant=started.tenant or "",
        number=started.number or "",
        caller=started.caller,
        record=started.record,
        answered_at=answered.at if answered and not before_answer else None,
        answered=answered.mono if answered else ended.mono,
        ended=ended.mono if stopped is None else min(stopped.mono, ended.mono),
        cut=ended.outcome == Outcome.CUT_BY_CRASH and stopped is None,
        spooled=spooled,
        spans=tuple(spans),
        answerers=tuple(answerers),
        stopped=stopped.why if stopped is not None else "",
        message=message,
    )
