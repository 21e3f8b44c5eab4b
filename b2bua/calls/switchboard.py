"""All calls in progress: takes them from the stack, runs their flow, closes them whatever happened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.logger import Logger
from twisted.python.failure import Failure

from b2bua.calls.admission import Admission
from b2bua.calls.agent_codes import dialling_tenant, extension_of, obey
from b2bua.calls.answer_call import answer_call, turn_away
from b2bua.calls.call import Call, CallState
from b2bua.calls.consult_call import asked_talk, consult_call
from b2bua.calls.counts import CallCounts
from b2bua.calls.course import CONSULTATION, PICK_UP, SUPERVISION
from b2bua.calls.meter import meter
from b2bua.calls.names import call_id
from b2bua.calls.pick_up import pick_up, replaced_callee
from b2bua.calls.ports import CallEnd, CallPorts, InboundLeg, Invitation, Leg, LegEnd
from b2bua.calls.refusal import NotBegun as NotBegun
from b2bua.calls.supervise_call import asks_to_supervise, supervise_call
from b2bua.calls.talk import Talk
from domain.outcomes import VERDICTS, HungUpBy, Outcome
from domain.snapshot import NumberPlan, TenantSnapshot
from storage.journal.events import Marks

MARK_SECONDS = 6.0
"""How often the calls that are up are marked; a crash loses at most so much of a call's length."""

_log = Logger()
Flow = Callable[[], Coroutine[Any, Any, CallEnd]]


