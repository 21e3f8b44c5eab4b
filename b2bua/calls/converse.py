"""What happens while caller and answerer talk, until the caller is alone."""

from __future__ import annotations

from b2bua.calls.announce import announcement_of
from b2bua.calls.call import Call
from b2bua.calls.callee import Callee
from b2bua.calls.party import Party
from b2bua.calls.ports import CallEnd, CallPorts
from b2bua.calls.talk import Talk
from domain.outcomes import Outcome


async def converse(call: Call, caller: Party, callee: Callee, ports: CallPorts) -> CallEnd:
    """Connect caller and callee; return when the caller is alone, for whatever reason.

    The caller is still there then (``CallEnd.caller_up``) and may be served on; ``call.talking_to`` is who
    talked with him last. When he hangs up himself the call is cut, and this coroutine sees CancelledError
    like every other one.
    """
    caller.hush()
    await caller.answer()
    call.talk = talk = Talk(call, caller, callee, ports)
    try:
        talk.begin()
        end = await call.wait(talk.over)
    finally:
        call.talk = None
        talk.close()
    if talk.deserted:
        await _say_nobody(call, caller, ports)
    return end


async def _say_nobody(call: Call, caller: Party, ports: CallPorts) -> None:
    """Tell a caller that nobody has taken him over."""
    prompt = announcement_of(call, Outcome.NO_ANSWER, ports)
    if prompt is not None:
        call.step("announce", "no-answer")
        await caller.say((prompt,))
    elif call.plan is not None:
        await caller.sound("busy", call.plan.busy_tone_seconds, ports.clock)
