"""Answer a call to a 400 number: greet the caller, then serve him (docs/call-flows/answer-call.md)."""

from __future__ import annotations

from b2bua.calls.announce import announce, announcement_of
from b2bua.calls.call import Call, CallState
from b2bua.calls.caller import Caller, receive_caller
from b2bua.calls.menu import begins_secret
from b2bua.calls.negotiation import SdpError
from b2bua.calls.ports import CallEnd, CallPorts, InboundLeg, MediaUnavailable
from b2bua.calls.route import admit, decide_route
from b2bua.calls.serve import serve
from domain.outcomes import VERDICTS, HungUpBy, Outcome
from domain.snapshot import AnswerPolicy, NumberPlan


async def answer_call(call: Call, leg: InboundLeg, ports: CallPorts) -> CallEnd:
    """Serve a call that was let in, from its INVITE to the verdict.

    Ending legs and media is left to who runs the flow (``calls.switchboard``), also when the caller gives
    up and this coroutine is cancelled wherever it waits.
    """
    plan = call.plan
    assert plan is not None
    decision = decide_route(call, ports)
    if decision.refusal is not None:
        call.records = False
        return await turn_away(call, leg, decision.refusal, ports)
    try:
        caller = await receive_caller(call, leg, ports, record=call.records)
        caller.settle()
        # Some key their PIN while they are greeted.
        caller.keypad.secret = decision.needs_pin or begins_secret(call, decision.to)
        if _answers_at_once(plan, call.records):
            await caller.answer()
            await greet(call, caller, plan)
        goal = await admit(call, caller, decision, ports)
        return goal if isinstance(goal, CallEnd) else await serve(call, caller, goal, ports)
    except SdpError:  # in his offer, or in his answer to our late one
        return _by_box(Outcome.NO_COMMON_CODEC)
    except MediaUnavailable:
        return _by_box(Outcome.OVER_BOX_LIMIT)


def _answers_at_once(plan: NumberPlan, records: bool) -> bool:
    has_prompt = plan.welcome is not None or (records and plan.recording_notice is not None)
    return has_prompt or plan.answer is AnswerPolicy.AT_ONCE


async def greet(call: Call, caller: Caller, plan: NumberPlan) -> None:
    """Play the recording notice and the welcome; keys pressed meanwhile go to the journal."""
    call.state = CallState.WELCOME
    caller.listen_for_keys(True)
    if call.records and plan.recording_notice is not None:
        call.step("notice")
        await caller.say((plan.recording_notice,))
    if plan.welcome is not None:
        call.step("welcome")
        await caller.say((plan.welcome,))
    caller.listen_for_keys(False)


async def turn_away(
    call: Call, leg: InboundLeg, outcome: Outcome, ports: CallPorts, *, tell: bool = True
) -> CallEnd:
    """Refuse a call that was not let in; ``tell``: after an announcement in early media where one fits."""
    name = VERDICTS[outcome].announcement or ""
    if leg.invitation.offer is not None and announcement_of(call, outcome, ports) is not None:
        if not tell:
            call.step("no-announcement", name)
            return _by_box(outcome)
        try:
            caller = await receive_caller(call, leg, ports, record=False)
            await announce(call, caller, outcome, ports)
        except (SdpError, MediaUnavailable):
            call.step("no-announcement", name)
    return _by_box(outcome)


def _by_box(outcome: Outcome) -> CallEnd:
    return CallEnd(outcome=outcome, by=HungUpBy.BOX)