class Switchboard:
    """Implements ``ports.Reception``.

    A mistake of ours in one call ends that call with ``internal-error`` and touches no other.
    """

    def __init__(self, ports: CallPorts, calls_out: Callable[[str], int] = lambda trunk: 0) -> None:
        """``calls_out``: channels of a trunk that calls going out have taken."""
        self.calls: dict[str, Call] = {}
        self.counts = CallCounts()
        self.admission = Admission(calls_out)
        self.draining = False
        self.ports = ports
        self._emptied: list[Deferred[None]] = []

    def arrive(self, leg: InboundLeg) -> None:
        """Take a new call."""
        ports = self.ports
        tenant = dialling_tenant(leg.invitation, ports)
        if tenant is not None and not self.draining:
            self._obey_code(leg, tenant)
            return
        if leg.invitation.extension is not None and not (self.draining or ports.journal.failing):
            if asks_to_supervise(leg.invitation):
                self._supervise(leg)
                return
            if leg.replaces is not None:
                self._take_place(leg, leg.replaces)
                return
            talk = asked_talk(self.calls.values(), ports, leg.invitation)
            if talk is not None:
                self._take_second_line(leg, talk)
                return
        call = self._new(leg.invitation)
        verdict = self.admission.ask(ports.directory, leg.invitation, call.started_mono)
        refusal = verdict.refusal
        if self.draining:
            refusal = Outcome.SHUTDOWN
        elif ports.journal.failing:
            refusal = Outcome.INTERNAL_ERROR
        self._identify(call, verdict.tenant, verdict.plan)
        if refusal is None:
            refusal = self._meter(call)
        call.records = (
            refusal is None and verdict.plan is not None and verdict.plan.record and ports.may_record()
        )
        payer = verdict.tenant.id if refusal is None and verdict.tenant is not None else None
        if refusal is None:
            flow = partial(answer_call, call, leg, ports)
        else:
            tell = self.admission.may_tell(ports.directory)
            flow = partial(turn_away, call, leg, refusal, ports, tell=tell)
        self._engage(leg, self._run(call, payer, self._serve(call, leg, flow)))

    def begin(
        self, invitation: Invitation, flow: Callable[[Call], Awaitable[CallEnd]]
    ) -> tuple[Call, Deferred[CallEnd]]:
        """Begin a call at the box itself and run its flow; the Deferred fires when the call is closed.

        It counts as a call of the tenant and of the box. Raises NotBegun.
        """
        ports = self.ports
        verdict = self.admission.ask(ports.directory, invitation, ports.clock.mono())
        self._ready()
        if verdict.refusal not in (None, Outcome.NOTHING_BOUND):
            raise NotBegun(verdict.refusal)
        assert verdict.tenant is not None
        assert verdict.plan is not None
        call = self._new(invitation)
        self._identify(call, verdict.tenant, verdict.plan)
        refusal = self._meter(call)
        if refusal is not None:
            raise NotBegun(refusal)
        call.records = verdict.plan.record and ports.may_record()
        return call, self._run(call, verdict.tenant.id, self._serve_from_box(call, flow))

    def begin_unpaid(self, invitation: Invitation, flow: Callable[[Call], Awaitable[CallEnd]]) -> Call:
        """Begin a call of the box's own, which is no tenant's and is not recorded. Raises NotBegun."""
        self._ready()
        if self.admission.up >= self.ports.directory.box.max_calls:
            raise NotBegun(Outcome.OVER_BOX_LIMIT)
        call = self._new(invitation)
        self._identify(call, None, None)
        self._run(call, None, self._serve_from_box(call, flow))
        return call

    def _ready(self) -> None:
        """Raise NotBegun while the box begins no calls."""
        if self.draining:
            raise NotBegun(Outcome.SHUTDOWN)
        if self.ports.journal.failing:
            raise NotBegun(Outcome.INTERNAL_ERROR)

    def _run(self, call: Call, payer: str | None, flow: Coroutine[Any, Any, None]) -> Deferred[CallEnd]:
        over: Deferred[CallEnd] = Deferred()
        self.calls[call.id] = call
        self.admission.enter(payer, call.invitation.trunk)
        call.journal_start()
        call.task = Deferred.fromCoroutine(flow)
        call.task.addErrback(self._lost, call)
        call.task.addCallback(self._gone, call, payer).addCallback(over.callback)
        return over

    def refused(self, invitation: Invitation, status: int, reason: str) -> None:
        """Leave a record of an INVITE that the stack refused by itself."""
        call = self._new(invitation)
        found = self.ports.directory.find(invitation.called)
        self._identify(call, *(found or (None, None)))
        call.journal_start()
        call.sip_status = status
        call.conclude(CallEnd(outcome=Outcome.BAD_REQUEST, by=HungUpBy.BOX))
        call.leg_ended("a", status, reason, by_peer=False)
        call.journal_end(call.started_utc, call.started_mono)
        self.counts.ended[Outcome.BAD_REQUEST] += 1

    def take_down(self, call: str) -> bool:
        """End a call on an operator's wish; False when it is not up."""
        found = self.calls.get(call)
        if found is None or found.end is not None:
            return False
        found.cut(CallEnd(outcome=Outcome.CUT_BY_OPERATOR, by=HungUpBy.BOX))
        return True

    def stop_recordings(self, why: str) -> int:
        """Stop recording the calls that are up, which go on; return how many."""
        recorded = [call for call in self.calls.values() if call.records and call.end is None]
        for call in recorded:
            call.guard(call.stop_recording)(why)
        return len(recorded)

    def drain(self) -> Deferred[None]:
        """Refuse new calls and end those up; fires when the last one is closed."""
        self.draining = True
        for call in list(self.calls.values()):
            call.cut(CallEnd(outcome=Outcome.SHUTDOWN, by=HungUpBy.BOX))
        emptied: Deferred[None] = Deferred()
        self._emptied.append(emptied)
        self._tell_emptied()
        return emptied

    def mark(self) -> None:
        """Note in the journal which calls are up; called every :data:`MARK_SECONDS`."""
        if self.calls:
            clock = self.ports.clock
            self.ports.journal.append(Marks(at=clock.utc(), mono=clock.mono(), calls=list(self.calls)))

    # -- one call ----------------------------------------------------------------------------------

    def _new(self, invitation: Invitation) -> Call:
        clock = self.ports.clock
        self.counts.started += 1
        name = call_id(clock.utc(), self.ports.randomness(10))
        return Call(name, invitation, self.ports.journal, clock, self.counts, self.ports.belongs)

    def _identify(self, call: Call, tenant: TenantSnapshot | None, plan: NumberPlan | None) -> None:
        call.tenant, call.plan = tenant, plan
        facts = self.ports.directory.facts
        call.facts = facts.of(call.invitation.who, tenant.id if tenant else None, call.started_utc)

    def _meter(self, call: Call) -> Outcome | None:
        """Reserve what the call needs; return why its tenant cannot have it, or None."""
        reading = meter(call, self.ports)
        refusal = reading.admit() if reading is not None else None
        if refusal is None:
            call.meter = reading
        return refusal

    def _take_second_line(self, leg: InboundLeg, talk: Talk) -> None:
        """Let the phone of an agent who talks ask a colleague: a call of its own, on the same 400 number."""
        call = self._new(leg.invitation)
        self._identify(call, talk.call.tenant, talk.call.plan)
        call.direction = CONSULTATION
        self._run(call, None, self._serve(call, leg, partial(consult_call, call, leg, talk, self.ports)))

    def _take_place(self, leg: InboundLeg, other: Leg) -> None:
        """Let a phone take the place of a leg of its own tenant's, whichever call that is of."""
        ports = self.ports
        phone = extension_of(leg.invitation, ports)
        replaced = None if phone is None else replaced_callee(self.calls.values(), other, phone)
        call = self._new(leg.invitation)
        call.direction = PICK_UP
        if phone is None or replaced is None:
            self._identify(call, None, None)
            flow = partial(turn_away, call, leg, Outcome.PICK_UP_REFUSED, ports)
        else:
            self._identify(call, replaced.call.tenant, replaced.call.plan)
            flow = partial(pick_up, call, leg, replaced, phone, ports)
        self._run_for_phone(call, leg, flow)

    def _supervise(self, leg: InboundLeg) -> None:
        """Let a supervisor take part in a talk of his tenant's."""
        ports = self.ports
        phone = extension_of(leg.invitation, ports)
        call = self._new(leg.invitation)
        call.direction = SUPERVISION
        self._identify(call, None if phone is None else ports.directory.tenant(phone.tenant), None)
        if phone is None:
            flow = partial(turn_away, call, leg, Outcome.NUMBER_UNKNOWN, ports)
        else:
            flow = partial(supervise_call, call, leg, phone, self.calls.values(), ports)
        self._run_for_phone(call, leg, flow)

    def _run_for_phone(self, call: Call, leg: InboundLeg, flow: Flow) -> None:
        """Run a call of a tenant's own phone, which counts against no limit; who sits there is busy."""
        over = self._run(call, None, self._serve(call, leg, flow))
        self._engage(leg, over)

    def _engage(self, leg: InboundLeg, over: Deferred[CallEnd]) -> None:
        phone = extension_of(leg.invitation, self.ports)
        hung_up = None if phone is None else self.ports.floor.leg_began(phone.tenant, phone.name)
        if hung_up is not None:
            over.addCallback(lambda _: hung_up())

    def _obey_code(self, leg: InboundLeg, tenant: TenantSnapshot) -> None:
        """Let an agent change his state by a star code."""
        call = self._new(leg.invitation)
        self._identify(call, tenant, None)
        self._run(call, None, self._serve(call, leg, partial(obey, call, leg, self.ports)))

    async def _serve(self, call: Call, leg: InboundLeg, flow: Flow) -> None:
        try:
            leg.ended.addCallback(self._caller_ended, call).addErrback(call.fault)
            leg.on_dialog = partial(call.dialog, leg.id)
            call.conclude(await flow())
        except CancelledError:
            if call.end is None:
                call.fault(Failure())
        except Exception:
            call.fault(Failure())
        await self._close(call, leg)

    async def _serve_from_box(self, call: Call, flow: Callable[[Call], Awaitable[CallEnd]]) -> None:
        try:
            call.conclude(await flow(call))
        except CancelledError:
            if call.end is None:
                call.fault(Failure())
        except Exception:
            call.fault(Failure())
        await self._close(call, None)

    async def _close(self, call: Call, leg: InboundLeg | None) -> None:
        """Hang up what is still up, release the media, write the last lines."""
        clock = self.ports.clock
        utc, mono = clock.utc(), clock.mono()
        call.state = CallState.ENDING
        for callee in call.callees:
            call.guard(callee.leave)()
        if leg is not None:
            call.guard(self._dismiss)(call, leg)
        for _, endpoint in call.media:
            endpoint.on_key = endpoint.on_dead = endpoint.on_speech = None
        try:
            stats = await gatherResults([endpoint.close() for _, endpoint in call.media], consumeErrors=True)
            for (leg_id, _), measured in zip(call.media, stats, strict=True):
                call.measured(leg_id, measured)
            if call.records or call.recording_cut or call.has_message:
                call.spooled()
        except Exception:
            call.fault(Failure())
        call.journal_end(utc, mono)
        if call.meter is not None:
            call.guard(call.meter.close)()
            call.meter = None

    def _dismiss(self, call: Call, leg: InboundLeg) -> None:
        """End the caller's leg, unless it is over."""
        assert call.end is not None
        leg.on_dialog = None
        if call.caller_over:
            return
        call.caller_over = True
        if call.answered_mono is not None:
            call.leg_ended(leg.id, 0, "", by_peer=False)
            leg.hang_up()
            return
        verdict = VERDICTS[call.end.outcome]
        call.sip_status = verdict.sip_status
        call.leg_ended(leg.id, verdict.sip_status, verdict.sip_reason, by_peer=False)
        leg.refuse(verdict.sip_status, verdict.sip_reason)

    def _caller_ended(self, end: LegEnd, call: Call) -> LegEnd:
        """Take note of it, and pass it on to the call that the leg has joined, if any."""
        if call.caller_over:
            return end
        call.caller_over = True
        if call.answered_mono is None:
            call.sip_status = end.status
        call.leg_ended("a", end.status, end.reason, by_peer=end.by_peer)
        call.caller_left(end)
        return end

    def _lost(self, failure: Failure, call: Call) -> None:
        """Log what even closing the call could not bear."""
        call.fault(failure)

    def _gone(self, _: None, call: Call, payer: str | None) -> CallEnd:
        del self.calls[call.id]
        self.admission.leave(payer, call.invitation.trunk)
        self._count(call)
        call.release()
        self._tell_emptied()
        return call.end or CallEnd(outcome=Outcome.INTERNAL_ERROR, by=HungUpBy.BOX)

    def _count(self, call: Call) -> None:
        counts = self.counts
        counts.faults += call.faults > 0
        if call.end is not None:
            counts.ended[call.end.outcome] += 1

    def _tell_emptied(self) -> None:
        if not self.calls:
            waiting, self._emptied = self._emptied, []
            for emptied in waiting:
                emptied.callback(None)
