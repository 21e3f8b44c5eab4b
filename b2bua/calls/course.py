"""The course of one call: its facts, and its lines in the journal."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec
from twisted.logger import Logger

from b2bua.calls.counts import CallCounts
from b2bua.calls.ports import CallEnd, Clock, Invitation, Journal, MediaStats
from domain.calling.facts import CallerFacts
from domain.places.place import UNKNOWN
from domain.snapshot import NumberPlan, TenantSnapshot
from storage.journal import Event
from storage.journal.events import (
    Answered,
    Bridged,
    DialogNow,
    Ended,
    Key,
    LegAnswered,
    LegDialled,
    LegEnded,
    LegProgress,
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

if TYPE_CHECKING:
    from b2bua.calls.meter import Meter

_log = Logger()

CALL_BACK: Final = "callback"
"""``Started.direction`` of calls that the box begins."""
CONSULTATION: Final = "consultation"
"""``Started.direction`` of second lines of agents' phones."""
PICK_UP: Final = "pickup"
"""``Started.direction`` of a phone's call that took the place of another leg."""
SUPERVISION: Final = "supervision"
"""``Started.direction`` of a supervisor's call that takes part in another one."""
TEST: Final = "test"
"""``Started.direction`` of calls that the box begins so that somebody can hear how it works."""


class _Named(msgspec.Struct):
    """What is read of a dialog's state here."""

    call_id: str = ""


_NAMED = msgspec.json.Decoder(_Named)


class CallState(StrEnum):
    """Where a call is, for people who look at live calls and for the outcome when the caller gives up."""

    ARRIVED = "arrived"
    WELCOME = "welcome"
    MENU = "menu"
    QUEUED = "queued"
    RINGING = "ringing"
    PIN = "pin"
    """The caller is asked for the PIN."""
    MESSAGE = "message"
    """The caller leaves a message."""
    TALKING = "talking"
    HELD = "held"
    CONSULTING = "consulting"
    TRANSFERRING = "transferring"
    RATING = "rating"
    """The agent has gone; the caller is asked how it was."""
    ENDING = "ending"


