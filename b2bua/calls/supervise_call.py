"""A supervisor dials in: ``*55`` 工号 to listen, ``*56`` 工号 to whisper, ``*57`` 工号 to barge in.

From a registered extension that may supervise (``ExtensionSnapshot.supervisor``), to whoever of its tenant's
talks with a caller. docs/call-flows/supervise.md
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from twisted.internet.defer import Deferred

from b2bua.calls.audience import Mode
from b2bua.calls.authorise import NotAllowed, find_colleague
from b2bua.calls.call import Call
from b2bua.calls.caller import receive_caller
from b2bua.calls.join import join
from b2bua.calls.negotiation import SdpError
from b2bua.calls.ports import CallEnd, CallPorts, InboundLeg, Invitation, MediaUnavailable
from b2bua.calls.refusal import NoColleague, NotInTalk, NotPossible
from b2bua.calls.talk import Talk
from domain.outcomes import HungUpBy, Outcome
from domain.snapshot import ExtensionSnapshot

CODES: Final = {"*55": Mode.LISTEN, "*56": Mode.WHISPER, "*57": Mode.BARGE}


def asks_to_supervise(invitation: Invitation) -> bool:
    """Tell whether an extension dials such a code."""
    return invitation.extension is not None and invitation.called[:3] in CODES


async def supervise_call(
    line: Call, leg: InboundLeg, phone: ExtensionSnapshot, calls: Iterable[Call], ports: CallPorts
) -> CallEnd:
    """Let a phone take part in a talk until it hangs up or the talk is over; else say that nothing was
    done."""
    called = leg.invitation.called
    mode, wanted = CODES[called[:3]], called[3:]
    try:
        try:
            talk = _talk_of(wanted, phone, calls, ports)
            return await _supervise(line, leg, phone, talk, mode, ports)
        except NotPossible as refused:
            line.step("refused", f"{mode.value} {wanted}: {refused.noted}")
            return await _say_not_done(line, leg, ports)
    except SdpError:
        return CallEnd(outcome=Outcome.NO_COMMON_CODEC, by=HungUpBy.BOX)
    except MediaUnavailable:
        return CallEnd(outcome=Outcome.OVER_BOX_LIMIT, by=HungUpBy.BOX)


async def _supervise(
    line: Call, leg: InboundLeg, phone: ExtensionSnapshot, talk: Talk, mode: Mode, ports: CallPorts
) -> CallEnd:
    by = f"extension {phone.name}"
    line.step("supervises", f"{mode.value} {talk.call.id}")

    def still_possible() -> None:
        if talk.is_over:
            raise NotInTalk
        talk.supervision.check(phone.name)

    still_possible()
    talk.supervision.note(phone.name, mode, by, "asked")
    callee = await join(line, leg, talk.call, phone, ports, still_possible)
    line.talking_to = talk.agent.target if talk.agent is not None else ""
    talk.supervision.take_in(callee, mode, by)
    for_good: Deferred[CallEnd] = Deferred()  # until its leg is over, which cuts the line
    return await line.wait(for_good)


def _talk_of(wanted: str, phone: ExtensionSnapshot, calls: Iterable[Call], ports: CallPorts) -> Talk:
    """Find the talk of who is meant by a job number, an extension or a bound number; raises NotPossible."""
    if not phone.supervisor:
        raise NotPossible("this extension may not supervise", "该分机没有监听权限")
    known = False
    for call in calls:
        talk = call.talk
        if talk is None or talk.is_over or talk.payer.tenant != phone.tenant:
            continue
        try:
            meant = find_colleague(ports, wanted, talk.payer).number
        except NotAllowed:
            continue
        known = True
        if talk.agent is not None and talk.agent.target == meant:
            return talk
    raise NotInTalk if known else NoColleague(wanted)


async def _say_not_done(line: Call, leg: InboundLeg, ports: CallPorts) -> CallEnd:
    line.failed_with = Outcome.AGENT_CODE
    caller = await receive_caller(line, leg, ports, record=False)
    await caller.answer()
    prompt = line.prompt("not-done", ports.directory)
    if prompt is not None:
        await caller.say((prompt,))
    return CallEnd(outcome=Outcome.AGENT_CODE, by=HungUpBy.BOX)
