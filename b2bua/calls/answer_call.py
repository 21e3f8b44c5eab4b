"""Answer a call to a 400 number: greet the caller, ring the bound numbers, bridge
(docs/call-flows/answer-call.md)."""

from __future__ import annotations

from b2bua.calls.call import Call, CallState
from b2bua.calls.caller import Caller, receive_caller
from b2bua.calls.converse import converse
from b2bua.calls.hunt import NotReached, hunt
from b2bua.calls.negotiation import SdpError
from b2bua.calls.ports import CallEnd, CallPorts, InboundLeg, MediaUnavailable
from domain.outcomes import VERDICTS, HungUpBy, Outcome
from domain.snapshot import AnswerPolicy, NumberPlan


async def answer_call(call: Call, leg: InboundLeg, ports: CallPorts) -> CallEnd:
    """Serve a call that was let in, from its INVITE to the verdict.

    Ending legs and media is left to who runs the flow (``calls.switchboard``), also when the caller gives
    up and this coroutine is cancelled wherever it waits.
    """
    plan = call.plan
    assert plan is not None
    try:
        caller = await receive_caller(call, leg, ports, record=call.records)
        caller.settle()
        if _answers_at_once(plan, call.records):
            await caller.answer()
            await greet(call, caller, plan)
        start_ringback(call, caller, plan)
        callee = await hunt(call, caller, plan, ports)
        return await converse(call, caller, callee, ports)
    except SdpError:  # in his offer, or in his answer to our late one
        return _by_box(Outcome.NO_COMMON_CODEC)
    except MediaUnavailable:
        return _by_box(Outcome.OVER_BOX_LIMIT)
    except NotReached as failure:
        await announce(call, caller, failure.outcome, ports)
        return _by_box(failure.outcome)


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


def start_ringback(call: Call, caller: Caller, plan: NumberPlan) -> None:
    """Let the caller hear that it rings.

    Answered callers hear it from the box. Others hear the tenant's ringback as early media, and without one
    their own network's tone, started by 180 when the first phone rings.
    """
    call.state = CallState.RINGING
    if caller.answered or (plan.ringback is not None and caller.open_early_media()):
        call.step("ringback")
        caller.hear_ringback(plan.ringback)


async def announce(call: Call, caller: Caller, outcome: Outcome, ports: CallPorts) -> None:
    """Tell the caller why he is not connected: a system prompt where one fits, else busy tone if he was
    answered."""
    call.failed_with = outcome
    verdict = VERDICTS[outcome]
    prompt = ports.directory.box.system_prompts.get(verdict.announcement or "")
    if prompt is not None and caller.open_early_media():
        call.step("announce", verdict.announcement or "")
        await caller.say((prompt,))
    elif caller.answered:
        assert call.plan is not None
        await caller.sound("busy", call.plan.busy_tone_seconds, ports.clock)


async def turn_away(call: Call, leg: InboundLeg, outcome: Outcome, ports: CallPorts) -> CallEnd:
    """Refuse a call that was not let in, after an announcement in early media where one fits."""
    verdict = VERDICTS[outcome]
    if verdict.announcement in ports.directory.box.system_prompts and leg.invitation.offer is not None:
        try:
            caller = await receive_caller(call, leg, ports, record=False)
            await announce(call, caller, outcome, ports)
        except (SdpError, MediaUnavailable):
            call.step("no-announcement", verdict.announcement or "")
    return _by_box(outcome)


def _by_box(outcome: Outcome) -> CallEnd:
    return CallEnd(outcome=outcome, by=HungUpBy.BOX)
