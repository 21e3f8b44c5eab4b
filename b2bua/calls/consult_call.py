"""The second line of an agent's phone: he calls a colleague through the box while his caller waits.

His phone then joins the two by REFER with Replaces (RFC 3515, 3891), which ``calls.transfer`` carries out.
"""

from __future__ import annotations

from collections.abc import Iterable

from b2bua.calls.authorise import NotAllowed, find_colleague
from b2bua.calls.call import Call, CallState
from b2bua.calls.callee import Callee
from b2bua.calls.caller import receive_caller
from b2bua.calls.hunt import NotReached
from b2bua.calls.negotiation import SdpError
from b2bua.calls.ports import CallEnd, CallPorts, InboundLeg, Invitation, MediaUnavailable
from b2bua.calls.refusal import NotPossible
from b2bua.calls.talk import Talk
from domain.outcomes import HungUpBy, Outcome

LINE = "second"
"""Name of the line's audio among the legs of the call it belongs to; it is never recorded."""


def asked_talk(calls: Iterable[Call], ports: CallPorts, invitation: Invitation) -> Talk | None:
    """Find the talk whose agent's phone calls a colleague by this INVITE.

    None for any other call of an extension: its phone serves nobody now, or what it calls is no colleague.
    """
    account = invitation.extension
    whose = next((each for each in ports.directory.box.extensions if each.account == account), None)
    if whose is None:
        return None
    for call in calls:
        talk = call.talk
        if talk is None or talk.agent is None or talk.payer.tenant != whose.tenant:
            continue
        agent = talk.agent
        if agent.is_up and agent.is_extension and agent.target == whose.name:
            try:
                find_colleague(ports, invitation.called, talk.payer)
            except NotAllowed:
                return None
            return talk
    return None


async def consult_call(call: Call, leg: InboundLeg, talk: Talk, ports: CallPorts) -> CallEnd:
    """Serve the agent's second line until he, his colleague or a transfer ends it."""
    call.step("consults-for", talk.call.id)
    call.state = CallState.RINGING
    transfers = talk.transfers
    try:
        line = await receive_caller(call, leg, ports, record=False, home=(talk.call.id, LINE))
        line.settle()
        if talk.is_over:
            return _by_box(Outcome.REFUSED_BY_TARGET)
        colleague = transfers.ask_by(line, leg.invitation.called)
    except NotPossible as refused:
        call.step("refused", refused.noted)
        return _by_box(Outcome.REFUSED_BY_TARGET)
    except SdpError:
        return _by_box(Outcome.NO_COMMON_CODEC)
    except MediaUnavailable:
        return _by_box(Outcome.OVER_BOX_LIMIT)
    try:
        found: Callee = await call.wait(colleague)
        call.talking_to = found.target
        call.state = CallState.TALKING
        await line.answer()
        if not talk.is_over:
            talk.arrange()
        await call.wait(transfers.line_over(line))
        return _by_box(Outcome.ANSWERED)
    except NotReached as failure:
        return _by_box(failure.outcome)
    finally:
        transfers.line_left(line)
        line.hear(frozenset())
        line.unbridge()


def _by_box(outcome: Outcome) -> CallEnd:
    return CallEnd(outcome=outcome, by=HungUpBy.BOX)
