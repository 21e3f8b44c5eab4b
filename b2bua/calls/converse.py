"""What happens while caller and answerer talk, until one of them hangs up."""

from __future__ import annotations

from b2bua.calls.call import Call
from b2bua.calls.callee import Callee
from b2bua.calls.party import Party
from b2bua.calls.ports import CallEnd, CallPorts
from domain.outcomes import HungUpBy, Outcome


async def converse(call: Call, caller: Party, callee: Callee, ports: CallPorts) -> CallEnd:
    """Connect caller and callee; return when the caller is alone, for whatever reason.

    The caller is still there then (``CallEnd.caller_up``) and may be served on. When he hangs up himself the
    call is cut, and this coroutine sees CancelledError like every other one.
    """
    caller.hush()
    await caller.answer()
    if caller.other is not callee:
        caller.bridge(callee)
    call.bridged(callee.leg_id, callee.target)
    end = await call.wait(callee.hung_up)
    by = HungUpBy.ANSWERER if end.by_peer else HungUpBy.BOX
    return CallEnd(outcome=Outcome.ANSWERED, by=by, caller_up=True)