class Course:
    """What is known of a call from its INVITE to its last line.

    Every change that a crash must not lose is written to the journal by the method that makes it, before
    the SIP message it allows.
    """

    __slots__ = (
        "_belongs",
        "_counts",
        "_journal",
        "_over",
        "_sip_call_ids",
        "_times",
        "answered_mono",
        "direction",
        "end",
        "facts",
        "first_dialled_mono",
        "has_message",
        "id",
        "invitation",
        "meter",
        "plan",
        "recording_cut",
        "records",
        "sip_status",
        "started_mono",
        "started_utc",
        "state",
        "talking_mono",
        "talking_to",
        "tenant",
        "vip",
    )

    def __init__(
        self,
        call_id: str,
        invitation: Invitation,
        journal: Journal,
        clock: Clock,
        counts: CallCounts,
        belongs: Callable[[str, str, str], None],
    ) -> None:
        self.id = call_id
        self.invitation = invitation
        self.tenant: TenantSnapshot | None = None
        self.plan: NumberPlan | None = None
        self.facts: CallerFacts | None = None
        """Who calls from where and when; set before the call's first line is written."""
        self.direction = CALL_BACK if invitation.call_back is not None else TEST if invitation.test else ""
        """``Started.direction``: what kind of call it is."""
        self.meter: Meter | None = None
        """What keeps the call within its tenant's means; None: nothing limits it."""
        self.vip = False
        """Whether the caller goes first in queues; the route decision says so."""
        self.state = CallState.ARRIVED
        self.records = False
        """Whether its audio is recorded."""
        self.recording_cut = False
        """Whether its recording was stopped before its end."""
        self.has_message = False
        """Whether a voicemail was begun: its spool is wanted, also when the call is not recorded."""
        self.end: CallEnd | None = None
        """The verdict, once there is one; the first one stands."""
        self.sip_status = 0
        """Final SIP status the caller got."""
        self.started_mono = clock.mono()
        self.started_utc = clock.utc()
        self.first_dialled_mono: float | None = None
        self.answered_mono: float | None = None
        self.talking_mono: float | None = None
        self.talking_to = ""
        """The target the caller talks to, or the first one that rings."""
        self._journal = journal
        self._times = clock
        self._counts = counts
        self._belongs = belongs
        self._sip_call_ids = {invitation.sip_call_id}
        if invitation.sip_call_id:
            belongs(invitation.sip_call_id, call_id, "a")
        self._over = False

    def journal_start(self) -> None:
        """Write the call's first line."""
        asked, plan, facts = self.invitation, self.plan, self.facts
        back = asked.call_back
        self._append(
            Started(
                call=self.id,
                at=self.started_utc,
                mono=self.started_mono,
                trunk=asked.trunk,
                extension=asked.extension,
                source=asked.source,
                sip_call_id=asked.sip_call_id,
                called_raw=asked.called_raw,
                called=asked.called,
                caller_raw=asked.caller_raw,
                caller=asked.caller,
                caller_display=asked.caller_display,
                anonymous=asked.anonymous,
                tenant=self.tenant.id if self.tenant is not None else None,
                number=plan.number if plan is not None else None,
                record=self.records,
                direction=self.direction,
                contact="" if back is None else back.contact,
                agent="" if back is None else back.agent,
                caller_class=asked.caller_class.value,
                caller_header=asked.caller_header,
                place=facts.place if facts is not None else UNKNOWN,
            )
        )

    def step(self, name: str, detail: str = "") -> None:
        """Note something of the call's course."""
        at, mono = self._now()
        self._append(Step(call=self.id, at=at, mono=mono, name=name, detail=detail))

    def leg_dialled(
        self, leg: str, target: str, is_extension: bool, trunk: str | None, listener: str
    ) -> None:
        """Note that an INVITE is about to leave."""
        at, mono = self._now()
        if self.first_dialled_mono is None:
            self.first_dialled_mono = mono
            self._counts.set_up(mono - self.started_mono)
            self.talking_to = target
        self._append(
            LegDialled(
                call=self.id,
                at=at,
                mono=mono,
                leg=leg,
                target=target,
                is_extension=is_extension,
                trunk=trunk,
                listener=listener,
            )
        )

    def leg_progressed(self, leg: str, status: int) -> None:
        """Note a leg's first provisional answer of a status."""
        at, mono = self._now()
        self._append(LegProgress(call=self.id, at=at, mono=mono, leg=leg, status=status))

    def leg_answered(self, leg: str) -> None:
        """Note that a dialled leg was answered."""
        at, mono = self._now()
        self._append(LegAnswered(call=self.id, at=at, mono=mono, leg=leg))

    def leg_ended(self, leg: str, status: int, reason: str, by_peer: bool) -> None:
        """Note that a leg is over."""
        at, mono = self._now()
        self._append(
            LegEnded(call=self.id, at=at, mono=mono, leg=leg, status=status, reason=reason, by_peer=by_peer)
        )

    def answered(self) -> None:
        """Note that the caller is about to be answered; access time starts."""
        at, mono = self._now()
        self.answered_mono = mono
        self._counts.answered += 1
        self._append(Answered(call=self.id, at=at, mono=mono))
        if self.meter is not None:
            self.meter.answered()

    def bridged(self, leg: str, target: str) -> None:
        """Note that caller and leg hear each other; talk time starts."""
        at, mono = self._now()
        self.state = CallState.TALKING
        if self.talking_mono is None:
            self.talking_mono = mono
            self._counts.bridged += 1
        self.talking_to = target
        self._append(Bridged(call=self.id, at=at, mono=mono, leg=leg))
        if self.meter is not None:
            self.meter.talking()

    def unbridged(self, leg: str) -> None:
        """Note that caller and leg no longer hear each other."""
        at, mono = self._now()
        self._append(Unbridged(call=self.id, at=at, mono=mono, leg=leg))
        if self.meter is not None:
            self.meter.pausing()

    def talk_over(self) -> None:
        """Note that the caller talks with nobody any more; the end of the last leg says when."""
        if self.meter is not None:
            self.meter.pausing()

    def queued(self, queue: str) -> None:
        """Note that the caller waits in a queue from now on."""
        at, mono = self._now()
        self.talking_to = f"queue:{queue}"
        self._append(Queued(call=self.id, at=at, mono=mono, queue=queue))

    def unqueued(self, why: str, agent: str = "") -> None:
        """Note that he waits no longer (``events.Unqueued``)."""
        at, mono = self._now()
        self._append(Unqueued(call=self.id, at=at, mono=mono, why=why, agent=agent))

    def rated(self, agent: str, rating: int) -> None:
        """Note what the caller gave an agent, 1 to 5."""
        at, mono = self._now()
        self._append(Rated(call=self.id, at=at, mono=mono, agent=agent, rating=rating))

    def takes_part(self, leg: str, part: str) -> None:
        """Note what a leg does in the call from now on (``events.TakesPart``)."""
        at, mono = self._now()
        self._append(TakesPart(call=self.id, at=at, mono=mono, leg=leg, part=part))

    def key(self, leg: str, digit: str) -> None:
        """Note a DTMF digit."""
        at, mono = self._now()
        self._append(Key(call=self.id, at=at, mono=mono, leg=leg, digit=digit))

    def dialog(self, leg: str, state: bytes) -> None:
        """Note a dialog's state, so that a BYE is possible after a crash."""
        at, mono = self._now()
        sip_call_id = _NAMED.decode(state).call_id
        if sip_call_id not in self._sip_call_ids:
            self._sip_call_ids.add(sip_call_id)
            self._belongs(sip_call_id, self.id, leg)
        self._append(DialogNow(call=self.id, at=at, mono=mono, leg=leg, state=msgspec.Raw(state)))

    def measured(self, leg: str, stats: MediaStats) -> None:
        """Note a leg's final media statistics."""
        at, mono = self._now()
        self._append(
            MediaMeasured(
                call=self.id,
                at=at,
                mono=mono,
                leg=leg,
                packets_in=stats.packets_in,
                packets_out=stats.packets_out,
                lost=stats.lost,
                jitter_ms=stats.jitter_ms,
                round_trip_ms=stats.round_trip_ms,
                mos=stats.mos,
                strangers=stats.strangers,
            )
        )

    def recording_stopped(self, why: str) -> None:
        """Note that the call goes on unrecorded."""
        at, mono = self._now()
        self.records, self.recording_cut = False, True
        self._append(RecordingStopped(call=self.id, at=at, mono=mono, why=why))

    def message_begins(self, leg: str, box: str) -> None:
        """Note that what the caller says from now on is a message."""
        assert self.tenant is not None
        assert self.plan is not None
        at, mono = self._now()
        self.has_message = True
        self._append(
            MessageBegan(
                call=self.id,
                at=at,
                mono=mono,
                leg=leg,
                box=box,
                tenant=self.tenant.id,
                number=self.plan.number,
                caller=self.invitation.caller,
            )
        )

    def message_ends(self, leg: str, seconds: float, kept: bool, why: str) -> None:
        """Note that the message is over."""
        at, mono = self._now()
        self._append(
            MessageEnded(call=self.id, at=at, mono=mono, leg=leg, seconds=seconds, kept=kept, why=why)
        )

    def spooled(self) -> None:
        """Note that the spool is closed."""
        at, mono = self._now()
        self._append(Spooled(call=self.id, at=at, mono=mono))

    def journal_end(self, at: float, mono: float) -> None:
        """Write the call's last line, dated by the moment of the verdict."""
        assert self.end is not None
        end = self.end
        self._append(
            Ended(
                call=self.id,
                at=at,
                mono=mono,
                outcome=end.outcome.value,
                by=end.by.value,
                sip_status=self.sip_status,
            )
        )
        self._over = True

    def mono(self) -> float:
        """Return the monotonic time, in seconds."""
        return self._times.mono()

    def _append(self, event: Event) -> None:
        if self._over:
            _log.warn("call {call}: {event} after its end", call=self.id, event=type(event).__name__)
            return
        self._journal.append(event)

    def _now(self) -> tuple[float, float]:
        return self._times.utc(), self._times.mono()
