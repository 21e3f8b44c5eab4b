"""How a call's record follows from its lines in the journal. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from domain.outcomes import HungUpBy, Outcome
from storage.journal.events import (
    Answered,
    Bridged,
    DialogNow,
    Ended,
    Event,
    Key,
    LegAnswered,
    LegDialled,
    LegEnded,
    LegProgress,
    Marks,
    MediaMeasured,
    MessageBegan,
    MessageEnded,
    Queued,
    Rated,
    RecordingStopped,
    Spooled,
    Started,
    Step,
    TakesPart,
    Unbridged,
    Unqueued,
)
from storage.records.counted import chosen
from storage.records.record import CallRecord, LegRecord, MediaRecord, Moment, Participant

MOMENTS_KEPT: Final = 400
"""Entries of a timeline; a caller who leans on a key cannot make a record large."""
KEYS_KEPT: Final = 128
PARTICIPANTS_KEPT: Final = 200


def fold(events: Iterable[Event]) -> CallRecord:
    """Return the record of a call from its lines, in order; marks are ignored.

    Works on any non-empty part of them: without ``Ended`` the call counts as cut at its last line, without
    ``Started`` (its line was damaged) it belongs to no tenant. A line whose monotonic time goes back, as one
    written after a restart of the machine would, is taken to be at the time of the line before. Raises
    ValueError without events.
    """
    course: _Course | None = None
    for event in events:
        if isinstance(event, Marks):
            continue
        if course is None:
            course = _Course(event.call, event.at, event.mono)
        course.take(event)
    if course is None:
        raise ValueError("no events to make a record of")
    return course.record()


class _Leg:
    """A leg while its lines are read; times as in LegRecord."""

    __slots__ = (
        "answered",
        "by_peer",
        "dialled",
        "ended",
        "extension",
        "rang",
        "reason",
        "status",
        "target",
        "trunks",
    )

    def __init__(self, dialled: int) -> None:
        self.target = ""
        self.extension = False
        self.trunks: list[str] = []
        self.dialled = dialled
        self.rang: int | None = None
        self.answered: int | None = None
        self.ended: int | None = None
        self.status = 0
        self.reason = ""
        self.by_peer = False


class _Course:
    """A call's course up to the line just read; ``ms`` is that line's time since the first."""

    def __init__(self, call: str, start: float, mono: float) -> None:
        self.call = call
        self.start = round(start, 3)
        self.zero = self.mono = mono
        self.ms = 0
        self.started: Started | None = None
        self.ended: Ended | None = None
        self.answer: int | None = None
        self.bridge: int | None = None
        self.caller_over: int | None = None
        self.talk = 0
        self.talking_since: int | None = None
        self.talking_leg = ""
        self.talkers: dict[str, None] = {}
        """Legs that the caller talks with, in order."""
        self.parts: dict[str, tuple[str, int]] = {}
        """What each leg does, and since when."""
        self.participants: list[Participant] = []
        self.keys = ""
        self.queue = ""
        self.queued_since: int | None = None
        self.wait = 0
        self.job_number = ""
        self.rating: int | None = None
        self.message = ""
        self.message_ms = 0
        self.message_open: MessageBegan | None = None
        self.spooled = False
        self.unrecorded = False
        """Recording was stopped before there was anything to record."""
        self.legs: dict[str, _Leg] = {}
        self.media: list[MediaRecord] = []
        self.timeline: list[Moment] = []

    def take(self, event: Any) -> None:
        if event.mono > self.mono:
            self.mono = event.mono
            self.ms = round((event.mono - self.zero) * 1000)
        _TAKE[type(event)](self, event)

    def moment(self, what: str, leg: str = "", detail: str = "") -> None:
        if len(self.timeline) < MOMENTS_KEPT:
            self.timeline.append(Moment(self.ms, what, leg, detail))

    def leg(self, name: str) -> _Leg:
        leg = self.legs.get(name)
        if leg is None:
            leg = self.legs[name] = _Leg(self.ms)
        return leg

    def begin(self, event: Started) -> None:
        if self.started is None:
            self.started = event
        self.moment("start", "a", event.called)

    def step(self, event: Step) -> None:
        self.moment("step", "", f"{event.name} {event.detail}" if event.detail else event.name)

    def dialled(self, event: LegDialled) -> None:
        leg = self.leg(event.leg)
        leg.target, leg.extension = event.target, event.is_extension
        if event.leg == "a":  # a call-back's customer, perhaps by another trunk than the first one tried
            self.caller_over = None
        if event.trunk is not None:
            leg.trunks.append(event.trunk)
        self.moment("dial", event.leg, f"{event.target} {event.trunk}" if event.trunk else event.target)

    def progress(self, event: LegProgress) -> None:
        leg = self.leg(event.leg)
        if leg.rang is None:
            leg.rang = self.ms
        self.moment("prog", event.leg, str(event.status))

    def leg_answered(self, event: LegAnswered) -> None:
        self.leg(event.leg).answered = self.ms
        if not self.talking_leg:
            self.talking_leg = event.leg
        self.moment("leg-ans", event.leg)

    def leg_ended(self, event: LegEnded) -> None:
        if event.leg == "a":
            self.caller_over = self.ms
            self.stop_talking(self.ms)
            self.end_parts()
        else:
            self.leave(event.leg)
        if event.leg in self.legs or event.leg != "a":  # a call-back's customer is both
            leg = self.leg(event.leg)
            leg.ended, leg.status, leg.reason, leg.by_peer = (
                self.ms,
                event.status,
                event.reason,
                event.by_peer,
            )
        self.moment("leg-end", event.leg, f"{event.status or 'BYE'} {event.reason}".rstrip())

    def answered(self, event: Answered) -> None:
        if self.answer is None:
            self.answer = self.ms
        self.moment("answer", "a")

    def bridged(self, event: Bridged) -> None:
        self.talking_leg = event.leg
        self.talkers.pop(event.leg, None)
        self.talkers[event.leg] = None
        self.take_part(event.leg, "talk")
        if self.bridge is None:
            self.bridge = self.ms
        if self.talking_since is None:
            self.talking_since = self.ms
        self.moment("bridge", event.leg)

    def unbridged(self, event: Unbridged) -> None:
        self.leave(event.leg)
        self.moment("unbridge", event.leg)

    def takes_part(self, event: TakesPart) -> None:
        self.take_part(event.leg, event.part)
        self.moment("part", event.leg, event.part)

    def leave(self, leg: str) -> None:
        """End what a leg does; who is left with the caller counts as the one who answered."""
        self.take_part(leg, "")
        if leg in self.talkers:
            del self.talkers[leg]
            if self.talkers:
                self.talking_leg = next(reversed(self.talkers))
            else:
                self.stop_talking(self.ms)

    def take_part(self, leg: str, part: str) -> None:
        before = self.parts.pop(leg, None)
        if before is not None and before[0] == part:
            self.parts[leg] = before
            return
        if part and self.caller_over is None:
            self.parts[leg] = (part, self.ms)
        if before is not None and len(self.participants) < PARTICIPANTS_KEPT:
            who = self.legs[leg].target if leg in self.legs else ""
            self.participants.append(Participant(leg, who, before[0], before[1], self.ms))

    def end_parts(self) -> None:
        for leg in list(self.parts):
            self.take_part(leg, "")

    def stop_talking(self, ms: int) -> None:
        if self.talking_since is not None:
            self.talk += max(0, ms - self.talking_since)
            self.talking_since = None

    def enters_queue(self, event: Queued) -> None:
        self.queue, self.job_number = event.queue, ""
        self.queued_since = self.ms
        self.moment("queue", "a", event.queue)

    def leaves_queue(self, event: Unqueued) -> None:
        self.job_number = event.agent
        self.stop_waiting(self.ms)
        self.moment("unqueue", "a", f"{event.why} {event.agent}".rstrip())

    def stop_waiting(self, ms: int) -> None:
        if self.queued_since is not None:
            self.wait += max(0, ms - self.queued_since)
            self.queued_since = None

    def rates(self, event: Rated) -> None:
        self.rating = event.rating
        self.moment("rate", "a", f"{event.agent} {event.rating}")

    def key(self, event: Key) -> None:
        if event.leg == "a" and len(self.keys) < KEYS_KEPT:
            self.keys += event.digit
        self.moment("key", event.leg, event.digit)

    def dialog(self, event: DialogNow) -> None:
        """Dialogs are for recovery only."""

    def measured(self, event: MediaMeasured) -> None:
        self.media.append(
            MediaRecord(
                event.leg,
                event.packets_in,
                event.packets_out,
                event.lost,
                round(event.jitter_ms, 2),
                event.round_trip_ms,
                event.mos,
                event.strangers,
            )
        )

    def message_began(self, event: MessageBegan) -> None:
        self.message_open = event
        self.moment("msg", event.leg, event.box)

    def message_ended(self, event: MessageEnded) -> None:
        begun, self.message_open = self.message_open, None
        if event.kept and begun is not None:
            self.message, self.message_ms = begun.box, round(event.seconds * 1000)
        self.moment("msg-end", event.leg, f"{event.seconds:.1f} s {event.why}")

    def recording_stopped(self, event: RecordingStopped) -> None:
        if self.answer is None:
            self.unrecorded = True
        self.moment("step", "", f"recording-stopped {event.why}")

    def spool_closed(self, event: Spooled) -> None:
        self.spooled = True

    def end(self, event: Ended) -> None:
        if self.ended is None:
            self.ended = event
            self.timeline.append(Moment(self.ms, "end", "", event.outcome))

    def has_recording(self) -> bool:
        """Tell whether audio is kept; of a call that a crash cut the recorder closes the spool later."""
        if self.answer is None or self.unrecorded:  # what was spooled of early media is not kept
            return False
        if self.spooled:  # or its spool has a message only
            return self.started is None or self.started.record
        return self.cut() and self.started is not None and self.started.record

    def cut(self) -> bool:
        return self.ended is None or self.ended.outcome == Outcome.CUT_BY_CRASH

    def record(self) -> CallRecord:
        caller_over = self.ms if self.caller_over is None else self.caller_over
        self.stop_talking(caller_over)
        self.stop_waiting(caller_over)
        self.end_parts()
        talker = self.legs.get(self.talking_leg)
        last = self.legs.get("a") or talker or next(reversed(self.legs.values()), None)
        started, ended = self.started or _UNKNOWN, self.ended
        return CallRecord(
            id=self.call,
            tenant=started.tenant,
            number=started.number,
            called=started.called,
            called_raw=started.called_raw,
            caller=started.caller,
            caller_raw=started.caller_raw,
            caller_display=started.caller_display,
            anonymous=started.anonymous,
            caller_class=started.caller_class,
            caller_header=started.caller_header,
            place=started.place,
            trunk_in=started.trunk,
            extension=started.extension,
            source=started.source,
            sip_call_id=started.sip_call_id,
            trunk_out=last.trunks[-1] if last is not None and last.trunks else None,
            answered_by=talker.target if talker is not None and self.bridge is not None else "",
            start=self.start,
            answer_ms=self.answer,
            bridge_ms=self.bridge,
            end_ms=self.ms,
            access_ms=0 if self.answer is None else max(0, caller_over - self.answer),
            talk_ms=self.talk,
            outcome=ended.outcome if ended else Outcome.CUT_BY_CRASH,
            hung_up_by=ended.by if ended else HungUpBy.BOX,
            sip_status=ended.sip_status if ended else 0,
            keys=self.keys,
            queue=self.queue,
            wait_ms=self.wait,
            job_number=self.job_number if self.bridge is not None else "",
            rating=self.rating,
            menu=chosen(self.timeline),
            recorded=self.has_recording(),
            message=self.message,
            message_ms=self.message_ms,
            direction=started.direction,
            contact=started.contact,
            agent=started.agent,
            legs=tuple(_leg_record(name, leg) for name, leg in self.legs.items()),
            media=tuple(self.media),
            timeline=tuple(self.timeline),
            participants=tuple(self.participants),
        )


def _leg_record(name: str, leg: _Leg) -> LegRecord:
    return LegRecord(
        name,
        leg.target,
        leg.extension,
        tuple(leg.trunks),
        leg.dialled,
        leg.rang,
        leg.answered,
        leg.ended,
        leg.status,
        leg.reason,
        leg.by_peer,
    )


_UNKNOWN: Final = Started(
    call="",
    at=0.0,
    mono=0.0,
    trunk=None,
    source="",
    sip_call_id="",
    called_raw="",
    called="",
    caller_raw="",
    caller="",
)

_TAKE: Final[dict[type, Callable[[_Course, Any], None]]] = {
    Started: _Course.begin,
    Step: _Course.step,
    LegDialled: _Course.dialled,
    LegProgress: _Course.progress,
    LegAnswered: _Course.leg_answered,
    LegEnded: _Course.leg_ended,
    Answered: _Course.answered,
    Bridged: _Course.bridged,
    Unbridged: _Course.unbridged,
    TakesPart: _Course.takes_part,
    Key: _Course.key,
    DialogNow: _Course.dialog,
    MediaMeasured: _Course.measured,
    MessageBegan: _Course.message_began,
    MessageEnded: _Course.message_ended,
    RecordingStopped: _Course.recording_stopped,
    Spooled: _Course.spool_closed,
    Queued: _Course.enters_queue,
    Unqueued: _Course.leaves_queue,
    Rated: _Course.rates,
    Ended: _Course.end,
}
