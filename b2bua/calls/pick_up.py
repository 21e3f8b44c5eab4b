"""INVITE with Replaces (RFC 3891): a phone of the tenant takes the place of another of his legs.

Of one that rings (call pick-up, 代接), or of one that talks (docs/call-flows/pick-up.md).
"""

from __future__ import annotations

from collections.abc import Iterable

from twisted.internet.defer import Deferred

from b2bua.calls.call import Call
from b2bua.calls.callee import Callee
from b2bua.calls.join import join
from b2bua.calls.negotiation import SdpError
from b2bua.calls.ports import CallEnd, CallPorts, InboundLeg, Leg, MediaUnavailable
from b2bua.calls.refusal import NotInTalk, NotPossible
from domain.outcomes import HungUpBy, Outcome
from domain.snapshot import ExtensionSnapshot


def replaced_callee(calls: Iterable[Call], leg: Leg, phone: ExtensionSnapshot) -> Callee | None:
    """Find whose place a phone asks for; None: that of nobody whom its tenant has rung."""
    for call in calls:
        if call.tenant is not None and call.tenant.id == phone.tenant and call.end is None:
            for callee in call.callees:
                if callee.leg is leg and not callee.over:
                    return callee
    return None


async def pick_up(
    line: Call, leg: InboundLeg, replaced: Callee, phone: ExtensionSnapshot, ports: CallPorts
) -> CallEnd:
    """Let a phone take the place of another leg of its tenant's, and talk until it hangs up or is let go."""
    joined, rings = replaced.call, not replaced.up
    line.step("picks-up", f"{replaced.leg_id} {replaced.target} of {joined.id}")

    def still_possible() -> None:
        _check(replaced, rings)

    try:
        callee = await join(line, leg, joined, phone, ports, still_possible)
    except NotPossible as refused:
        line.step("refused", refused.noted)
        return CallEnd(outcome=Outcome.PICK_UP_REFUSED, by=HungUpBy.BOX)
    except SdpError:
        return CallEnd(outcome=Outcome.NO_COMMON_CODEC, by=HungUpBy.BOX)
    except MediaUnavailable:
        return CallEnd(outcome=Outcome.OVER_BOX_LIMIT, by=HungUpBy.BOX)
    line.talking_to = replaced.target
    joined.step("picked-up", f"{replaced.target} by {callee.target}")
    if replaced.on_picked_up is not None:
        replaced.on_picked_up(callee)
    else:
        assert joined.talk is not None
        joined.talk.replace(replaced, callee)
    for_good: Deferred[CallEnd] = Deferred()  # until its leg is over, which cuts the line
    return await line.wait(for_good)


def _check(replaced: Callee, rings: bool) -> None:
    """Raise NotPossible unless the leg stands as it did: who was faster keeps the call."""
    call = replaced.call
    if call.end is not None or replaced.over:
        raise NotPossible("that call is over", "该呼叫已结束")
    if rings and (replaced.up or replaced.on_picked_up is None):
        raise NotPossible("that call cannot be picked up", "该呼叫不可代接")
    if not rings:
        if call.talk is None or call.talk.is_over:
            raise NotInTalk
        call.talk.check_replacing(replaced)
