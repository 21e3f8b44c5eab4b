"""One call in progress: its facts, its lines in the journal, and how it is cut short."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from b2bua.calls.counts import CallCounts
from b2bua.calls.ports import CallEnd, Clock, Invitation, Journal, MediaEndpoint, MediaStats
from domain.outcomes import HungUpBy, Outcome
from domain.snapshot import NumberPlan, TenantSnapshot
from storage.events import (
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
    Spooled,
    Started,
    Step,
    Unbridged,
)
from storage.journal import Event

if TYPE_CHECKING:
    from b2bua.calls.hunt import Callee
    from b2bua.calls.party import Party

T = TypeVar("T")
P = ParamSpec("P")
log = Logger()


class _Named(msgspec.Struct):
    """What is read of a dialog's state here."""

    call_id: str = ""


_NAMED = msgspec.json.Decoder(_Named)


class CallState(StrEnum):
    """Where a call is, for people who look at live calls and for the outcome when the caller gives up."""

    ARRIVED = "arrived"
    WELCOME = "welcome"
    RINGING = "ringing"
    TALKING = "talking"
    ENDING = "ending"


_GAVE_UP = {
    CallState.ARRIVED: Outcome.GAVE_UP_EARLY,
    CallState.WELCOME: Outcome.GAVE_UP_WELCOME,
    CallState.RINGING: Outcome.GAVE_UP_RINGING,
    CallState.TALKING: Outcome.ANSWERED,
    CallState.ENDING: Outcome.ANSWERED,
}


class Call:
    """A call from its INVITE to its last line.

    Every change that a crash must not lose is written to the journal by the method that makes it, before
    the SIP message it allows.
    """

    __slots__ = (
        "_belongs",
        "_counts",
        "_journal",
        "_legs_dialled",
        "_over",
        "_sip_call_ids",
        "_times",
        "_waiting",
        "answered_mono",
        "callees",
        "caller_over",
        "end",
        "failed_with",
        "faults",
        "first_dialled_mono",
        "id",
        "invitation",
        "media",
        "parties",
        "plan",
        "records",
        "sip_status",
        "started_mono",
        "started_utc",
        "state",
        "talking_mono",
        "talking_to",
        "task",
        "tenant",
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
        self.state = CallState.ARRIVED
        self.records = False
        """Whether its audio is recorded."""
        self.media: list[tuple[str, MediaEndpoint]] = []
        """Every media endpoint opened for the call, with its leg."""
        self.callees: list[Callee] = []
        """Everybody ever rung."""
        self.parties: list[Party] = []
        """Caller and everybody rung, to be released at the end."""
        self.caller_over = False
        """Whether the caller's leg is over."""
        self.failed_with: Outcome | None = None
        """What an announcement is just telling the caller; it stands also when he hangs up during it."""
        self.end: CallEnd | None = None
        """The verdict, once there is one; the first one stands."""
        self.sip_status = 0
        """Final SIP status the caller got."""
        self.started_mono = clock.mono()
        self.started_utc = clock.utc()
        self.first_dialled_mono: float | None = None
        self.answered_mono: float | None = None
        self.talking_mono: float | None = None
        self.faults = 0
        self.talking_to = ""
        """The target the caller talks to, or the first one that rings."""
        self.task: Deferred[None] | None = None
        self._journal = journal
        self._times = clock
        self._counts = counts
        self._belongs = belongs
        self._sip_call_ids = {invitation.sip_call_id}
        belongs(invitation.sip_call_id, call_id, "a")
        self._waiting = False
        self._legs_dialled = 0
        self._over = False

    # -- ending early ------------------------------------------------------------------------------

    def conclude(self, end: CallEnd) -> None:
        """Keep the verdict of the call's flow unless the call was cut before."""
        if self.end is None:
            self.end = end

    def cut(self, end: CallEnd) -> None:
        """End the call from outside its flow; the flow sees CancelledError where it waits, or at its next
        wait."""
        if self.end is not None:
            return
        self.end = end
        if self._waiting and self.task is not None:
            self.task.cancel()

    def caller_left(self) -> None:
        """End the call because the caller hung up or cancelled; the outcome tells at which step."""
        self.cut(CallEnd(outcome=self.failed_with or _GAVE_UP[self.state], by=HungUpBy.CALLER))

    def guard(self, function: Callable[P, T]) -> Callable[P, T | None]:
        """Make a callback into the call's code from outside its flow; a mistake there ends this call only."""

        def guarded(*arguments: P.args, **named: P.kwargs) -> T | None:
            try:
                return function(*arguments, **named)
            except Exception:
                self.fault(Failure())
                return None

        return guarded

    def audio_lost(self, leg: str) -> None:
        """End the call because nothing arrived from a leg for the dead-media time."""
        self.step("audio-lost", leg)
        self.cut(CallEnd(outcome=Outcome.MEDIA_LOST, by=HungUpBy.BOX))

    def fault(self, failure: Failure) -> None:
        """End the call because of our own mistake; log it with the call's id."""
        log.failure("call {call}: our own mistake", failure, call=self.id)
        self.faults += 1
        self.cut(CallEnd(outcome=Outcome.INTERNAL_ERROR, by=HungUpBy.BOX))

    async def wait(self, deferred: Deferred[T]) -> T:
        """Await, in the call's flow; raise CancelledError when the call was or is being cut."""
        if self.end is not None:
            deferred.addErrback(_drop_cancelled)
            deferred.cancel()
            raise CancelledError
        self._waiting = True
        try:
            return await deferred
        finally:
            self._waiting = False

    # -- names -------------------------------------------------------------------------------------

    def keep(self, endpoint: MediaEndpoint, leg: str) -> MediaEndpoint:
        """Remember a media endpoint, so that it is released whatever happens."""
        self.media.append((leg, endpoint))
        return endpoint

    def next_leg(self) -> str:
        """Name the next leg to dial: ``b1``, ``b2`` ..."""
        self._legs_dialled += 1
        return f"b{self._legs_dialled}"

    # -- the journal -------------------------------------------------------------------------------

    def journal_start(self) -> None:
        """Write the call's first line."""
        asked, plan = self.invitation, self.plan
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

    def bridged(self, leg: str, target: str) -> None:
        """Note that caller and leg hear each other; talk time starts."""
        at, mono = self._now()
        self.state = CallState.TALKING
        self.talking_mono = mono
        self._counts.bridged += 1
        self.talking_to = target
        self._append(Bridged(call=self.id, at=at, mono=mono, leg=leg))

    def unbridged(self, leg: str) -> None:
        """Note that caller and leg no longer hear each other."""
        at, mono = self._now()
        self._append(Unbridged(call=self.id, at=at, mono=mono, leg=leg))

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

    def release(self) -> None:
        """Let go of everything; the last thing done with a call."""
        for party in self.parties:
            party.release()
        self.parties.clear()
        self.callees.clear()
        self.media.clear()
        self.task = None

    def _append(self, event: Event) -> None:
        if self._over:
            log.warn("call {call}: {event} after its end", call=self.id, event=type(event).__name__)
            return
        self._journal.append(event)

    def _now(self) -> tuple[float, float]:
        return self._times.utc(), self._times.mono()


def _drop_cancelled(failure: object) -> None:
    """Nobody waits for this Deferred any more."""
